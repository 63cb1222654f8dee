"""On a day that sells, no look precedes the lock; where nothing is left, looks alone refuse."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reservations.engine import selling
from reservations.models import Refusal, Reservation
from tests import factories as make
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db(transaction=True)

ONE_TIME = {"first_seating": dt.time(19), "last_seating": dt.time(19)}


def press(diner: Diner) -> tuple[int, int, int]:
    """Press the evening's time without a page before; return the status, and how often was looked and locked."""
    date = make.days_ahead(diner.restaurant)
    start = make.utc(diner.restaurant, date, dt.time(19))
    sent = {"key": "a-key-of-the-form", "date": date.isoformat(), "party": "2", "area": "", "start": start.isoformat()}
    with CaptureQueriesContext(connection) as asked:
        response = diner.client.post(f"{diner.base}/hold/", sent)
    texts = [query["sql"] for query in asked]
    looks = sum('UPDATE "reservations_serviceday"' not in text and "serviceday" in text for text in texts)
    return response.status_code, looks, sum('UPDATE "reservations_serviceday"' in text for text in texts)


def test_looks_are_left_out_as_long_as_tables_are_sold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selling, "SECONDS", 60.0)
    selling._sold.clear()
    place = make.make_venue(tables=(2, 2, 2), service=ONE_TIME, takes_waitlist=False)
    answers = [press(Diner(place)) for _number in range(5)]
    assert [status for status, *_rest in answers] == [302, 302, 302, 409, 409]
    # The first has to look, and the one who finds nothing left under the lock was the last to go there.
    assert [looks > 1 for _status, looks, _locks in answers[:1]] == [True]
    assert [locks for *_rest, locks in answers[1:]] == [1, 1, 1, 0]
    assert Reservation.objects.filter(status="held").count() == 3
    assert Refusal.objects.count() == 2


def test_a_sale_of_long_ago_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    day = (1, dt.date(2027, 6, 20))
    selling.sold(day)
    assert selling.sells(day)
    assert not selling.sells((2, day[1]))
    monkeypatch.setattr(selling, "SECONDS", 0.0)
    assert not selling.sells(day)
    monkeypatch.setattr(selling, "SECONDS", 60.0)
    selling.refused(day)
    assert not selling.sells(day)
