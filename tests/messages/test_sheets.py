"""The day sheet that is mailed before a service: once, whoever runs the jobs, and with what is true when it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db.models import F

from reservations.engine import sheets
from reservations.engine.sheets import mail_sheets
from reservations.messages.sending import send_due
from reservations.models import Message, Restaurant
from tests import clock
from tests import factories as make
from tests.concurrency.crew import Crew

pytestmark = pytest.mark.django_db

TODAY = dt.date(2027, 6, 16)
SEVEN = dt.datetime(2027, 6, 16, 17, tzinfo=dt.UTC)
"""19:00 of a Wednesday in Berlin."""

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(SEVEN - 420 * MINUTE):
        yield


@pytest.fixture
def venue() -> Restaurant:
    """Dinner from 18:00; the sheet is wanted an hour before."""
    return make.make_venue(sheet_minutes=60, email="house@example.org", name="Zur Linde")


def booked(restaurant: Restaurant, **details: Any) -> None:
    told = make.make_details(**{"dietary_needs": "no nuts", "note": "Window", **details})
    make.make_reservation(restaurant, date=TODAY, details=told)


def first_of(restaurant: Restaurant) -> dt.datetime:
    return make.utc(restaurant, TODAY, restaurant.services.get().first_seating)


def test_it_is_mailed_once_before_the_service(venue: Restaurant, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    booked(venue)
    start = first_of(venue)
    with clock.at(start - 61 * MINUTE):
        assert mail_sheets() == 0
    with clock.at(start - 59 * MINUTE):
        assert mail_sheets() == 1
        assert mail_sheets() == 0
        booked(venue, name="Bo Later", dietary_needs="")
        Message.objects.exclude(kind=Message.Kind.STAFF_SHEET).delete()
        send_due()
    (sent,) = mail.outbox
    assert sent.to == ["house@example.org"]
    assert sent.subject == "Day sheet: Zur Linde, Dinner, Wed 16 Jun"
    assert "4 covers, 2 parties" in sent.body
    assert "* no nuts: 19:00, " in sent.body
    assert "Bo Later" in sent.body
    assert f"/admin/reservations/restaurant/{venue.pk}/day/2027-06-16/" in sent.body
    with clock.at(start + MINUTE):
        assert mail_sheets() == 0


@pytest.mark.parametrize("odd", ["off", "nobody to write to", "closed", "begun"])
def test_where_there_is_none_to_send(venue: Restaurant, odd: str) -> None:
    start = first_of(venue)
    if odd == "closed":
        make.make_closure(venue, TODAY)
    if odd == "off":
        Restaurant.objects.update(sheet_minutes=0)
    if odd == "nobody to write to":
        Restaurant.objects.update(email="")
    with clock.at(start + (MINUTE if odd == "begun" else -MINUTE)):
        assert mail_sheets() == 0


def test_a_sheet_that_waited_too_long_is_dropped(venue: Restaurant) -> None:
    start = first_of(venue)
    with clock.at(start - 10 * MINUTE):
        assert mail_sheets() == 1
    with clock.at(start + 180 * MINUTE):
        send_due()
    row = Message.objects.get()
    assert (row.status, row.error) == ("dropped", "The service has begun long ago.")


@pytest.fixture
def crew(transactional_db: None) -> Iterator[Crew]:
    """Three job loops."""
    with Crew(3) as threads:
        yield threads


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_any_number_of_loops_write_it_once(crew: Crew, locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not locked:
        from reservations.engine.locks import state_of

        monkeypatch.setattr(sheets, "take_day", state_of)
    for _round in range(6):
        venue = make.make_venue(sheet_minutes=60, email="house@example.org")
        with clock.at(first_of(venue) - 10 * MINUTE):
            crew.race([mail_sheets] * 3)
        Restaurant.objects.update(sheet_minutes=F("sheet_minutes") * 0)
    counts = [Message.objects.filter(restaurant=venue).count() for venue in Restaurant.objects.all()]
    assert (counts == [1] * 6) is locked
