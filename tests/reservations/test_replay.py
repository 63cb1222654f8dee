"""`manage.py replay`: a log becomes bookings in its order, whatever is in it, and nothing is overbooked."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import override_settings
from django.utils import timezone

from reservations.engine import booking
from reservations.models import HistoryEvent, Message, Reservation, Restaurant
from reservations.replaying.crew import CrewError, Plan, replay
from reservations.replaying.lines import Line, Outcome, Replayed, days_to_shift
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.conftest import ROOT, database_url

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLE = Path(__file__).parent.parent / "data" / "bookings_sample.csv"
LINES = len(SAMPLE.read_text().splitlines()) - 1
HEADER = "restaurant,reserved_at,visit_at,party"


def counted(text: str, label: str) -> int:
    """Return the number on the line of the report that says this."""
    found = re.search(rf"^\s*([\d,]+)  {re.escape(label)}$", text, re.MULTILINE)
    assert found, text
    return int(found[1].replace(",", ""))


def write(tmp_path: Path, *lines: str, header: str = HEADER) -> str:
    file = tmp_path / "log.csv"
    file.write_text("\n".join([header, *lines, ""]))
    return str(file)


def run(*arguments: str) -> tuple[str, str, str]:
    """Replay in this process; return what was printed, what of lines that can't be used, and how it ended."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("replay", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), ""


def assert_clean(out: str) -> None:
    """Assert that the audit found nothing, apart from a history that the write rules do not write."""
    failed = set(re.findall(r"^FAIL (\S+)", out, re.MULTILINE))
    assert len(re.findall(r"^(?:ok|FAIL) ", out, re.MULTILINE)) == 13
    assert failed <= (set() if HistoryEvent.objects.exists() else {"events"}), out


def in_a_week(hour: int = 19, days: int = 7) -> str:
    """Return a moment without an offset, as a log has it."""
    date = timezone.now().astimezone(ZoneInfo("Europe/Berlin")).date() + dt.timedelta(days=days)
    return f"{date}T{hour:02}:00"


