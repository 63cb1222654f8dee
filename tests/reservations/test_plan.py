"""The floor plan: what it says of each table, and how its tables are put elsewhere."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.admin.plan_shapes import extent, placed
from reservations.models import Reservation, Restaurant, Table, User
from restaurant_site.caching.models import Invalidation
from tests.factories import days_ahead, make_area, make_seated, make_staff, make_tables, make_venue, make_wish
from tests.reservations.evening import make_house, make_party, of_restaurant, tables_of

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff()


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def shown(client: Client, restaurant: Restaurant, **asked: str) -> str:
    response = client.get(of_restaurant(restaurant, "plan"), asked)
    assert response.status_code == 200
    return response.content.decode()


def spots(page: str) -> dict[str, str]:
    """Return what each table says in full, by its name, with its class in front."""
    found = re.findall(r'class="spot (\w+)"[^>]*aria-label="([^"]+)"', page)
    return {label.split(",")[0]: f"{css}: {label}" for css, label in found}


def test_each_table_says_how_it_stands_now(staff: Client) -> None:
    house = make_house(tables=(2,) * 7)
    make_party(house, 1, starts=-30, stay=120, status=Status.SEATED, name="Ada")
    make_party(house, 1, starts=90, name="Next")
    make_party(house, 2, starts=-45, name="Lara")
    make_party(house, 3, starts=-120, stay=90, status=Status.SEATED, name="Owen")
    make_party(house, 4, starts=0, status=Status.HELD, held_until=timezone.now() + dt.timedelta(minutes=5), name="")
    make_party(house, 5, starts=60, name="Later")
    make_party(house, 6, starts=0, name="Just Now", needs_step_free=True)
    said = spots(shown(staff, house))
    assert re.match(r"seated: T1, for 2, seated, \d+ min, Ada, 2 covers, next at \d\d:\d\d", said["T1"])
    assert said["T2"].startswith("late: T2, for 2, late")
    assert re.match(r"overstays: T3, for 2, over its time, \+\d+ min, Owen", said["T3"])
    assert said["T4"].startswith("held: T4")
    assert re.match(r"free: T5, for 2, free, till \d\d:\d\d", said["T5"])
    assert said["T6"].startswith("confirmed: T6")
    assert "step-free" in said["T6"]
    assert said["T7"] == "free: T7, for 2, free"


def test_who_is_there_before_their_time_stands_at_their_table(staff: Client) -> None:
    house = make_house(tables=(2,) * 4)
    now = timezone.now()
    make_party(house, 1, starts=-45, name="Lara", arrived_at=now)
    make_party(house, 2, starts=-90, stay=75, status=Status.SEATED, name="Owen")
    make_party(house, 2, starts=15, name="Waits", arrived_at=now)
    make_party(house, 3, starts=30, name="Early", arrived_at=now)
    make_party(house, 4, starts=30, name="Sits", status=Status.SEATED)
    said = spots(shown(staff, house))
    assert re.match(r"seated: T4, for 2, seated, 1\d\d min, Sits", said["T4"])
    assert said["T1"] == "arrived: T1, for 2, confirmed, arrived, Lara, 2 covers"
    assert said["T2"].startswith("overstays: T2")
    assert re.fullmatch(r"arrived: T3, for 2, confirmed, arrived, Early, 2 covers, next at \d\d:\d\d", said["T3"])


def test_another_day_is_shown_as_it_is_planned(staff: Client) -> None:
    restaurant = make_venue(tables=(2,))
    wish = make_wish(restaurant, at=dt.time(20))
    make_seated(restaurant, tables_of(restaurant), wish, name="Ada")
    date = str(days_ahead(restaurant))
    page = shown(staff, restaurant, date=date)
    assert "As it is planned for" in page
    assert "till 20:00" in page
    assert "confirmed" in [
        text.split(":")[0]
        for text in spots(shown(staff, restaurant, date=date, at=str(int(wish.start.timestamp())))).values()
    ]


def test_the_plan_costs_the_same_for_any_house(staff: Client) -> None:
    house = make_house(tables=(2, 2))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(staff, house)
        return len(queries)

    cost()
    few = cost()
    make_tables(house, (2,) * 30, area=make_area(house, name="Terrace"))
    make_party(house, 1)
    make_party(house, 2, status=Status.SEATED)
    assert cost() == few


def test_a_new_house_has_a_tidy_plan_at_once() -> None:
    restaurant = make_venue(tables=(2,) * 30 + (4,) * 20 + (8,) * 10)
    tables = tables_of(restaurant)
    tables[0].plan_x, tables[0].plan_y = 3, 7
    places = placed(tables)
    assert (places[0].x, places[0].y, places[0].is_given) == (3, 7, True)
    width, height = extent(places)
    taken: set[tuple[int, int]] = set()
    for one in places:
        cells = {(one.x + right, one.y + down) for right in range(one.width) for down in range(one.height)}
        assert not cells & taken
        assert one.x + one.width < width
        assert one.y + one.height < height
        taken |= cells


def save(client: Client, restaurant: Restaurant, seen: str | None = None, **places: Any) -> Any:
    """Post places, each of a table's name: (x, y, shape)."""
    address = of_restaurant(restaurant, "plan_edit")
    seen = client.get(address).context["seen"] if seen is None else seen
    data = {"seen": seen}
    for name, (x, y, shape) in places.items():
        pk = Table.objects.get(restaurant=restaurant, name=name).pk
        data |= {f"{pk}-x": x, f"{pk}-y": y, f"{pk}-shape": shape}
    return client.post(address, data)


