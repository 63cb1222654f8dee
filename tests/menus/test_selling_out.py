"""A dish is taken off by one touch, seen by diners at once, and back by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from menus.models import Dish
from menus.selling import State, state_of
from reservations.models import Restaurant, User
from tests.caching.asking import application, ask
from tests.factories import make_dish, make_menu, make_restaurant, make_service, make_staff, utc
from tests.menus.staff import staff_with, url
from tests.pages import read

SPRING = dt.date(2027, 3, 14)
"""At two in the morning, New York's clocks go forward."""


def address(restaurant: Restaurant) -> str:
    return url("sold_out", restaurant.pk)


@pytest.fixture
def host(client: Client) -> Client:
    client.force_login(staff_with("sell_out_dish"))
    return client


@pytest.mark.django_db(transaction=True)
def test_one_touch_is_seen_by_diners_at_once_and_is_over_the_next_day(host: Client) -> None:
    place = make_restaurant(slug="here", timezone="America/New_York")
    make_restaurant()
    make_service(place)
    make_menu(place, dishes=["Soup", "Eel"])
    dish = Dish.objects.get(name="Soup")
    app = application()
    with time_machine.travel(utc(place, SPRING, dt.time(1))):
        # A session of today would be over by then.
        host.force_login(staff_with("sell_out_dish"))
        assert "not today" not in ask(app, "/restaurants/here/menu/").page.text
        assert ask(app, "/restaurants/here/menu/").how == "hit"
        page = read(host.get(address(place)))
        pressed = page.forms[-1].pressed("Sold out Soup")
        answer = host.post(address(place), pressed, follow=True)
        # It is one in the morning, and back at midnight: by the clock there, after its change.
        assert "Soup is sold out until Mon 15 Mar 2027, 00:00 EDT." in read(answer).text
        assert "Soup not today" in ask(app, "/restaurants/here/menu/").page.text
        assert "Soup not today" in ask(app, "/restaurants/here/").page.text
        dish.refresh_from_db()
        assert dish.off_until == utc(place, SPRING + dt.timedelta(days=1), dt.time())
    with time_machine.travel(utc(place, SPRING + dt.timedelta(days=1), dt.time())):
        assert "not today" not in ask(app, "/restaurants/here/menu/").page.text


@pytest.mark.django_db
def test_kept_off_it_stays_off_until_it_is_brought_back(host: Client) -> None:
    place = make_restaurant()
    dish = make_menu(place, dishes=["Soup"]).sections.get().dishes.get()
    host.post(address(place), {"kept_off": dish.pk})
    dish.refresh_from_db()
    assert not dish.is_on(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    host.post(address(place), {"on": dish.pk})
    dish.refresh_from_db()
    assert dish.is_on(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))


@pytest.mark.django_db
@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("touch", list(State))
def test_each_touch_can_be_undone(host: Client, before: State, touch: State) -> None:
    place = make_restaurant()
    dish = make_menu(place, dishes=["Soup"]).sections.get().dishes.get()
    host.post(address(place), {before: dish.pk})
    answer = host.post(address(place), {touch: dish.pk}, headers={"HX-Request": "true"}).content.decode()
    assert ("Undo" in answer) == (before != touch)
    assert answer.count("<li") == 1
    assert 'id="said" role="status"' in answer
    if before != touch:
        assert f'name="{before}" value="{dish.pk}"' in answer
        host.post(address(place), {before: dish.pk})
    dish.refresh_from_db()
    assert state_of(dish, dt.datetime.now(dt.UTC)) == before


@pytest.mark.django_db
def test_the_history_says_who(host: Client) -> None:
    place = make_restaurant()
    dish = make_menu(place, dishes=["Soup"]).sections.get().dishes.get()
    host.post(address(place), {"sold_out": dish.pk})
    host.post(address(place), {"on": dish.pk})
    user = User.objects.get(is_staff=True)
    assert list(LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")) == [
        (user.pk, str(dish.pk), "Sold out."),
        (user.pk, str(dish.pk), "Back on."),
    ]


@pytest.mark.django_db
def test_only_dishes_of_the_restaurant_and_odd_ones_are_refused(host: Client) -> None:
    place, other = make_restaurant(), make_restaurant()
    theirs = make_menu(other, dishes=["Soup"]).sections.get().dishes.get()
    numbers: tuple[Any, ...] = (theirs.pk, "", "x", "-1", "9" * 18, "9" * 400, "\x00", "１")
    for number in numbers:
        for name in (*State, "odd"):
            answer = host.post(address(place), {name: number}, follow=True)
            assert "This dish is no longer there." in read(answer).text
    theirs.refresh_from_db()
    assert theirs.is_on(dt.datetime.now(dt.UTC))
    assert host.get(url("sold_out", 10**30)).status_code == 404
    assert host.put(address(place)).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(("names", "status"), [((), 403), (("view_dish",), 403), (("change_dish",), 200)])
def test_only_who_may_take_dishes_off_sees_the_page(client: Client, names: tuple[str, ...], status: int) -> None:
    place = make_restaurant()
    dish = make_menu(place, dishes=["Soup"]).sections.get().dishes.get()
    client.force_login(staff_with(*names))
    assert client.get(address(place)).status_code == status
    assert client.post(address(place), {"kept_off": dish.pk}, follow=True).status_code == status
    dish.refresh_from_db()
    assert dish.is_available == (status == 403)


@pytest.mark.django_db
def test_a_dish_is_found_by_name_or_section_and_what_is_off_alone(host: Client) -> None:
    place = make_restaurant()
    section = make_menu(place, dishes=["Soup", "Bread"]).sections.get()
    make_dish(section, name='<b>"Käse"</b> \u202eSoup', is_available=False)
    make_menu(place, dishes=["Hidden"], is_published=False)

    def found(**query: str) -> list[str]:
        page = read(host.get(address(place), query))
        labels = [button.label for button in page.forms[-1].buttons if button.label.startswith(("Sold out", "Back on"))]
        return [label.removeprefix("Sold out ").removeprefix("Back on ") for label in labels]

    everything = ["Soup", "Bread", '<b>"Käse"</b> \u202eSoup']
    assert sorted(found()) == sorted(everything)
    assert found(q="brea") == ["Bread"]
    assert found(q="käse") == [everything[2]]
    assert sorted(found(q=" STARTERS ")) == sorted(everything)
    assert found(q="x" * 5000) == []
    assert found(off="1") == [everything[2]]


@pytest.mark.django_db
def test_the_page_takes_the_same_statements_for_more_dishes(host: Client, settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    host.force_login(make_staff())
    place = make_restaurant()
    make_menu(place, dishes=["Soup"] * 3)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert host.get(address(place)).status_code == 200
        return len(queries)

    statements()
    few = statements()
    make_menu(place, dishes=["Soup"] * 30)
    assert statements() == few


@pytest.mark.django_db
def test_the_restaurants_page_leads_there(client: Client) -> None:
    place = make_restaurant()
    client.force_login(make_staff())
    page = read(client.get(reverse("admin:reservations_restaurant_change", args=(place.pk,))))
    assert page.links["Sold out"] == address(place)