@pytest.mark.parametrize("processes", [1, 4])
def test_a_popular_evening_is_never_overbooked(processes: int) -> None:
    places = [
        make.make_venue(slug=slug, tables=seats, turn_minutes=90, service={"max_covers": 10, "max_online_covers": 8})
        for slug, seats in (("linde", (2, 2, 2, 4, 4)), ("ahorn", (2, 4, 6)), ("eiche", (2, 2, 4)))
    ]
    linde = places[0]
    make.make_combination(linde, list(linde.tables.filter(max_seats=4)))
    done = subprocess.run(
        [sys.executable, "manage.py", "replay", str(SAMPLE), "--processes", str(processes)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url(), "SITE_ENV": "development"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert f"{LINES} bookings to make, 0 lines" in done.stdout, done.stderr
    accepted, refused = counted(done.stdout, "accepted"), counted(done.stdout, "refused")
    assert accepted + refused == LINES
    assert accepted > 20
    assert counted(done.stdout, "  TABLES_TAKEN") + counted(done.stdout, "  PACING_FULL") > 20
    assert counted(done.stdout, "failed") == 0
    assert_clean(done.stdout)
    assert done.returncode == (0 if "FAIL" not in done.stdout else 1)
    assert [broken(place.pk) for place in places] == [{}, {}, {}]
    rows = Reservation.objects.filter(status=Reservation.Status.CONFIRMED)
    assert rows.count() == accepted == Reservation.objects.count()
    # The evening of a Saturday is one of a Saturday again, at the same time of day.
    assert {row.local_start.strftime("%a") for row in rows} == {"Sat"}
    assert {row.local_start.hour for row in rows} <= {18, 19, 20, 21, 22}
    assert all(row.email.endswith("@example.org") for row in rows)


def test_bookings_are_made_in_the_order_of_their_moments(tmp_path: Path) -> None:
    restaurant = make.make_venue(slug="linde", tables=(2,))
    log = write(
        tmp_path,
        f"linde,2026-01-02T12:00:00+00:00,{in_a_week()},1",
        f"linde,2026-01-02T11:59:00Z,{in_a_week()},2",
        # Half past twelve in Berlin is before both.
        f"linde,2026-01-02T12:30,{in_a_week()},2",
    )
    out, _err, _end = run(log, "--shift-days", "0")
    assert counted(out, "accepted") == 1
    assert Reservation.objects.get().name == "Guest 4"
    assert counted(out, "  TABLES_TAKEN") == 2
    assert restaurant.refusals.count() == 2
    # The same log again is other guests' wish, and is refused.
    out, _err, _end = run(log, "--shift-days", "0")
    assert counted(out, "refused") == 3


def test_what_cannot_be_used_is_told_by_its_line_and_nothing_else_is_lost(tmp_path: Path) -> None:
    make.make_venue(slug="linde", tables=(4, 4, 4, 4))
    good = f"linde,2026-01-02T12:00,{in_a_week()},2"
    log = write(
        tmp_path,
        good,
        f"nowhere,2026-01-02T12:00,{in_a_week()},2",
        f"linde,yesterday,{in_a_week()},2",
        "linde,2026-01-02T12:00,2026-02-30T19:00,2",
        f"linde,2026-01-02T12:00,{in_a_week()},two",
        f"linde,2026-01-02T12:00,{in_a_week()},{'9' * 5000}",
        "linde,2026-01-02T12:00,9999-12-31T23:59,2",
        "linde,2026-01-02T12:00",
        f'"linde,2026-01-02T12:00,{in_a_week()},2',
        "",
        good,
    )
    out, err, _end = run(log, "--shift-days", "0")
    assert "2 bookings to make, 8 lines that can't be used." in out
    assert counted(out, "accepted") == 2
    for line, says in (
        (3, "there is no restaurant 'nowhere'"),
        (4, "reserved_at 'yesterday' is not a moment such as"),
        (5, "visit_at '2026-02-30T19:00' is not a moment such as"),
        (6, "party 'two' is not a whole number from 1 to 100"),
        (7, "is not a whole number from 1 to 100"),
        (8, "is not of the years"),
        (9, "it has 2 fields instead of 4"),
        (10, "a quote is opened and never closed"),
    ):
        assert re.search(rf"^line {line}: .*{re.escape(says)}", err, re.MULTILINE), err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty. Its first line should name the columns: restaurant, reserved_at, visit_at, party."),
        ("restaurant,reserved_at,party\nlinde,2026-01-01,2\n", "lacks the column visit_at."),
        (f"{HEADER}\n", "has no line below its first that can be used."),
        (f"{HEADER}\nnowhere,2026-01-02,2026-01-03,2\n", "has no line below its first that can be used."),
    ],
)
def test_a_file_that_is_no_log_gets_one_line(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text(content)
    _out, _err, end = run(str(file))
    assert says in end
    assert "\n" not in end
    assert "There is no file" in run(str(tmp_path / "missing.csv"))[2]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--processes", "0"], "--processes: '0' is not a whole number from 1 to 64."),
        (["--processes", "many"], "--processes: 'many' is not a whole number"),
        (["--pace", "fast"], "--pace: 'fast' is not max and not a number"),
        (["--pace", "nan"], "--pace: 'nan' is not max"),
        (["--pace", "0"], "--pace: '0' is not max"),
        (["--shift-days=-x"], "--shift-days: 'x' is not a whole number"),
    ],
)
def test_bad_options_get_one_line(options: list[str], says: str) -> None:
    make.make_venue(slug="linde")
    assert says in run(str(SAMPLE), *options)[2]


def test_production_is_refused_unless_it_is_said_twice(tmp_path: Path) -> None:
    make.make_venue(slug="linde")
    log = write(tmp_path, f"linde,2026-01-02T12:00,{in_a_week()},2")
    with override_settings(PRODUCTION=True):
        assert "this is production. Nothing was booked." in run(log, "--shift-days", "0")[2]
        assert not Reservation.objects.exists()
        assert counted(run(log, "--shift-days", "0", "--yes")[0], "accepted") == 1


def test_a_log_is_moved_by_whole_weeks_and_keeps_the_time_of_day(tmp_path: Path) -> None:
    now = dt.datetime(2026, 11, 26, 3, tzinfo=dt.UTC)
    for days_ago, shift in ((0, 0), (1, 7), (6, 7), (7, 7), (8, 14), (-1, 0), (-7, -7)):
        assert days_to_shift([line(now - dt.timedelta(days=days_ago))], now) == shift, days_ago
    # Not the first of the file decides but the first that was made, by the restaurant's date.
    assert days_to_shift([line(now), line(dt.datetime(2026, 11, 25, 22, 59, tzinfo=dt.UTC))], now) == 7
    assert days_to_shift([line(now), line(dt.datetime(2026, 11, 25, 23, tzinfo=dt.UTC))], now) == 0
    summer = line(now, visit=dt.datetime(2026, 7, 1, 17, tzinfo=dt.UTC))
    assert summer.start(182).isoformat() == "2026-12-30T19:00:00+01:00"
    make.make_venue(slug="linde")
    out, _err, _end = run(write(tmp_path, "linde,2015-05-17T10:00,2015-05-23T19:00,2"))
    assert re.search(r"moved by [\d,]+ days \([\d,]+ weeks\)", out)
    assert counted(out, "accepted") == 1
    out, _err, _end = run(write(tmp_path, "linde,2015-05-17T10:00,2015-05-23T19:00,2"), "--shift-days", "0")
    assert counted(out, "  PAST") == 1


