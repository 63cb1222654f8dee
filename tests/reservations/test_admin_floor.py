"""The floor of one restaurant: who is late, comes, sits and waits, each with its buttons."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.admin.formats import clock_text
from reservations.engine import blocking
from reservations.history.trail import by_staff
from reservations.models import (
    Block,
    Reservation,
    Restaurant,
    TableClaim,
    User,
    WaitlistEntry,
)
from tests.factories import make_closure, make_staff
from tests.reservations.evening import (
    make_house,
    make_party,
    of_reservation,
    of_restaurant,
    signed_in,
    tables_of,
    tonight,
)

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def shown(client: Client, restaurant: Restaurant) -> Any:
    response = client.get(of_restaurant(restaurant))
    assert response.status_code == 200
    return response


def section(response: Any, name: str) -> list[str]:
    """Return who stands in a part of the page."""
    return [row.reservation.name for row in response.context[name]]


def wait(restaurant: Restaurant, number: int, **fields: Any) -> WaitlistEntry:
    """Write a party on the waitlist of the evening."""
    now = timezone.now()
    return WaitlistEntry.objects.create(
        restaurant=restaurant,
        service_date=tonight(restaurant),
        earliest=now,
        latest=now + dt.timedelta(hours=2),
        party_size=2,
        name=f"Wanda {number}",
        idempotency_key=f"wait{number}",
        **fields,
    )


def test_parties_stand_where_they_belong(staff: Client) -> None:
    restaurant = make_house(tables=(2,) * 9)
    make_party(restaurant, 1, starts=-30, name="Lara Late")
    make_party(restaurant, 2, starts=-15, late_flagged_at=timezone.now(), name="Fay Flagged")
    make_party(restaurant, 3, starts=-30, late_minutes=60, name="Anna Announced")
    make_party(restaurant, 4, starts=60, name="Sonja Soon")
    make_party(restaurant, 5, starts=240, name="Ella Evening")
    make_party(restaurant, 6, starts=-60, status="seated", name="Sid Seated")
    make_party(restaurant, 7, starts=-90, stay=60, status="seated", name="Otto Over")
    make_party(restaurant, None, starts=-30, status="cancelled", name="Carl Cancelled")
    make_party(restaurant, 8, starts=60, date=tonight(restaurant) + dt.timedelta(days=3), name="Nobody Now")
    page = shown(staff, restaurant)
    assert section(page, "late") == ["Lara Late", "Fay Flagged"]
    assert section(page, "arriving") == ["Anna Announced", "Sonja Soon"]
    assert section(page, "seated") == ["Otto Over", "Sid Seated"]
    assert page.context["later"] == 1
    text = page.content.decode()
    assert "1 party comes later" in text
    assert "over its time" in text
    assert "says 60 min late" in text
    assert "Carl Cancelled" not in text
    assert "Dinner is running" in text
    of_day = next(link for link, label in page.context["object_links"] if label == "All of the day")
    listed = staff.get(of_day).context["cl"].result_list
    assert {row.name for row in listed} >= {"Carl Cancelled", "Ella Evening"}
    assert "Nobody Now" not in {row.name for row in listed}


def test_who_still_sits_after_midnight_is_on_the_floor(staff: Client) -> None:
    restaurant = make_house()
    yesterday = tonight(restaurant) - dt.timedelta(days=1)
    make_party(restaurant, 1, starts=-120, stay=90, date=yesterday, status="seated", name="Sid Seated")
    make_party(restaurant, 2, starts=-120, date=yesterday, name="Lara Late")
    make_party(restaurant, 3, starts=-1200, stay=90, date=yesterday, name="Gone Long")
    page = shown(staff, restaurant)
    assert section(page, "seated") == ["Sid Seated"]
    assert section(page, "late") == ["Lara Late"]
    assert "3 parties of" in page.content.decode()
    assert f"{of_restaurant(restaurant, 'night')}?date={yesterday.isoformat()}" in page.content.decode()


def test_touch_comes_back_to_the_floor_with_a_message(staff: Client) -> None:
    restaurant = make_house()
    make_party(restaurant, 1, starts=-30, name="Lara Late")
    row = shown(staff, restaurant).context["late"][0]
    assert {button.label for button in row.buttons} == {"Arrived", "Seat", "Finish", "No-show", "They are coming"}
    response = staff.post(row.late.address, {**dict(row.late.fields), "minutes": "45"}, follow=True)
    assert response.redirect_chain == [(of_restaurant(restaurant), 302)]
    assert "will be 45 minutes late" in response.content.decode()
    assert section(response, "arriving") == ["Lara Late"]
    (button,) = [one for one in response.context["arriving"][0].buttons if one.label == "Seat"]
    response = staff.post(button.address, dict(button.fields), follow=True)
    assert response.redirect_chain == [(of_restaurant(restaurant), 302)]
    assert "is seated" in response.content.decode()
    assert section(response, "seated") == ["Lara Late"]
    # Another host's page is as old as it was.
    response = staff.post(button.address, dict(button.fields), follow=True)
    assert "is seated already" in response.content.decode()


def test_overstay_offers_who_comes_another_table(staff: Client) -> None:
    restaurant = make_house()
    make_party(restaurant, 1, starts=-60, stay=60, status="seated", name="Otto Over")
    coming = make_party(restaurant, 1, starts=0, stay=60, name="Nora Next")
    page = shown(staff, restaurant)
    [meeting] = page.context["overstays"]
    assert "Seat them at T2 instead" in page.content.decode()
    response = staff.post(meeting.button.address, dict(meeting.button.fields), follow=True)
    assert "is now at T2" in response.content.decode()
    assert not response.context["overstays"]
    coming.refresh_from_db()
    assert coming.table_ids == [tables_of(restaurant)[1].pk]


def test_waitlist_has_places_and_offers(staff: Client) -> None:
    restaurant = make_house()
    first, second, third = (wait(restaurant, number) for number in range(3))
    WaitlistEntry.objects.filter(pk=third.pk).update(rank=-1)
    offer = make_party(restaurant, 3, starts=60, status="held", held_until=timezone.now() + dt.timedelta(minutes=20))
    WaitlistEntry.objects.filter(pk=first.pk).update(status="offered", offer=offer)
    page = shown(staff, restaurant)
    assert [(row.place, row.entry) for row in page.context["waitlist"]] == [(1, third), ("–", first), (2, second)]
    assert "T3 at" in page.content.decode()
    assert "is offered" in page.content.decode()


def test_block_is_lifted_from_the_floor(staff: Client, user: User) -> None:
    restaurant = make_house()
    now = timezone.now()
    found = blocking.block(
        restaurant=restaurant,
        date=tonight(restaurant),
        start=now,
        end=now + dt.timedelta(hours=1),
        table_ids=(tables_of(restaurant)[1].pk,),
        user=user,
        by=by_staff(user),
        reason="Broken chair",
    )
    page = shown(staff, restaurant)
    assert "Broken chair" in page.content.decode()
    button = page.context["blocks"][0].button
    response = staff.post(button.address, dict(button.fields), follow=True)
    assert response.redirect_chain == [(of_restaurant(restaurant), 302)]
    assert "is lifted" in response.content.decode()
    assert not response.context["blocks"]
    assert not TableClaim.objects.filter(block=found).exists()


def test_floor_takes_as_many_statements_for_many_parties_as_for_few(staff: Client, user: User) -> None:
    restaurant = make_house(tables=(2,) * 40)
    numbers = iter(range(1, 41))
    entries = iter(range(40))

    def crowd() -> None:
        make_party(restaurant, next(numbers), starts=-45)
        make_party(restaurant, next(numbers), starts=60)
        make_party(restaurant, next(numbers), starts=-45, status="seated")
        table = next(numbers)
        make_party(restaurant, table, starts=-60, stay=60, status="seated")
        make_party(restaurant, table, starts=15, stay=60)
        wait(restaurant, next(entries))
        wait(restaurant, next(entries), kind="door", quoted_minutes=10)
        Block.objects.create(
            restaurant=restaurant,
            service_date=tonight(restaurant),
            starts_at=timezone.now(),
            ends_at=timezone.now() + dt.timedelta(hours=1),
            table_ids=[tables_of(restaurant)[next(numbers) - 1].pk],
        )

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(staff, restaurant)
        return sum("django_session" not in query["sql"] for query in queries)

    crowd()
    statements()
    before = statements()
    for _time in range(4):
        crowd()
    assert statements() == before
    assert before < 50


def test_floor_is_linked_for_who_may_see_it(client: Client) -> None:
    restaurant = make_house()
    floor = of_restaurant(restaurant)
    lists = [
        reverse("admin:reservations_restaurant_changelist"),
        reverse("admin:reservations_restaurant_change", args=(restaurant.pk,)),
        f"{reverse('admin:reservations_reservation_changelist')}?restaurant__id__exact={restaurant.pk}",
    ]
    signed_in(client, "view_restaurant", "view_reservation", "add_closure")
    for address in lists:
        assert f'href="{floor}"' in client.get(address).content.decode(), address
    assert "/closure/close/?restaurant=" in client.get(lists[1]).content.decode()
    assert f'href="{floor}"' not in client.get(reverse("admin:reservations_reservation_changelist")).content.decode()
    signed_in(client, "view_restaurant")
    for address in lists[:2]:
        page = client.get(address).content.decode()
        assert floor not in page
        assert "/closure/close/" not in page


def test_floor_is_seen_with_permission_to_view_and_worked_with_permission_to_change(client: Client) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-30)
    entry = wait(restaurant, 1, kind="door")
    actions = [
        of_restaurant(restaurant, "walk_in"),
        of_restaurant(restaurant, "door"),
        of_restaurant(restaurant, "night"),
        reverse("admin:reservations_restaurant_door_seat", args=(restaurant.pk, entry.pk)),
        reverse("admin:reservations_restaurant_door_leave", args=(restaurant.pk, entry.pk)),
    ]
    signed_in(client, "view_reservation")
    page = shown(client, restaurant).content.decode()
    assert party.reference in page
    assert "<form" not in page.split('id="content-main"')[1]
    assert "1 party waits at the door" in page
    for address in actions:
        assert address not in page
        assert client.get(address).status_code == 403
        assert client.post(address, {"party_size": "2"}).status_code == 403
    signed_in(client, "add_reservation", "view_restaurant", "change_restaurant")
    assert client.get(of_restaurant(restaurant)).status_code == 403
    signed_in(client, "change_reservation")
    page = shown(client, restaurant).content.decode()
    for address in actions:
        assert address in page
        assert client.get(address).status_code == 200
    assert Reservation.objects.count() == 1
    assert client.post(of_restaurant(restaurant)).status_code == 405


@pytest.mark.parametrize("page", ["floor", "walk_in", "door", "night"])
def test_restaurant_that_is_not_there_is_not_found(staff: Client, page: str) -> None:
    for pk in (0, 10**30):
        address = of_restaurant(make_house(), page).split("/restaurant/")
        assert staff.get(f"{address[0]}/restaurant/{pk}/{address[1].split('/', 1)[1]}").status_code == 404


def test_floor_of_a_closed_day_says_so(staff: Client) -> None:
    restaurant = make_house()
    for days in (-1, 0):
        make_closure(restaurant, timezone.now().astimezone(restaurant.zone).date() + dt.timedelta(days=days))
    assert "The restaurant is closed on this day" in shown(staff, restaurant).content.decode()


def test_who_sits_beyond_its_time_is_told_until_when_it_stays_from_now_on(staff: Client) -> None:
    restaurant = make_house()
    row = make_party(restaurant, 1, starts=-150, stay=120, status="seated")
    (button, free), *_others = staff.get(of_reservation(row, "stay")).context["choices"]
    staff.post(button.address, dict(button.fields))
    row.refresh_from_db()
    assert row.ends_at >= timezone.now()
    assert (free, button.label) == (True, f"15 minutes, until {clock_text(row.ends_at, restaurant.zone)}")


@pytest.mark.parametrize(("status", "label"), [("confirmed", "No-show"), ("seated", "Finish")])
def test_a_wrong_touch_on_the_floor_is_undone_where_its_message_leads(staff: Client, status: str, label: str) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-30, status=status)
    rows = shown(staff, restaurant).context["late" if status == "confirmed" else "seated"]
    (button,) = [one for one in rows[0].buttons if one.label == label]
    response = staff.post(button.address, dict(button.fields), follow=True)
    assert not response.context["late"]
    assert not response.context["seated"]
    page = of_reservation(party, "change")
    assert f'href="{page}"' in response.content.decode()
    (undo,) = [one for one in staff.get(page).context["buttons"] if one.label.startswith("Undo: ")]
    staff.post(undo.address, dict(undo.fields))
    party.refresh_from_db()
    assert (party.status, party.table_ids) == (status, [tables_of(restaurant)[0].pk])
