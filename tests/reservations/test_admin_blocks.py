"""Staff block tables for a time and lift the block again: what is taken is said with who has it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from reservations.models import Block, HistoryEvent, Reservation, Restaurant, TableClaim, User
from tests.factories import days_ahead, make_hold, make_reservation, make_staff, make_table, make_venue, utc
from tests.reservations.evening import signed_in, tables_of

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "admin:reservations_block_changelist"


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def address_of(restaurant: Restaurant) -> str:
    return f"{reverse('admin:reservations_block_add')}?restaurant={restaurant.pk}"


def typed(restaurant: Restaurant, **fields: Any) -> dict[str, Any]:
    """Return what staff type, by default the first table from 19:00 to 21:00 in a week."""
    return {
        "date": days_ahead(restaurant).isoformat(),
        "start": "19:00",
        "end": "21:00",
        "tables": [tables_of(restaurant)[0].pk],
        "reason": "Broken chair 🪑",
        **fields,
    }


def blocked(client: Client, restaurant: Restaurant, **fields: Any) -> str:
    response = client.post(address_of(restaurant), typed(restaurant, **fields), follow=True)
    assert response.status_code == 200
    return response.content.decode()


def change(block: Block) -> str:
    return reverse("admin:reservations_block_change", args=(block.pk,))


def lift(block: Block) -> str:
    return reverse("admin:reservations_block_lift", args=(block.pk,))


def test_tables_are_blocked_and_nobody_can_have_them(staff: Client, user: User) -> None:
    restaurant = make_venue(tables=(2, 2))
    assert "Which restaurant?" in staff.get(reverse("admin:reservations_block_add")).content.decode()
    page = staff.get(address_of(restaurant)).content.decode()
    assert "Europe/Berlin" in page
    first = tables_of(restaurant)[0]
    page = blocked(staff, restaurant)
    assert f"Blocked: {first.name}, " in page
    assert "19:00 C" in page
    block = Block.objects.get()
    date = days_ahead(restaurant)
    assert (block.service_date, block.reason, block.created_by) == (date, "Broken chair 🪑", user)
    assert (block.starts_at, block.ends_at) == (
        utc(restaurant, date, dt.time(19)),
        utc(restaurant, date, dt.time(21)),
    )
    assert TableClaim.objects.filter(block=block).count() == 8
    assert make_reservation(restaurant).table_ids == [tables_of(restaurant)[1].pk]
    event = HistoryEvent.objects.get(kind="blocked")
    assert (event.actor, event.user_number) == ("staff", user.pk)
    # A double click sends the form twice.
    assert "Blocked:" in blocked(staff, restaurant)
    assert Block.objects.count() == 1


def test_conflict_names_who_has_the_tables(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2, 2))
    party, hold = make_reservation(restaurant), make_hold(restaurant)
    tables = [table.pk for table in tables_of(restaurant)]
    blocked(staff, restaurant, tables=tables[2:], start="20:00")
    page = blocked(staff, restaurant, tables=tables)
    assert "is taken" in page
    assert "Broken chair 🪑" in page
    assert f'href="{reverse("admin:reservations_reservation_change", args=(party.pk,))}">{party}</a>' in page
    assert "somebody who is booking" in page
    assert f'href="{change(Block.objects.get())}"' in page
    assert 'value="19:00"' in page
    assert Block.objects.count() == 1
    Reservation.objects.filter(pk=hold.pk).update(held_until=hold.created_at)
    assert "somebody who is booking" not in blocked(staff, restaurant, tables=tables)


@pytest.mark.parametrize(
    ("start", "end", "late", "begins", "ends"),
    [
        ("22:00", "01:00", "", (0, 22), (1, 1)),
        ("00:30", "01:30", "on", (1, 0.5), (1, 1.5)),
        ("10:00", "10:00", "", (0, 10), (1, 10)),
    ],
)
def test_block_crosses_midnight(
    staff: Client, start: str, end: str, late: str, begins: tuple[int, float], ends: tuple[int, float]
) -> None:
    restaurant = make_venue()
    blocked(staff, restaurant, start=start, end=end, **({"after_midnight": late} if late else {}))
    block = Block.objects.get()
    midnight = dt.datetime.combine(days_ahead(restaurant), dt.time(), restaurant.zone)
    for moment, (days, hours) in ((block.starts_at, begins), (block.ends_at, ends)):
        wanted = midnight + dt.timedelta(days=days, hours=hours)
        assert moment.astimezone(restaurant.zone).replace(tzinfo=None) == wanted.replace(tzinfo=None)
    assert block.service_date == days_ahead(restaurant)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"date": "2020-01-01"}, "This day has passed"),
        ({"date": "9999-12-31"}, "more than two years away"),
        ({"date": "2027-02-30"}, "not a date of the calendar"),
        ({"start": "25:00"}, "This is not a time"),
        ({"end": "\x00"}, "This is not a time"),
        ({"tables": []}, "Tick at least one table"),
        ({"tables": ["99999999999999999999"]}, "not one of the available choices"),
        ({"reason": "x" * 161}, "at most 160 characters"),
    ],
)
def test_bad_input_is_a_message_and_stays(staff: Client, fields: dict[str, Any], message: str) -> None:
    restaurant = make_venue()
    page = blocked(staff, restaurant, **fields)
    assert message in page
    assert "reason" in fields or "Broken chair 🪑" in page
    assert not Block.objects.exists()


def test_tables_are_the_restaurants_own_and_in_use(staff: Client) -> None:
    restaurant = make_venue()
    foreign = make_table(make_venue(), name="Foreign")
    idle = make_table(restaurant, name="Idle", is_active=False)
    page = staff.get(address_of(restaurant)).content.decode()
    assert "Foreign" not in page
    assert "Idle" not in page
    for table in (foreign, idle):
        assert "not one of the available choices" in blocked(staff, restaurant, tables=[table.pk])


def test_block_is_lifted_once(staff: Client) -> None:
    restaurant = make_venue(tables=(2,))
    blocked(staff, restaurant)
    block = Block.objects.get()
    page = staff.get(change(block)).content.decode()
    assert f'action="{lift(block)}"' in page
    assert "Broken chair 🪑" in staff.get(lift(block)).content.decode()
    assert Block.objects.get().lifted_at is None
    page = staff.post(lift(block), follow=True).content.decode()
    assert "is lifted, and the tables are free" in page
    assert f'action="{lift(block)}"' not in page
    assert not TableClaim.objects.exists()
    assert "was lifted already" in staff.post(lift(block), follow=True).content.decode()
    assert HistoryEvent.objects.filter(kind="unblocked").count() == 1
    assert staff.post(lift(block).replace(str(block.pk), "0")).status_code == 404


def test_list_tells_standing_from_lifted(staff: Client) -> None:
    restaurant = make_venue()
    tables = [table.pk for table in tables_of(restaurant)]
    for number in (0, 1):
        blocked(staff, restaurant, tables=[tables[number]], reason=f"Reason {number}")
    staff.post(lift(Block.objects.get(reason="Reason 1")))
    for state, reason in (("standing", "Reason 0"), ("lifted", "Reason 1")):
        found = staff.get(reverse(LIST), {"state": state}).context["cl"].result_list
        assert [row.reason for row in found] == [reason]
    assert tables_of(restaurant)[0].name in staff.get(reverse(LIST)).content.decode()


def test_permissions_are_asked_for(client: Client, user: User) -> None:
    restaurant = make_venue()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(address_of(restaurant), typed(restaurant)).status_code == 403
    signed_in(client, "view_block", "change_block", "change_reservation")
    assert client.get(address_of(restaurant)).status_code == 403
    assert client.post(address_of(restaurant), typed(restaurant)).status_code == 403
    signed_in(client, "add_block")
    assert client.get(address_of(restaurant)).status_code == 200
    blocked(client, restaurant)
    block = Block.objects.get()
    assert client.get(change(block)).status_code == 403
    assert client.post(lift(block)).status_code == 403
    signed_in(client, "view_block", "add_block")
    assert lift(block) not in client.get(change(block)).content.decode()
    assert client.post(lift(block)).status_code == 403
    # Nobody edits or deletes a block past the write rules.
    forged = {"reason": "Forged", "_save": "1"}
    signed_in(client, "view_block", "change_block", "delete_block")
    assert client.post(change(block), forged).status_code == 403
    assert client.post(reverse("admin:reservations_block_delete", args=(block.pk,)), {"post": "1"}).status_code == 403
    assert Block.objects.get().reason == "Broken chair 🪑"
    assert client.post(lift(block)).status_code == 302
    assert Block.objects.get().lifted_at is not None
