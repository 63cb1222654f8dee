"""A change of hours says which reservations it touches before it is saved; they stand as they are booked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from reservations.engine import booking
from reservations.engine.errors import Reason
from reservations.models import Brake, Closure, Reservation, Restaurant, Service, SpecialDay
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh, refused
from tests.reservations.waiting import offer, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make.make_staff())
    return client


@pytest.fixture
def venue() -> Restaurant:
    return make.make_venue(tables=(2, 2, 2))


def page_of(row: Any, page: str = "change") -> str:
    return reverse(f"admin:reservations_{row._meta.model_name}_{page}", args=(row.pk,))


def typed(service: Service, **fields: Any) -> dict[str, Any]:
    """Return the service's form as it is, with some fields typed anew."""
    inline = {f"turn_times-{name}": value for name, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))}
    return {
        "name": service.name,
        "weekdays": list(range(7)),
        "first_seating": f"{service.first_seating:%H:%M}",
        "last_seating": f"{service.last_seating:%H:%M}",
        "interval_minutes": service.interval_minutes,
        "lead_days_before": 0,
        "cutoff_days_before": 0,
        **inline,
        **fields,
    }


def shown(page: str) -> str:
    """Return by which name the page confirms what it has shown."""
    return page.split('name="previewed" value="')[1].split('"')[0]


def test_later_hours_list_who_is_outside_then_and_are_saved_by_a_second_step(staff: Client, venue: Restaurant) -> None:
    early, late = (make.make_reservation(venue, at=dt.time(hour)) for hour in (18, 21))
    service = venue.services.get()
    fields = typed(service, first_seating="19:00", max_covers=40)
    page = staff.post(page_of(service), fields).content.decode()
    assert "This change touches 2 reservations" in page
    assert "1 of them is then outside the hours." in page
    for row in (early, late):
        assert page_of(row) in page
    service.refresh_from_db()
    assert service.first_seating == dt.time(18)
    response = staff.post(page_of(service), fields | {"previewed": shown(page)}, follow=True)
    assert "was changed successfully" in response.content.decode()
    service.refresh_from_db()
    assert (service.first_seating, service.max_covers) == (dt.time(19), 40)
    early.refresh_from_db()
    assert early.status == Reservation.Status.CONFIRMED


def test_every_field_goes_along_to_the_second_step(staff: Client, venue: Restaurant) -> None:
    make.make_reservation(venue)
    service = venue.services.get()
    page = staff.post(page_of(service), typed(service, name='<b>"Late"</b>', weekdays=[5, 6])).content.decode()
    assert 'name="weekdays" value="5"' in page
    assert 'name="weekdays" value="6"' in page
    assert 'value="&lt;b&gt;&quot;Late&quot;&lt;/b&gt;"' in page


def test_who_books_meanwhile_is_shown_before_anything_is_saved(staff: Client, venue: Restaurant) -> None:
    make.make_reservation(venue)
    service = venue.services.get()
    fields = typed(service, last_seating="20:00")
    page = staff.post(page_of(service), fields).content.decode()
    make.make_reservation(venue)
    page = staff.post(page_of(service), fields | {"previewed": shown(page)}).content.decode()
    assert "This change touches 2 reservations" in page
    assert "Other reservations are touched than were shown." in page
    assert staff.post(page_of(service), fields | {"previewed": shown(page)}).status_code == 302


def test_what_touches_nobody_is_saved_at_once(staff: Client, venue: Restaurant) -> None:
    service = venue.services.get()
    assert staff.post(page_of(service), typed(service, last_seating="20:00")).status_code == 302
    make.make_reservation(venue)
    service.refresh_from_db()
    # Nothing is changed.
    assert staff.post(page_of(service), typed(service)).status_code == 302
    # What can't be saved is said on the form, as ever.
    page = staff.post(page_of(service), typed(service, first_seating="18:10")).content.decode()
    assert "Use a quarter of an hour" in page
    assert "This change touches" not in page


def test_a_special_day_shows_the_reservations_of_its_date_and_of_the_one_it_leaves(
    staff: Client, venue: Restaurant
) -> None:
    date = make.days_ahead(venue)
    booked = make.make_reservation(venue)
    other = make.make_reservation(venue, date=date + dt.timedelta(days=1))
    inline = {"services-TOTAL_FORMS": 0, "services-INITIAL_FORMS": 0}
    fields = {"date": date.isoformat(), "name": "Party", "is_closed": "on", "hours": "", **inline}
    address = f"{reverse('admin:reservations_specialday_add')}?restaurant={venue.pk}"
    page = staff.post(address, fields).content.decode()
    assert "This change touches 1 reservation" in page
    assert "outside the hours" in page
    assert page_of(booked) in page
    assert not SpecialDay.objects.exists()
    page = staff.post(address, fields | {"previewed": shown(page)}, follow=True).content.decode()
    assert "Closing does not cancel it" in page
    day = SpecialDay.objects.get()
    moved = fields | {"date": other.service_date.isoformat()}
    page = staff.post(page_of(day), moved).content.decode()
    assert "This change touches 2 reservations" in page
    assert "1 of them is then outside the hours." in page


def test_a_special_day_that_closes_gives_back_what_is_held(staff: Client, venue: Restaurant) -> None:
    booked = make.make_reservation(venue)
    hold, other = make.make_hold(venue), make.make_hold(venue, date=make.days_ahead(venue, 8))
    make.make_hold(venue)
    entry = make.make_entry(venue)
    booking.cancel(reservation=booked, by_guest=True)
    held = offer(entry)
    inline = {"services-TOTAL_FORMS": 0, "services-INITIAL_FORMS": 0}
    fields = {"date": hold.service_date.isoformat(), "name": "Party", "is_closed": "on", "hours": "", **inline}
    address = f"{reverse('admin:reservations_specialday_add')}?restaurant={venue.pk}"
    assert staff.post(address, fields).status_code == 302
    assert [fresh(one).status for one in (hold, held, other)] == ["released", "released", "held"]
    assert status(entry) == "lapsed"
    with refused(Reason.HOLD_LAPSED):
        booking.confirm(reservation=fresh(hold), details=make.make_details())
    assert broken(venue.pk) == {}
    assert chains_broken(venue) == []


def test_the_page_of_deleting_names_who_is_touched(staff: Client, venue: Restaurant) -> None:
    booked = make.make_reservation(venue)
    service = venue.services.get()
    Brake.objects.create(restaurant=venue, service_date=booked.service_date, service=service, ends_at=booked.starts_at)
    closure = make.make_closure(venue, booked.service_date)
    for row in (service, closure):
        page = staff.get(page_of(row, "delete")).content.decode()
        assert "This change touches 1 reservation" in page
        assert page_of(booked) in page
    assert staff.post(page_of(closure, "delete"), {"post": "yes"}).status_code == 302
    assert staff.post(page_of(service, "delete"), {"post": "yes"}).status_code == 302
    assert not Service.objects.exists()
    assert not Closure.objects.exists()
    booked.refresh_from_db()
    assert (booked.status, booked.service_name) == (Reservation.Status.CONFIRMED, "Dinner")