def line(reserved_at: dt.datetime, visit: dt.datetime | None = None, number: int = 2, restaurant: int = 1) -> Line:
    return Line(number, restaurant, "Europe/Berlin", reserved_at, visit or reserved_at, 2)


def test_after_midnight_belongs_to_the_evening_before(tmp_path: Path) -> None:
    make.make_venue(slug="linde", service={"first_seating": dt.time(20), "last_seating": dt.time(1)})
    assert counted(
        run(write(tmp_path, f"linde,2026-01-02T12:00,{in_a_week(0, 8)},2"), "--shift-days", "0")[0], "accepted"
    )
    assert Reservation.objects.get().service_date.isoformat() == in_a_week()[:10]


def test_a_pace_keeps_the_distances_of_the_log(tmp_path: Path) -> None:
    make.make_venue(slug="linde")
    log = write(
        tmp_path,
        f"linde,2026-01-02T12:00:00,{in_a_week()},2",
        f"linde,2026-01-02T12:01:00,{in_a_week()},2",
    )
    out, _err, _end = run(log, "--shift-days", "0", "--pace", "60")
    seconds = re.search(r"1 process at 60 times the log's pace \((\d+\.\d) s\)", out)
    assert seconds, out
    assert 1.0 <= float(seconds[1]) < 20


def test_an_error_of_the_database_is_told_by_its_line_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.make_venue(slug="linde")
    confirm = booking.confirm

    def failing(**arguments: Any) -> Reservation:
        if arguments["details"].name == "Guest 2":
            raise DatabaseError("the disk is full")
        return confirm(**arguments)

    monkeypatch.setattr("reservations.engine.booking.confirm", failing)
    log = write(tmp_path, *[f"linde,2026-01-02T12:00,{in_a_week(hour)},2" for hour in (18, 19, 20)])
    out, err, end = run(log, "--shift-days", "0")
    assert (counted(out, "accepted"), counted(out, "failed")) == (2, 1)
    assert "line 2: DatabaseError: the disk is full" in err
    assert end == "1 of the bookings failed."


def test_it_ends_as_the_audit_of_the_touched_restaurants_ends(tmp_path: Path) -> None:
    linde, other = make.make_venue(slug="linde"), make.make_venue(slug="other")
    log = write(tmp_path, f"linde,2026-01-02T12:00,{in_a_week()},2")
    about_nothing(other)
    out, _err, end = run(log, "--shift-days", "0")
    assert_clean(out)
    about_nothing(linde)
    _out, _err, end = run(log, "--shift-days", "0")
    assert "messages (1)" in end


def about_nothing(restaurant: Restaurant) -> None:
    now = timezone.now()
    Message.objects.create(restaurant=restaurant, kind=Message.Kind.LINK, due_at=now, created_at=now)


def test_a_process_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "nowhere.settings")
    with pytest.raises(CrewError, match="ended before it was through"):
        replay([line(timezone.now()), line(timezone.now())], Plan(0, None, "run"), 2)


def test_who_kills_the_first_process_has_stopped_the_replay(tmp_path: Path) -> None:
    make.make_venue(slug="linde", tables=(2,) * 40)
    log = write(tmp_path, *[f"linde,2026-01-02T12:00:{second:02},{in_a_week()},2" for second in range(0, 60, 2)])
    with subprocess.Popen(
        [sys.executable, "manage.py", "replay", log, "--shift-days", "0", "--processes", "2", "--pace", "2"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url()},
        stdout=subprocess.PIPE,
    ) as first:
        give_up = time.monotonic() + 60
        while not Reservation.objects.exists() and time.monotonic() < give_up:
            time.sleep(0.1)
        first.kill()
        # The others write to the same pipe, which ends with the last of them.
        killed = time.monotonic()
        assert first.stdout
        first.stdout.read()
        assert time.monotonic() - killed < 10
    assert 0 < Reservation.objects.count() < 30


def test_percentiles_are_of_what_was_measured() -> None:
    outcomes = [Outcome(number, number / 1000) for number in range(1, 101)]
    replayed = Replayed(outcomes, 0, 1.0)
    assert [round(replayed.percentile(share)) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert Replayed([], 0, 0.0).percentile(0.5) == 0
    assert round(Replayed(outcomes[:1], 0, 0.0).percentile(0.99)) == 1
