"""The brake: one touch stops online booking of tonight, a service, an area or a time; staff book as before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.engine import booking, changing, stopping
from reservations.engine.errors import Reason
from reservations.engine.plan import DayPlan
from reservations.history.trail import COMMAND
from reservations.models import (
    Area,
    Brake,
    HistoryEvent,
    Refusal,
    Reservation,
    Restaurant,
    Service,
    User,
    WaitlistEntry,
)
from reservations.queries.day import day_plan
from tests import factories as make
from tests.reservations.evening import make_house, of_restaurant, signed_in, tonight
from tests.reservations.people import join_list
from tests.reservations.rows import chains_broken, events, refused

pytestmark = pytest.mark.django_db

SEVEN, EIGHT = dt.time(19), dt.time(20)


@pytest.fixture
def venue() -> Restaurant:
    """Lunch and dinner, one table for two in each of two areas."""
    restaurant = make.make_venue(tables=(2,))
    make.make_table(restaurant, area=make.make_area(restaurant, name="Terrace"), seats=2)
    make.make_service(restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14))
    return restaurant


@pytest.fixture
def user() -> User:
    return make.make_staff(name="Hanna Host")


def stop(restaurant: Restaurant, user: User | None = None, **scope: Any) -> Brake:
    date = scope.pop("date", None) or make.days_ahead(restaurant)
    return stopping.stop(restaurant=restaurant, date=date, user=user or make.make_staff(), by=COMMAND, **scope)


def service(restaurant: Restaurant, name: str) -> Service:
    return restaurant.services.get(name=name)


def area(restaurant: Restaurant, name: str) -> Area:
    return restaurant.areas.get(name=name)


def shown(client: Client, restaurant: Restaurant, party: int = 2, **query: Any) -> dict[str, str | None]:
    """Return what the public page of times says of each: its reason, None where it can be booked."""
    asked: dict[str, Any] = {"date": make.days_ahead(restaurant).isoformat(), "party": party, **query}
    address = reverse("times", kwargs={"slug": restaurant.slug})
    found = client.get(address, asked, headers={"accept": "application/json"}).json()
    return {time["start"][11:16]: time["reason"] for time in found["times"]}


# --- What it stops ---------------------------------------------------------------


def test_everything_of_a_date_is_stopped_online_at_once_and_goes_on_at_once(
    client: Client, venue: Restaurant, user: User
) -> None:
    assert shown(client, venue)["19:00"] is None
    brake = stop(venue, user)
    assert set(shown(client, venue).values()) == {"PAUSED"}
    with refused(Reason.PAUSED):
        make.make_hold(venue)
    refusal = Refusal.objects.get()
    assert (refusal.reason, refusal.source) == ("PAUSED", Reservation.Source.ONLINE)
    # Another date is another evening.
    assert make.make_hold(venue, date=make.days_ahead(venue, 8)).status == Reservation.Status.HELD
    # Staff go on.
    booked = booking.book(wish=make.make_wish(venue), details=make.make_details(), user=user, key="staff")
    assert booked.status == Reservation.Status.CONFIRMED
    assert stopping.resume(brake=brake, by=COMMAND)
    assert shown(client, venue)["19:00"] is None
    assert not stopping.resume(brake=brake, by=COMMAND)


def test_a_diner_reads_that_it_is_paused_and_whom_to_call(client: Client, venue: Restaurant) -> None:
    stop(venue)
    address = reverse("times", kwargs={"slug": venue.slug})
    page = client.get(address, {"date": make.days_ahead(venue).isoformat(), "party": "2"}).content.decode()
    assert "Online booking is paused for this day. Please call the restaurant." in page
    assert venue.phone in page


def test_a_service_or_a_time_is_stopped_alone(client: Client, venue: Restaurant) -> None:
    stop(venue, service_id=service(venue, "Lunch").pk)
    seven = make.utc(venue, make.days_ahead(venue), SEVEN)
    assert stop(venue, slot=seven).ends_at == seven
    found = shown(client, venue)
    assert {time for time, reason in found.items() if reason == "PAUSED"} == {
        *("12:00", "12:30", "13:00", "13:30", "14:00"),
        "19:00",
    }
    with refused(Reason.PAUSED):
        make.make_hold(venue, at=SEVEN)
    assert make.make_hold(venue, at=EIGHT).status == Reservation.Status.HELD


def test_an_area_is_stopped_alone_and_its_tables_are_given_to_no_diner(client: Client, venue: Restaurant) -> None:
    terrace, room = area(venue, "Terrace"), area(venue, "Dining room")
    stop(venue, area_id=room.pk, service_id=service(venue, "Dinner").pk)
    assert shown(client, venue, area=room.pk)["19:00"] == "PAUSED"
    assert shown(client, venue, area=room.pk)["12:00"] is None
    assert make.make_hold(venue).table_ids == [terrace.tables.get().pk]
    # The one table that is left is taken: who calls may get the other.
    assert shown(client, venue)["19:00"] == "TABLES_TAKEN"
    with refused(Reason.PAUSED):
        make.make_hold(venue, area=room)
    stop(venue, area_id=terrace.pk)
    assert shown(client, venue)["19:00"] == "PAUSED"


def test_it_stands_between_what_is_past_and_the_lead_time(client: Client, venue: Restaurant) -> None:
    Restaurant.objects.update(lead_minutes=60 * 24 * 30)
    assert shown(client, venue)["19:00"] == "TOO_LATE"
    stop(venue)
    assert shown(client, venue)["19:00"] == "PAUSED"
    make.make_closure(venue, make.days_ahead(venue))
    with refused(Reason.CLOSED):
        make.make_hold(venue)


def test_it_ends_with_the_service_by_itself(client: Client, venue: Restaurant) -> None:
    lunch = stop(venue, service_id=service(venue, "Lunch").pk)
    assert lunch.ends_at == make.utc(venue, lunch.service_date, dt.time(14))
    assert stop(venue).ends_at == make.utc(venue, lunch.service_date, dt.time(22))
    # Hours that are longer since are free again once it is over.
    Brake.objects.update(ends_at=timezone.now())
    assert shown(client, venue)["12:00"] is None
    assert make.make_hold(venue).status == Reservation.Status.HELD


def test_a_hold_that_saw_the_day_before_the_brake_is_refused_under_the_lock(venue: Restaurant) -> None:
    def early() -> DayPlan:
        seen = day_plan(venue.pk, make.days_ahead(venue), seatings=False)
        stop(venue)
        return seen

    with refused(Reason.PAUSED):
        booking.hold(wish=make.make_wish(venue), browser="b" * 64, key="key", early=early)
    assert not Reservation.objects.exists()


# --- What stands -----------------------------------------------------------------


def test_a_hold_may_be_confirmed_and_a_reservation_kept_or_made_smaller_but_not_larger(venue: Restaurant) -> None:
    make.make_table(venue, seats=4)
    held = make.make_hold(venue, party=2)
    stop(venue)
    booked = booking.confirm(reservation=held, details=make.make_details())
    wish = changing.wish_of(booked)

    def change(**fields: Any) -> bool:
        booked.refresh_from_db()
        return changing.change(reservation=booked, wish=make.make_wish(venue, **fields))

    assert wish.party == 2
    assert change(party=1)
    for fields in ({"party": 2}, {"party": 1, "at": EIGHT}):
        with refused(Reason.PAUSED):
            change(**fields)
    assert change(party=1, date=make.days_ahead(venue, 9))


def test_who_waits_is_offered_nothing_while_it_is_on_and_what_is_free_once_it_is_off(venue: Restaurant) -> None:
    booked = [make.make_reservation(venue) for _table in range(2)]
    entry = join_list(venue)
    brake = stop(venue)
    booking.cancel(reservation=booked[0], by_guest=False)
    entry.refresh_from_db()
    assert entry.status == WaitlistEntry.Status.WAITING
    stopping.resume(brake=brake, by=COMMAND)
    entry.refresh_from_db()
    assert entry.status == WaitlistEntry.Status.OFFERED
    assert chains_broken(venue) == []


def test_nobody_joins_the_waitlist_for_what_is_stopped(venue: Restaurant) -> None:
    stop(venue)
    with refused(Reason.PAUSED):
        join_list(venue)


# --- The rule --------------------------------------------------------------------


def test_once_more_is_the_same_brake_and_the_history_says_who(venue: Restaurant, user: User) -> None:
    first = stop(venue, user)
    assert stop(venue).pk == first.pk
    assert stop(venue, area_id=area(venue, "Terrace").pk).pk != first.pk
    stopping.resume(brake=first, by=COMMAND)
    assert stop(venue).pk != first.pk
    assert events(venue, first.service_date) == ["brake paused", "brake paused", "brake resumed", "brake paused"]
    assert chains_broken(venue) == []
    assert HistoryEvent.objects.filter(subject="brake", subject_number=first.pk).count() == 2


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ({"slot": dt.datetime(2030, 1, 1, 0, 7, tzinfo=dt.UTC)}, Reason.NOT_A_TIME),
        ({"service_id": 2**62}, Reason.NOT_A_TIME),
        ({"area_id": 2**62}, Reason.WRONG_TABLES),
    ],
)
def test_what_is_not_there_is_not_stopped(venue: Restaurant, scope: dict[str, Any], reason: Reason) -> None:
    with refused(reason):
        stop(venue, **scope)
    with refused(Reason.PAST):
        stop(venue, date=make.days_ahead(venue, -2))
    assert not Brake.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_booking_asks_for_brakes_in_no_statement_of_its_own(venue: Restaurant) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            make.make_hold(venue)
        return len(captured)

    make.make_tables(venue, (2,) * 4)
    make.make_hold(venue, at=dt.time(22))
    before = statements()
    for at in (dt.time(20), dt.time(21), dt.time(22)):
        stop(venue, slot=make.utc(venue, make.days_ahead(venue), at))
    assert statements() == before


# --- The page --------------------------------------------------------------------


def press(client: Client, restaurant: Restaurant, **fields: str) -> str:
    address = of_restaurant(restaurant, "brake")
    return client.post(address, {"date": tonight(restaurant).isoformat(), **fields}, follow=True).content.decode()


def test_one_touch_on_the_floor_stops_tonight_and_one_lets_it_go_on(client: Client) -> None:
    house = make_house()
    user = signed_in(client, "view_reservation", "change_reservation")
    user.name = "Hanna Host"
    user.save()
    floor = of_restaurant(house)
    page = client.get(floor).content.decode()
    assert "Stop online booking tonight" in page
    assert "Stop Dinner" in page
    page = press(client, house, stop="day", back=floor)
    brake = Brake.objects.get()
    assert (brake.created_by, brake.service_date, brake.slot) == (user, tonight(house), None)
    assert "Online booking is stopped: everything." in page
    assert "by Hanna Host" in page
    assert "Stop online booking tonight" not in page
    page = press(client, house, resume=str(brake.pk), back=floor)
    assert "Online booking goes on" in page
    assert "Stop online booking tonight" in page
    assert press(client, house, resume=str(brake.pk)).count("Stop online booking tonight") == 1


def test_the_page_stops_a_service_an_area_and_a_time_of_any_date(client: Client, venue: Restaurant) -> None:
    signed_in(client, "change_reservation")
    date = make.days_ahead(venue).isoformat()
    dinner, terrace = service(venue, "Dinner"), area(venue, "Terrace")
    slot = int(make.utc(venue, make.days_ahead(venue), SEVEN).timestamp())
    page = client.get(of_restaurant(venue, "brake"), {"date": date}).content.decode()
    values = (f"service.{dinner.pk}", f"area.{dinner.pk}.{terrace.pk}", f"slot.{slot}")
    for value in reversed(values):
        assert f'value="{value}"' in page
        page = press(client, venue, date=date, stop=value)
        assert f'value="{value}"' not in page
    assert "Terrace (Dinner)" in page
    assert Brake.objects.count() == 3
    assert set(Brake.objects.values_list("service", "area")) == {
        (dinner.pk, None),
        (dinner.pk, terrace.pk),
        (None, None),
    }


@pytest.mark.parametrize("fields", [{"stop": value} for value in ("", "x", "day.1", "slot.999999999999999999", "\x00")])
def test_what_cannot_be_read_stops_nothing(client: Client, venue: Restaurant, fields: dict[str, str]) -> None:
    signed_in(client, "change_reservation")
    for more in ({}, {"date": "9999-99-99"}, {"date": "0001-01-01"}, {"resume": "9" * 30}, {"resume": "-1"}):
        assert "errornote" not in press(client, venue, **fields, **more)
    assert not Brake.objects.exists()


def test_the_page_is_for_who_may_change_reservations_and_stops_nothing_by_get(client: Client) -> None:
    house = make_house()
    signed_in(client, "view_reservation")
    assert client.get(of_restaurant(house, "brake")).status_code == 403
    assert client.post(of_restaurant(house, "brake"), {"stop": "day"}).status_code == 403
    assert "Stop online booking" not in client.get(of_restaurant(house)).content.decode()
    signed_in(client, "change_reservation")
    assert client.get(of_restaurant(house, "brake"), {"stop": "day"}).status_code == 200
    assert client.put(of_restaurant(house, "brake")).status_code == 405
    assert not Brake.objects.exists()


def test_the_explanation_names_the_brake(client: Client, venue: Restaurant) -> None:
    stop(venue)
    client.force_login(make.make_staff())
    asked = {"date": make.days_ahead(venue).isoformat(), "party": "2"}
    page = client.get(reverse("admin:reservations_restaurant_explain", args=(venue.pk,)), asked).content.decode()
    assert "online booking is paused until 22:00" in page
    page = client.get(
        reverse("admin:reservations_restaurant_explain", args=(venue.pk,)), {**asked, "asker": "staff"}
    ).content.decode()
    assert "online booking is paused until 22:00; does not bind staff" in page
    listed = client.get(reverse("admin:reservations_brake_changelist")).content.decode()
    assert "everything" in listed
