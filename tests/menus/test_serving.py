"""Which menus and dishes diners see, by the clock alone: services, dates, going live, and back the next day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from menus import applying, sittings
from menus.models import EVERY_DAY, Dish, Menu
from menus.queries import menus_of
from reservations.models import Restaurant
from tests.caching.asking import Told, application, ask
from tests.factories import (
    make_closure,
    make_menu,
    make_menu_service,
    make_restaurant,
    make_service,
    make_special_day,
    utc,
)

THURSDAY = dt.date(2027, 2, 4)
MENU = "/restaurants/here/menu/"
LUNCH = {"name": "Lunch", "first_seating": dt.time(12), "last_seating": dt.time(14)}


@pytest.fixture
def place() -> Restaurant:
    """Return a restaurant with lunch on weekdays, a dinner, and a menu for each and for drinks."""
    place = make_restaurant(slug="here", turn_minutes=60, booking_window_days=60)
    # Or the one restaurant would be the home page.
    make_restaurant(slug="elsewhere")
    lunch = make_service(place, weekdays=0b11111, **LUNCH)
    dinner = make_service(place)
    make_menu_service(make_menu(place, name="Midday", dishes=["Soup"]), lunch)
    make_menu_service(make_menu(place, name="Evening", dishes=["Duck"]), dinner)
    make_menu(place, name="Drinks", dishes=["Tea"])
    return place


def applies(place: Restaurant, now: dt.datetime) -> list[str]:
    found = applying.at(sittings.rules(place.pk), sittings.around(place, now), now, place.zone)
    return list(Menu.objects.filter(pk__in=found.applies).order_by("pk").values_list("name", flat=True))


def asked(app: Any, moment: dt.datetime, target: str = MENU) -> Told:
    """Ask for a page at a moment, from a browser of its own."""
    with time_machine.travel(moment, tick=False):
        return ask(app, target)


def in_full(told: Told) -> list[str]:
    """Return the dishes that stand on the page outside of what is folded away."""
    body = told.body.decode().split("<details>", 1)[0]
    return [name for name in ("Soup", "Duck", "Tea") if f">{name}</bdi>" in body]


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_what_is_served_now_and_the_others_below(place: Restaurant) -> None:
    app = application()
    noon = utc(place, THURSDAY, dt.time(12, 30))
    first = asked(app, noon)
    assert in_full(first) == ["Soup", "Tea"]
    assert "Duck" in first.page.text
    assert asked(app, noon + dt.timedelta(minutes=5)).how == "hit"
    # Lunch ends a turn after its last seating; then dinner is what comes next.
    over = utc(place, THURSDAY, dt.time(15))
    assert in_full(asked(app, over - dt.timedelta(seconds=1))) == ["Soup", "Tea"]
    after = asked(app, over)
    assert (after.how, in_full(after)) == ("miss", ["Duck", "Tea"])
    # The restaurant's own page begins with the menu that applies.
    text = asked(app, over, "/restaurants/here/").page.text
    assert "Duck" in text
    assert "Soup" not in text


@pytest.mark.django_db(transaction=True)
def test_a_date_shows_its_own_menus_and_only_dates_that_can_be_booked_are_kept(place: Restaurant) -> None:
    app = application()
    noon = utc(place, THURSDAY, dt.time(12, 30))
    saturday = asked(app, noon, f"{MENU}?date=2027-02-06")
    assert in_full(saturday) == ["Duck", "Tea"]
    assert "Saturday 6 February 2027" in saturday.page.text
    assert asked(app, noon, f"{MENU}?date=2027-02-06").how == "hit"
    for odd in ("2027-02-03", "2028-01-01", "20270206", "2027-02-30", "x" * 300, "%F0%9F%8D%9C", "9999-12-31"):
        for _time in range(2):
            told = asked(app, noon, f"{MENU}?date={odd}")
            assert (told.status, told.how) == (200, "bypass"), odd
        assert in_full(told) == ["Soup", "Tea"]
    # The day after, what was kept is gone with its date.
    make_closure(place, dt.date(2027, 2, 6))
    assert in_full(asked(app, noon, f"{MENU}?date=2027-02-06")) == ["Tea"]


@pytest.mark.django_db(transaction=True)
def test_the_times_of_a_day_lead_to_its_menu(place: Restaurant) -> None:
    told = asked(application(), utc(place, THURSDAY, dt.time(9)), "/restaurants/here/times/?date=2027-02-06&party=2")
    assert told.page.links["The menu of this day"] == f"{MENU}?date=2027-02-06"


@pytest.mark.django_db(transaction=True)
def test_a_draft_goes_live_at_its_moment_and_takes_the_place_of_another(place: Restaurant) -> None:
    app = application()
    old = Menu.objects.get(name="Drinks")
    moment = utc(place, THURSDAY, dt.time(13))
    new = make_menu(
        place, name="Drinks 2", title="Drinks", dishes=["Cider"], replaces=old, goes_live_at=moment, position=9
    )
    before = asked(app, moment - dt.timedelta(seconds=1))
    assert "Tea" in before.page.text
    assert "Cider" not in before.page.text
    after = asked(app, moment)
    assert after.how == "miss"
    assert "Cider" in after.page.text
    assert "Tea" not in after.page.text
    assert after.page.headings.count("Drinks") == 1
    # As a draft again it leaves the old one in its place, at once.
    new.is_published = False
    new.save()
    assert "Tea" in asked(app, moment).page.text


@pytest.mark.django_db
def test_what_was_replaced_stays_away_also_by_way_of_a_draft(place: Restaurant) -> None:
    now = utc(place, THURSDAY, dt.time(13))
    with time_machine.travel(now):
        first = Menu.objects.get(name="Drinks")
        second = make_menu(place, name="2", replaces=first)
        make_menu(place, name="3", replaces=second)
        assert {card.name for card in menus_of(place.pk)} == {"Midday", "Evening", "3"}
        second.is_published = False
        second.save()
        assert {card.name for card in menus_of(place.pk)} == {"Midday", "Evening", "3"}
        # Two that replace each other, as only raw SQL can write them: neither takes the page with it.
        Menu.objects.filter(pk=first.pk).update(replaces=second)
        assert {card.name for card in menus_of(place.pk)} == {"Midday", "Evening", "3"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("clock", "days", "names"),
    [
        (dt.time(9), 0, ["Midday", "Drinks"]),
        (dt.time(14, 59), 0, ["Midday", "Drinks"]),
        (dt.time(15), 0, ["Evening", "Drinks"]),
        (dt.time(23, 30), 0, ["Midday", "Drinks"]),
        (dt.time(12, 30), 2, ["Evening", "Drinks"]),
    ],
)
def test_a_menu_applies_at_the_service_that_runs_or_comes_next(
    place: Restaurant, clock: dt.time, days: int, names: list[str]
) -> None:
    assert applies(place, utc(place, THURSDAY + dt.timedelta(days=days), clock)) == names


def close_all(place: Restaurant) -> None:
    make_closure(place, THURSDAY)


def close_lunch(place: Restaurant) -> None:
    make_closure(place, THURSDAY, service=place.services.get(name="Lunch"))


def other_lunch(place: Restaurant) -> None:
    day = make_special_day(place, THURSDAY, is_closed=False)
    make_service(place, special_day=day, **{**LUNCH, "name": "lunch"})


def delete_lunch(place: Restaurant) -> None:
    place.services.get(name="Lunch").delete()


def rename_lunch(place: Restaurant) -> None:
    place.services.filter(name="Lunch").update(name="Noon")


def another_day(place: Restaurant) -> None:
    Menu.objects.filter(name="Midday").update(weekdays=EVERY_DAY & ~0b1000)


def season(place: Restaurant) -> None:
    Menu.objects.filter(name="Drinks").update(valid_from=THURSDAY + dt.timedelta(days=1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "names"),
    [
        # The next service that takes place is Friday's lunch.
        (close_all, ["Midday", "Drinks"]),
        (close_lunch, ["Evening", "Drinks"]),
        # A service of the same name, in any case, on a special day.
        (other_lunch, ["Midday", "Drinks"]),
        # Its menu applies at none then, rather than always.
        (delete_lunch, ["Evening", "Drinks"]),
        (rename_lunch, ["Midday", "Drinks"]),
        (another_day, ["Drinks"]),
        (season, ["Midday"]),
    ],
)
def test_closures_special_days_and_dates_count(
    place: Restaurant, change: Callable[[Restaurant], None], names: list[str]
) -> None:
    change(place)
    assert applies(place, utc(place, THURSDAY, dt.time(12, 30))) == names


@pytest.mark.parametrize(
    ("zone", "now", "back"),
    [
        ("Europe/Berlin", "2027-02-04T20:00", "2027-02-05T00:00"),
        ("Asia/Tokyo", "2027-02-04T20:00", "2027-02-05T00:00"),
        ("America/New_York", "2027-02-04T20:00", "2027-02-05T00:00"),
        # The night is 23 hours long, or 25; and in Chile it has no midnight.
        ("Europe/Berlin", "2027-03-27T20:00", "2027-03-28T00:00"),
        ("Europe/Berlin", "2027-10-31T01:30", "2027-11-01T00:00"),
        ("America/Santiago", "2027-09-04T20:00", "2027-09-05T01:00"),
    ],
)
def test_a_dish_is_back_when_the_local_date_changes(zone: str, now: str, back: str) -> None:
    tz = ZoneInfo(zone)
    found = applying.next_service_date([], dt.datetime.fromisoformat(now).replace(tzinfo=tz), tz)
    assert found.utcoffset() == dt.timedelta()
    assert found.astimezone(tz).replace(tzinfo=None).isoformat(timespec="minutes") == back


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "back"),
    [
        # The bar seats until one, and ends at two: till then it is still Thursday's service.
        ((THURSDAY, dt.time(20)), dt.time(2)),
        ((THURSDAY + dt.timedelta(days=1), dt.time(0, 30)), dt.time(2)),
    ],
)
def test_a_service_past_midnight_keeps_a_dish_off_to_its_end(now: tuple[dt.date, dt.time], back: dt.time) -> None:
    place = make_restaurant(turn_minutes=60)
    make_service(place, first_seating=dt.time(18), last_seating=dt.time(1), weekdays=0b1000)
    moment = utc(place, *now)
    found = applying.next_service_date(sittings.around(place, moment), moment, place.zone)
    assert found == utc(place, THURSDAY + dt.timedelta(days=1), back)


@pytest.mark.django_db(transaction=True)
def test_a_sold_out_dish_is_back_by_itself_on_the_cached_page(place: Restaurant) -> None:
    app = application()
    noon, midnight = utc(place, THURSDAY, dt.time(12, 30)), utc(place, THURSDAY + dt.timedelta(days=1), dt.time())
    assert "not today" not in asked(app, noon).page.text
    Dish.objects.filter(name="Soup").update(off_until=midnight)
    assert "Soup not today" in asked(app, noon).page.text
    assert "Soup not today" in asked(app, midnight - dt.timedelta(seconds=1)).page.text
    assert "not today" not in asked(app, midnight).page.text
