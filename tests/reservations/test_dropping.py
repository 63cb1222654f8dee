"""A bar that is dropped on another table or time: done by the write rules, or refused with the reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.admin.pages import seen_of
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, Table, TableClaim, User
from tests.concurrency.invariants import broken
from tests.factories import days_ahead, make_seated, make_staff, make_venue, make_wish, utc
from tests.reservations.evening import make_house, make_party, of_restaurant, tables_of
from tests.reservations.rows import snapshot

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def venue() -> Restaurant:
    """Tables T1 to T4 for 2, 2, 4 and 6, with at most 6 covers at one time."""
    restaurant = make_venue(tables=(2, 2, 4, 6), service={"max_covers": 6})
    for number, table in enumerate(tables_of(restaurant), 1):
        Table.objects.filter(pk=table.pk).update(name=f"T{number}")
    return restaurant


def party(restaurant: Restaurant, *tables: int, at: dt.time = dt.time(19), size: int = 2, **fields: Any) -> Reservation:
    own = [tables_of(restaurant)[number - 1] for number in tables]
    wish = make_wish(restaurant, at=at, party=size)
    return make_seated(restaurant, own, wish, service=restaurant.services.get(), **fields)


def drop(client: Client, row: Reservation, old: int, new: int, at: dt.time | None = None, **fields: Any) -> Any:
    tables = tables_of(row.restaurant)
    data = {
        "reservation": row.pk,
        "seen": seen_of(row),
        "table": tables[old - 1].pk,
        "to": tables[new - 1].pk,
        **({"start": int(utc(row.restaurant, row.service_date, at).timestamp())} if at else {}),
        **fields,
    }
    return client.post(of_restaurant(row.restaurant, "drop"), data)


def state(row: Reservation) -> tuple[list[str], str]:
    row = Reservation.objects.select_related("restaurant").get(pk=row.pk)
    names = dict(Table.objects.values_list("pk", "name"))
    assert {claim.table_id for claim in TableClaim.objects.filter(reservation=row)} == set(row.table_ids)
    assert broken(row.restaurant_id) == {}
    return sorted(names[pk] for pk in row.table_ids), f"{row.local_start:%H:%M}"


def test_another_table_another_time_and_both_at_once(staff: Client, user: User, venue: Restaurant) -> None:
    row = party(venue, 1)
    answer = drop(staff, row, 1, 2)
    assert (answer.status_code, answer.json()["done"]) == (200, True)
    assert "is now at T2, 19:00" in answer.json()["text"]
    row.refresh_from_db()
    assert drop(staff, row, 2, 2, dt.time(20)).json()["done"]
    assert state(row) == (["T2"], "20:00")
    # Nobody is told unless that is ticked.
    assert not Message.objects.filter(kind="change").exists()
    row.refresh_from_db()
    assert drop(staff, row, 2, 3, dt.time(18, 30), tell="on").json()["done"]
    assert state(row) == (["T3"], "18:30")
    assert Message.objects.filter(kind="change").exists()
    kinds = list(HistoryEvent.objects.filter(subject="reservation").order_by("pk").values_list("kind", "user_number"))
    assert kinds == [("moved", user.pk), ("changed", user.pk), ("changed", user.pk)]
    assert user.logentry_set.count() == 3


def test_a_taken_table_refuses_and_says_who_has_it(staff: Client, venue: Restaurant) -> None:
    row = party(venue, 1)
    other = party(venue, 2, name="Bob Before")
    before = snapshot(row)
    for at, since in ((None, "19:00"), (dt.time(19, 30), "19:30")):
        answer = drop(staff, row, 1, 2, at)
        assert (answer.status_code, answer.json()["done"]) == (409, False)
        assert f"T2 is taken: {since} {other.local_start:%Z}, {other.reference} Bob Before." in answer.json()["text"]
        assert "Now: confirmed" in answer.json()["text"]
    assert snapshot(row) == before


def test_reasons_of_the_rules_are_shown(staff: Client, venue: Restaurant) -> None:
    row = party(venue, 3, size=4)
    for number, at, text in (
        (1, None, "together they must seat the party"),
        (1, dt.time(20), "together they must seat the party"),
        (3, dt.time(19, 15), "No service seats guests at this time."),
        (3, dt.time(11), "No service seats guests at this time."),
    ):
        answer = drop(staff, row, 3, number, at)
        assert answer.status_code == 409
        assert text in answer.json()["text"]
    assert state(row) == (["T3"], "19:00")


def test_pacing_may_be_exceeded_with_a_reason(staff: Client, user: User, venue: Restaurant) -> None:
    row = party(venue, 3, size=4)
    party(venue, 4, at=dt.time(20), size=5)
    answer = drop(staff, row, 3, 3, dt.time(20))
    assert (answer.status_code, answer.json()["exceed"]) == (409, True)
    answer = drop(staff, row, 3, 3, dt.time(20), pacing_reason="  The owner's\n friends ")
    assert answer.json()["done"]
    row.refresh_from_db()
    assert (row.pacing_exceeded_by, row.pacing_reason) == (user, "The owner's friends")


def test_a_stale_board_is_told_so(staff: Client, venue: Restaurant) -> None:
    row = party(venue, 1)
    stale = Reservation.objects.select_related("restaurant").get(pk=row.pk)
    assert drop(staff, row, 1, 2).json()["done"]
    for old in (1, 2):
        answer = drop(staff, stale, old, 3, dt.time(20))
        assert answer.status_code == 409
        assert "Somebody has changed it meanwhile" in answer.json()["text"]
        assert "T2" in answer.json()["text"]
    # Without what was seen, the table that it was taken from still has to be its own.
    assert drop(staff, stale, 1, 3, seen="").status_code == 409
    assert state(row) == (["T2"], "19:00")
    # Who has come, or sits, meanwhile is at the same tables and time, and stays there too.
    for changed, now in (({"arrived_at": timezone.now()}, "confirmed, arrived"), ({"status": Status.SEATED}, "seated")):
        stale = Reservation.objects.select_related("restaurant").get(pk=row.pk)
        Reservation.objects.filter(pk=row.pk).update(**changed)
        answer = drop(staff, stale, 2, 3)
        assert answer.status_code == 409
        assert f"Now: {now}, " in answer.json()["text"]
    assert state(row) == (["T2"], "19:00")


def test_of_a_combination_one_table_is_exchanged_and_two_become_one(staff: Client, venue: Restaurant) -> None:
    row = party(venue, 1, 3, size=5)
    assert drop(staff, row, 1, 2).json()["done"]
    assert state(row) == (["T2", "T3"], "19:00")
    row.refresh_from_db()
    assert drop(staff, row, 2, 4).json()["done"]
    row.refresh_from_db()
    assert drop(staff, row, 3, 4).json()["done"]
    assert state(row) == (["T4"], "19:00")


def test_who_sits_changes_tables_but_not_the_time(staff: Client) -> None:
    house = make_house(tables=(2, 2))
    row = make_party(house, 1, starts=-30, status=Status.SEATED)
    later = int((timezone.now() + dt.timedelta(hours=1)).timestamp())
    answer = drop(staff, row, 1, 2, start=later)
    assert answer.status_code == 409
    assert "its time can't" in answer.json()["text"]
    assert drop(staff, row, 1, 2).json()["done"]
    assert state(row)[0] == ["T2"]


def test_what_nobody_would_send_is_refused(staff: Client, venue: Restaurant) -> None:
    row = party(venue, 1)
    elsewhere = party(make_venue(tables=(2,)), 1)
    address = of_restaurant(venue, "drop")
    good = {"reservation": row.pk, "table": tables_of(venue)[0].pk, "to": tables_of(venue)[1].pk}
    assert staff.get(address).status_code == 405
    for reservation in ("", "x", "\0", "9" * 30, "-1", elsewhere.pk):
        assert staff.post(address, {**good, "reservation": reservation}).status_code == 404
    for to in ("", "x", "\0", "9" * 18, elsewhere.table_ids[0]):
        assert staff.post(address, {**good, "to": to}).status_code == 409
        assert staff.post(address, {**good, "to": to, "start": "1900000800"}).status_code == 409
    assert staff.post(address, {**good, "pacing_reason": "\0" * 500, "start": "x" * 50}).status_code == 200
    assert days_ahead(venue) == row.service_date


# --- Pages that begin at a table ------------------------------------------------


def test_a_walk_in_sits_at_the_table_that_was_pointed_at(staff: Client) -> None:
    house = make_house(tables=(2, 4))
    one, two = tables_of(house)
    back = of_restaurant(house, "timeline")
    address = f"{of_restaurant(house, 'walk_in')}?table={two.pk}&start=1&back={back}"
    form = staff.get(address).context["form"]
    assert form["table"].value() == two.pk
    data = {"party_size": 2, "table": two.pk, "key": form["key"].value()}
    response = staff.post(address, data)
    assert (response.status_code, response["Location"]) == (302, back)
    assert Reservation.objects.get().table_ids == [two.pk]
    # Taken now: what is free is offered instead.
    response = staff.post(address, {**data, "key": "another"})
    assert [place.table_ids for place in response.context["places"]] == [(one.pk,)]
    for bad in ("999999", "x", "\0", tables_of(make_venue(tables=(2,)))[0].pk):
        assert staff.get(f"{of_restaurant(house, 'walk_in')}", {"table": "9" * 30}).status_code == 200
        assert staff.post(address, {**data, "table": bad, "key": f"key{bad}"}).status_code == 200
    assert Reservation.objects.count() == 1


def test_a_reservation_is_booked_at_the_table_that_was_pointed_at(staff: Client, venue: Restaurant) -> None:
    three = tables_of(venue)[2]
    wish = make_wish(venue, at=dt.time(19, 30))
    address = f"/admin/reservations/reservation/add/?restaurant={venue.pk}"
    at = int(wish.start.timestamp())
    form = staff.get(f"{address}&table={three.pk}&start={at}").context["form"]
    assert (form["tables"].value(), form["at"].value(), form["date"].value()) == (str(three.pk), at, wish.date)
    data = {"date": str(wish.date), "at": at, "party_size": 2, "name": "Ada", "tables": three.pk, "key": "first"}
    assert staff.post(address, data).status_code == 302
    assert Reservation.objects.get().table_ids == [three.pk]
    response = staff.post(address, {**data, "key": "second", "name": "Bob"})
    assert "These tables are taken then." in response.content.decode()
    assert Reservation.objects.count() == 1


def test_of_a_time_that_comes_twice_the_one_pointed_at_is_booked(staff: Client) -> None:
    service = {"first_seating": dt.time(22), "last_seating": dt.time(4), "interval_minutes": 30}
    restaurant = make_venue(tables=(2,), service=service)
    start = utc(restaurant, dt.date(2027, 10, 31), dt.time(2, 30)) + dt.timedelta(hours=1)
    at = int(start.timestamp())
    address = f"/admin/reservations/reservation/add/?restaurant={restaurant.pk}&start={at}"
    assert staff.get(address).context["form"]["at"].value() == at
    assert staff.post(address, {"date": "2027-10-31", "at": at, "party_size": 2, "name": "Ada"}).status_code == 302
    row = Reservation.objects.get()
    assert (row.starts_at, row.service_date) == (start, dt.date(2027, 10, 30))