def place(restaurant: Restaurant, name: str) -> tuple[int | None, int | None, str]:
    row = Table.objects.get(restaurant=restaurant, name=name)
    return row.plan_x, row.plan_y, row.plan_shape


@pytest.mark.django_db(transaction=True)
def test_places_are_saved_and_taken_back(staff: Client, user: User) -> None:
    house = make_house(tables=(2, 4))
    before = Invalidation.objects.count()
    response = save(staff, house, T1=(12, 3, "square"), T2=("", "", "upright"))
    assert response.status_code == 302
    assert place(house, "T1") == (12, 3, "square")
    assert place(house, "T2") == (None, None, "upright")
    # Tables are cached rows: their tags are renewed.
    assert Invalidation.objects.count() > before
    assert user.logentry_set.count() == 1
    assert 'transform="translate(240 60)"' in shown(staff, house)
    save(staff, house, T1=("", "", "round"))
    assert place(house, "T1") == (None, None, "round")


def test_a_stale_or_impossible_plan_is_refused_as_a_whole(staff: Client) -> None:
    house = make_house(tables=(2, 4))
    seen = staff.get(of_restaurant(house, "plan_edit")).context["seen"]
    for bad in (
        (99, 1, "round"),
        (-1, 1, "round"),
        ("x", 1, "round"),
        (1, "", "round"),
        (1, 1, "star"),
        ("9" * 40, 1, ""),
    ):
        response = save(staff, house, T1=(5, 5, "round"), T2=bad)
        assert response.status_code == 200
        assert "Nothing is saved yet." in response.content.decode()
    assert place(house, "T1") == (None, None, "")
    save(staff, house, T1=(5, 5, "round"))
    response = save(staff, house, seen, T1=(9, 9, "round"))
    assert "Somebody has changed it meanwhile" in response.content.decode()
    assert place(house, "T1") == (5, 5, "round")
    # Another house's table is nothing that this form knows.
    other = make_house(tables=(2,))
    stranger = tables_of(other)[0]
    fresh = staff.get(of_restaurant(house, "plan_edit")).context["seen"]
    data = {"seen": fresh, f"{stranger.pk}-x": 1, f"{stranger.pk}-y": 1, f"{stranger.pk}-shape": "round"}
    assert staff.post(of_restaurant(house, "plan_edit"), data).status_code == 302
    assert place(other, "T1") == (None, None, "")
