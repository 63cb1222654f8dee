"""What is told of slow statements, of bookings, of the job loop, and whose ids are believed."""

from __future__ import annotations

import datetime as dt
import logging
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from reservations.jobs import loop
from reservations.jobs.table import JOBS, SEND, Job
from reservations.models import JobBeat
from restaurant_site.observing import exposing, lines, metrics, statements
from restaurant_site.observing.fleet import Known
from restaurant_site.observing.ids import request_id
from tests.conftest import free_port
from tests.site.observing.reading import samples, summed
from tests.wire import Wire

GIVEN = "0af7651916cd43dd8448eb211c80319c"
TRACE = f"00-{GIVEN}-b7ad6b7169203331-01"
TOKEN = "m7Qz" * 5


@pytest.mark.parametrize(
    ("hops", "sent", "is_believed"),
    [
        (1, {"HTTP_X_REQUEST_ID": GIVEN, "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
        (1, {"HTTP_X_REQUEST_ID": GIVEN.upper(), "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
        (1, {"HTTP_TRACEPARENT": TRACE, "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
        (1, {"HTTP_X_REQUEST_ID": GIVEN}, False),
        (2, {"HTTP_X_REQUEST_ID": GIVEN, "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, False),
        (0, {"HTTP_X_REQUEST_ID": GIVEN, "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, False),
        (0, {"HTTP_TRACEPARENT": TRACE, "HTTP_BAGGAGE": "a=b"}, False),
        (1, {"HTTP_X_REQUEST_ID": GIVEN + "\n{", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, False),
        (1, {"HTTP_X_REQUEST_ID": "+49 30 1234567", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, False),
        (1, {"HTTP_TRACEPARENT": f"00-{'0' * 32}-b7ad6b7169203331-01", "HTTP_X_FORWARDED_FOR": "::1"}, False),
    ],
)
def test_whose_id_is_believed(settings: Settings, hops: int, sent: dict[str, str], is_believed: bool) -> None:
    settings.TRUSTED_HOPS = hops
    environ: dict[str, Any] = dict(sent)
    assert (request_id(environ) == GIVEN) is is_believed
    # What is not believed goes no further either.
    assert ("HTTP_TRACEPARENT" in environ) <= is_believed


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 'Max' , 12.5, %s", "SELECT ?, ?, %s"),
        ("SELECT 1 WHERE a IN (%s, %s,\n %s)", "SELECT ? WHERE a IN (…)"),
        ("UPDATE \"t1\" SET \"note\" = 'it''s Max'", 'UPDATE "t1" SET "note" = ?'),
        ("SELECT " + "column, " * 40 + "last FROM t WHERE x = %s", "SELECT … FROM t WHERE x = %s"),
    ],
)
def test_a_shape_has_no_values(sql: str, told: str) -> None:
    assert statements.shape(sql).replace(" ,", ",") == told


@pytest.mark.django_db
@pytest.mark.postgresql("it sleeps for a moment")
def test_a_slow_statement_is_told_with_its_page(
    settings: Settings, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    # All of them, then none.
    settings.SLOW_QUERY_MS = 0
    client.get("/readyz")
    assert not caplog.records
    settings.SLOW_QUERY_MS = 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.01), 'of-a-person', %s", ["typed"])
    (told,) = [record.getMessage() for record in caplog.records if record.name == "restaurant_site.slow"]
    assert "SELECT pg_sleep(?), ?, %s" in told
    assert "typed" not in told


def test_a_job_has_an_id_and_is_counted(caplog: pytest.LogCaptureFixture, db: None) -> None:
    ids: list[str] = []

    def fail() -> int:
        ids.append(lines.id_of(logging.LogRecord("x", logging.INFO, "", 1, "", (), None)))
        raise DatabaseError("of a person")

    def count() -> float:
        return float(metrics.JOB_RUNS.labels("odd", "failed")._value.get())

    before = count()
    assert [ran.name for ran in loop.run_once([Job("odd", fail, 1)] * 2)] == ["odd", "odd"]
    assert count() == before + 2
    assert len(set(ids)) == 2
    assert all(len(id_) == 32 for id_ in ids)


@pytest.mark.django_db(transaction=True)
def test_the_job_loops_metrics_are_served_to_the_token_alone(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    port = free_port()
    server = exposing.serve(("127.0.0.1", port))
    try:
        wire = Wire(f"http://127.0.0.1:{port}")
        assert wire.get("/metrics").status == 404
        assert wire.get("/", Authorization=f"Bearer {TOKEN}").status == 404
        answer = wire.get("/metrics", Authorization=f"Bearer {TOKEN}")
        assert answer.status == 200
        assert summed(samples(answer.body.decode()), "site_database_up") == 1
        assert "Python" not in str(answer.headers)
        with pytest.raises(OSError, match="in use"):
            exposing.serve(("127.0.0.1", port))
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_host_no_https_and_no_session(
    settings: Settings, client: Client, method: str, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = getattr(client, method)(path, headers={"host": "169.254.1.2"})
    assert answer.status_code == 200
    assert not answer.cookies


def test_without_the_database_the_report_blames_the_database_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restaurant_site.management.commands.site_report.known", lambda: Known(is_up=False))
    out = StringIO()
    with pytest.raises(CommandError, match=r"^Needs somebody: database\."):
        call_command("site_report", stdout=out)
    assert "Redis" not in out.getvalue()


@pytest.mark.django_db
def test_the_report_says_what_needs_somebody() -> None:
    JobBeat.objects.all().delete()
    with pytest.raises(CommandError, match="job: send messages"):
        call_command("site_report", stdout=StringIO())
    for job in JOBS:
        JobBeat.objects.create(name=job.name, ran_at=timezone.now())
    out = StringIO()
    call_command("site_report", stdout=out)
    assert "LOOK" not in out.getvalue()
    JobBeat.objects.filter(name=SEND).update(ran_at=timezone.now() - dt.timedelta(minutes=5))
    with pytest.raises(CommandError, match=r"^Needs somebody: job: send messages\."):
        call_command("site_report", stdout=StringIO())
