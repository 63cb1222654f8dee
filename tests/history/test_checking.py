"""`check_history` finds what was changed, also what a chain by itself can't know; `copy_history` fills a copy up."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from reservations.history.chaining import chain_others, copy_events
from reservations.history.trail import digest
from reservations.models import HistoryEvent, HistoryOutbox, Restaurant
from tests.factories import make_restaurant
from tests.history.memory import MemoryStore
from tests.history.rows import DAY, event, happen

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: str, **options: object) -> tuple[str, str]:
    """Run a command; return what it said, and its faults with the reason for which it failed."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(command, stdout=out, stderr=err, **options)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue(), err.getvalue()


def test_a_whole_history_is_said_to_be(place: Restaurant) -> None:
    happen(place, event("held"), event("confirmed"))
    happen(make_restaurant(), event("joined"), date=None)
    happen(make_restaurant(), event("held"), date=DAY + dt.timedelta(days=1))
    chain_others()
    assert run("check_history") == ("The history is whole: 4 events.\n", "")
    assert run("check_history", restaurant=place.slug) == ("The history is whole: 2 events.\n", "")


def test_every_fault_is_told_with_its_restaurant(place: Restaurant) -> None:
    other = make_restaurant()
    happen(place, event("held"), event("confirmed"))
    happen(other, event("held"), date=None)
    chain_others()
    HistoryEvent.objects.update(actor="guest")
    _out, err = run("check_history")
    for fault in (
        f"{place.slug}: chain {DAY}: event 1 is not what was written",
        f"{place.slug}: chain {DAY}: event 2 is not what was written",
        f"{other.slug}: chain other: event 1 is not what was written",
        "3 faults: the history is not what was written.",
    ):
        assert fault in err


def test_the_copy_knows_what_was_cut_off(copy: MemoryStore, place: Restaurant) -> None:
    happen(place, event("held"), event("confirmed"))
    copy_events()
    happen(place, event("late"))
    assert run("check_history") == ("The history is whole: 3 events.\n", "")
    last = HistoryEvent.objects.get(kind="confirmed")
    HistoryEvent.objects.filter(kind__in=("late", "confirmed")).delete()
    assert f"{place.slug}: event number {last.pk} is in the copy alone" in run("check_history")[1]


def test_the_copy_knows_a_chain_that_was_written_anew(copy: MemoryStore, place: Restaurant) -> None:
    [row] = happen(place, event("held"))
    copy_events()
    # Somebody with the code and the database forges a chain that is whole.
    row.kind = "cancelled"
    HistoryEvent.objects.filter(pk=row.pk).update(kind=row.kind, digest=digest("", row))
    _out, err = run("check_history")
    assert f"event number {row.pk} is not what was copied" in err
    assert "1 fault:" in err


def test_a_copy_that_is_away_is_no_verdict(copy: MemoryStore, place: Restaurant) -> None:
    copy.away = True
    assert run("check_history") == ("", "The copy can't be asked: away")
    assert run("copy_history") == ("", "The copy can't be asked: away")


def test_an_unknown_restaurant_is_an_error(place: Restaurant) -> None:
    assert run("check_history", restaurant="nowhere")[1] == "There is no restaurant 'nowhere'."


class TestFillingUp:
    def test_what_happened_before_there_was_a_copy_is_copied(
        self, settings: Settings, copy: MemoryStore, place: Restaurant
    ) -> None:
        settings.HISTORY_COPIED = False
        happen(place, event("held"))
        happen(make_restaurant(), event("joined"), date=None)
        settings.HISTORY_COPIED = True
        happen(place, event("confirmed"))
        assert HistoryOutbox.objects.count() == 1
        assert run("copy_history") == ("Missing: 2. Copied: 3.\n", "")
        assert set(copy.kept) == set(HistoryEvent.objects.values_list("pk", flat=True))
        assert run("copy_history") == ("Missing: 0. Copied: 0.\n", "")

    def test_what_has_outlived_its_time_is_not(self, settings: Settings, copy: MemoryStore, place: Restaurant) -> None:
        settings.COSMOS_TTL_DAYS = 30
        happen(place, event("old"), now=timezone.now() - dt.timedelta(days=31))
        happen(place, event("new"), now=timezone.now() - dt.timedelta(days=29))
        HistoryOutbox.objects.all().delete()
        assert run("copy_history")[0] == "Missing: 1. Copied: 1.\n"
        assert [one.kind for one in copy.kept.values()] == ["new"]

    def test_what_can_t_be_copied_is_told(self, copy: MemoryStore, place: Restaurant) -> None:
        [row] = happen(place, event())
        copy.refuses = {row.pk}
        assert "1 still wait: the log says why." in run("copy_history")[1]

    def test_without_a_copy_it_is_refused(self, place: Restaurant) -> None:
        assert run("copy_history")[1] == "The history is not copied (COSMOS_URL is empty)."
