"""How the loop takes turns: seldom jobs once for all copies, and no failure that stops the others or quotes a guest."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
from django.utils import timezone

from reservations.jobs import loop
from reservations.jobs.loop import Ran
from reservations.jobs.table import Job
from reservations.models import JobBeat

pytestmark = pytest.mark.django_db(transaction=True)


def failing() -> int:
    raise ValueError("ada@example.org")


def test_a_seldom_job_runs_once_for_all_copies() -> None:
    jobs = [Job("seldom", lambda: 2, 3600), Job("often", lambda: 0, 5)]
    assert list(loop.run_once(jobs)) == [Ran("seldom", 2), Ran("often", 0)]
    assert list(loop.run_once(jobs)) == [Ran("seldom"), Ran("often", 0)]
    JobBeat.objects.update(ran_at=timezone.now() - dt.timedelta(minutes=61))
    assert list(loop.run_once(jobs)) == [Ran("seldom", 2), Ran("often", 0)]


def test_a_job_that_fails_stops_no_other_and_its_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def work() -> int:
        ran.append("after")
        return 1

    with caplog.at_level(logging.INFO):
        loop.run([Job("failing", failing, 1), Job("after", work, 0.1)], lambda: len(ran) > 2)
    assert len(ran) == 3
    assert caplog.text.count("The job 'failing' failed: ValueError at loop.py:") == 1
    assert "ada" not in caplog.text
    assert set(JobBeat.objects.values_list("name", "note")) == {("after", "1")}


def test_beats_are_written_at_most_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    beaten: list[str] = []
    ran: list[int] = []
    monkeypatch.setattr(loop, "beat", lambda name, _note: beaten.append(name))

    def work() -> int:
        ran.append(1)
        return 0

    loop.run([Job("often", work, 0.05)], lambda: len(ran) > 5)
    assert beaten == ["often"]
