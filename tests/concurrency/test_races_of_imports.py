"""Several pages, and the command, run one import at once, while diners book: each row is brought over once."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

import pytest

from reservations.engine import bringing
from reservations.history.trail import COMMAND
from reservations.importing.bookings import batches, running
from reservations.models import BookingImport, ImportRow, Reservation
from tests.concurrency.crew import Crew, holder
from tests.concurrency.invariants import broken
from tests.factories import days_ahead, make_venue, make_wish

pytestmark = pytest.mark.concurrency

ROWS, RUNNERS, DINERS = 12, 4, 4


def begin(restaurant: Any, rows: int = ROWS) -> BookingImport:
    date = days_ahead(restaurant)
    told = (f"{date},19:00,2,Guest {number},guest{number % 3}@example.org,{number}" for number in range(rows))
    lines = ["date,time,party,name,email,id", *told]
    batch = batches.begin(restaurant=restaurant, file_name="x.csv", data="\n".join(lines).encode(), user=None)
    assert batches.start(batch)
    return batch


def run_all(crew: Crew, batch: BookingImport) -> None:
    crew.race(
        [lambda: running.run(BookingImport.objects.get(pk=batch.pk), by=COMMAND, user=None, seconds=30)] * RUNNERS
    )


def test_each_row_is_brought_over_once_whoever_runs_it(crew: Crew) -> None:
    restaurant = make_venue(tables=[2] * (ROWS - 2))
    batch = begin(restaurant)
    wish = make_wish(restaurant)
    works: list[Any] = [holder(wish, number) for number in range(DINERS)]
    works += [lambda: running.run(BookingImport.objects.get(pk=batch.pk), by=COMMAND, user=None, seconds=30)] * RUNNERS
    crew.race(works)
    counts = Counter(batch.rows.values_list("status", flat=True))
    brought = Reservation.objects.filter(source=Reservation.Source.IMPORT)
    assert counts["placed"] == brought.count()
    assert counts["placed"] + counts["refused"] == ROWS
    assert counts["refused"] >= 2
    assert brought.values("name").distinct().count() == brought.count()
    assert set(batch.rows.filter(status="placed").values_list("reservation", flat=True)) == set(
        brought.values_list("pk", flat=True)
    )
    assert broken(restaurant.pk) == {}


def test_without_the_row_in_the_key_the_same_race_books_twice(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bringing.bring_booking

    def unbound(**told: Any) -> Any:
        return real(**{**told, "key": secrets.token_hex(8)})

    monkeypatch.setattr(running, "bring_booking", unbound)
    for _time in range(5):
        restaurant = make_venue(tables=[2] * (ROWS * RUNNERS))
        run_all(crew, begin(restaurant))
        if Reservation.objects.filter(restaurant=restaurant).count() > ROWS:
            return
    pytest.fail("nobody met: the race shows nothing")


def test_two_files_with_the_same_rows_bring_them_once(crew: Crew) -> None:
    restaurant = make_venue(tables=[2] * (ROWS * 2))
    one, two = begin(restaurant), begin(restaurant)
    crew.race(
        [
            lambda batch=batch: running.run(batch, by=COMMAND, user=None, seconds=30)  # type: ignore[misc]
            for batch in (one, two)
        ]
    )
    assert Reservation.objects.filter(restaurant=restaurant).count() == ROWS
    assert not ImportRow.objects.filter(status="waiting").exists()
