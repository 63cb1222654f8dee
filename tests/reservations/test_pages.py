"""What diners are shown of a restaurant: its page, its menu, and the times of a date."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from menus.models import Dish
from reservations.engine.errors import Reason
from reservations.models import OpeningPeriod, Restaurant, Service
from reservations.reasons import diner_day_text
from tests.factories import (
    days_ahead,
    make_area,
    make_closure,
    make_combination,
    make_menu,
    make_reservation,
    make_restaurant,
    make_seated,
    make_service,
    make_special_day,
    make_table,
    make_tables,
    make_turn_time,
    make_venue,
    make_wish,
)
from tests.pages import Page, read
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)
"""A Wednesday, 14:00 in Berlin."""


def free(page: Page) -> list[str]:
    """Return the labels of the times that can be pressed."""
    return [
        button.label for form in page.forms for button in form.buttons if button.name == "start" and not button.disabled
    ]


def taken(page: Page) -> list[str]:
    return [
        button.label for form in page.forms for button in form.buttons if button.name == "start" and button.disabled
    ]


# --- The restaurant's page --------------------------------------------------


def test_the_restaurant_shows_what_a_guest_wants_to_know() -> None:
    place = make_venue(
        name="Gasthaus <Lind>",
        tagline="Since 1901",
        description="First line\nsecond line",
        website="https://lind.example",
        source_ref="osm:node/1",
    )
    for day in range(5):
        OpeningPeriod.objects.create(restaurant=place, day=day, opens=dt.time(11), closes=dt.time(14))
        OpeningPeriod.objects.create(restaurant=place, day=day, opens=dt.time(18), closes=dt.time(1))
    OpeningPeriod.objects.create(restaurant=place, day=OpeningPeriod.Day.HOLIDAY)
    make_special_day(place, days_ahead(place, 3), name="Feast", is_closed=False, hours="12:00–16:00")
    make_closure(place, days_ahead(place, 10), days_ahead(place, 20), reason="Renovation")
    make_menu(place, dishes=["Lentil soup"])
    page = read(Client().get(f"/restaurants/{place.slug}/"))
    assert page.headings[0] == "Gasthaus <Lind>"
    for text in ("Since 1901", "Hauptstraße 1", "10827 Berlin", "Lentil soup", "Local time: Europe/Berlin"):
        assert text in page.text
    assert "Monday 11:00–14:00, 18:00–01:00" in page.text.replace(" ,", ",")
    assert "Saturday closed" in page.text
    assert "Public holidays closed" in page.text
    assert "12:00–16:00 · Feast" in page.text
    assert "closed · Renovation" in page.text
    assert "© OpenStreetMap contributors" in page.text
    assert page.links["Website"] == "https://lind.example"
    assert page.links["+49 30 1234567"] == "tel:+49301234567"
    assert page.form("/times/").values == {"party": "2", "date": str(days_ahead(place, 0)), "time": ""}


@pytest.mark.parametrize(
    ("booking", "says"),
    [
        ("off", "takes no bookings online"),
        ("hours_unknown", "We could not make sense of this restaurant's opening hours"),
    ],
)
@pytest.mark.parametrize("end", ["", "times/"])
def test_a_restaurant_that_takes_no_bookings_says_so(booking: str, says: str, end: str) -> None:
    place = make_venue(online_booking=booking, hours_text="Mo-Fr <after the market>")
    page = read(Client().get(f"/restaurants/{place.slug}/{end}"))
    assert says in page.text
    assert "+49 30 1234567" in page.text
    assert not page.forms
    assert ("<after the market>" in page.text) == (booking == "hours_unknown")


def test_the_first_search_fits_the_restaurant() -> None:
    large = make_venue(min_party=6, max_party=12)
    alone = make_venue(max_party=1)
    assert read(Client().get(f"/restaurants/{large.slug}/")).form("/times/").values["party"] == "6"
    assert read(Client().get(f"/restaurants/{alone.slug}/")).form("/times/").values["party"] == "1"


def test_today_is_the_restaurants_today() -> None:
    auckland = make_venue(timezone="Pacific/Auckland")
    honolulu = make_venue(timezone="Pacific/Honolulu")
    with time_machine.travel(NOON, tick=False):
        for place, today in ((auckland, "2026-06-11"), (honolulu, "2026-06-10")):
            assert read(Client().get(f"/restaurants/{place.slug}/")).form("/times/").values["date"] == today


# --- The menu ---------------------------------------------------------------


def test_the_menu_shows_dishes_prices_and_labels() -> None:
    place = make_venue(currency="EUR")
    menu = make_menu(place, name="Lunch", dishes=["Soup"], note="Weekdays")
    Dish.objects.filter(name="Soup").update(
        description="With <bread>", price="4.50", allergens=["gluten", "milk"], diets=["vegan"], other_labels=["E 300"]
    )
    make_menu(place, name="Secret", is_published=False)
    page = read(Client().get(f"/restaurants/{place.slug}/menu/"))
    for text in (
        menu.name,
        "Weekdays",
        "Soup",
        "With <bread>",
        "4.50",
        "Contains:",
        "Gluten",
        "Milk",
        "Vegan",
        "E 300",
    ):
        assert text.lower() in page.text.lower()
    assert "Secret" not in page.text
    assert "Tell the restaurant of any allergy" in page.text


def test_a_restaurant_without_a_menu_says_so() -> None:
    place = make_venue()
    assert "has not put its menu online" in read(Client().get(f"/restaurants/{place.slug}/menu/")).text


# --- Times ------------------------------------------------------------------


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4), max_party=6, takes_requests=False)


def test_times_are_buttons_in_a_labelled_group(place: Restaurant) -> None:
    response = Diner(place).ask()
    page = read(response)
    assert free(page) == ["18:00", "18:30", "19:00", "19:30", "20:00", "20:30", "21:00", "21:30", "22:00"]
    text = response.content.decode()
    assert text.count("<fieldset>") == 1
    assert ">Dinner</bdi></legend>" in text
    assert page.form("/hold/").method == "post"


def test_each_service_is_a_group(place: Restaurant) -> None:
    make_service(place, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(13), interval_minutes=60)
    response = Diner(place).ask()
    assert free(read(response))[:2] == ["12:00", "13:00"]
    text = response.content.decode()
    assert text.index(">Lunch</bdi></legend>") < text.index(">Dinner</bdi></legend>")


def test_taken_times_are_shown_and_cannot_be_pressed(place: Restaurant) -> None:
    for _party in range(2):
        make_reservation(place, party=2)
    page = Diner(place).times()
    assert taken(page) == ["18:00", "18:30", "19:00", "19:30", "20:00", "20:30"]
    assert free(page) == ["21:00", "21:30", "22:00"]


def test_a_taken_time_that_was_asked_for_has_others_near_it(place: Restaurant) -> None:
    for _party in range(2):
        make_reservation(place, party=2)
    page = Diner(place).times(time="20:30")
    assert page.alerts == ["20:30 Every table for your party is taken then. Please choose another time."]
    near = [button.label for button in page.form("/hold/").buttons if button.near]
    assert near == [f"{label} (near the time you wanted)" for label in ("21:00", "21:30", "22:00")]
    # One that is free needs no other, and is marked itself.
    page = Diner(place).times(time="21:00")
    assert not page.alerts
    assert not any(button.near for button in page.form("/hold/").buttons)
    assert "21:00 (the time you wanted)" in free(page)
    assert page.form("/times/").values["time"] == "21:00"


@pytest.mark.parametrize(
    ("first", "last", "time", "marked"),
    [
        (dt.time(18), dt.time(22), "15:10", ["18:00", "18:30", "19:00", "19:30"]),
        # After midnight is of the same evening.
        (dt.time(21), dt.time(1), "02:00", ["23:30", "00:00", "00:30", "01:00"]),
    ],
)
def test_a_wished_time_that_is_none_of_the_day_has_the_nearest_marked(
    first: dt.time, last: dt.time, time: str, marked: list[str]
) -> None:
    place = make_venue(tables=(2,), service={"first_seating": first, "last_seating": last})
    page = Diner(place).times(time=time)
    near = [button.label.split()[0] for button in page.form("/hold/").buttons if button.near]
    assert near == marked
    assert page.form("/times/").values["time"] == time


@pytest.mark.parametrize("time", ["", "99:99", "19", "19:07", "\x01", "T19", "19:00:00.5+02:00"])
def test_a_wanted_time_that_cannot_be_read_is_passed_over(place: Restaurant, time: str) -> None:
    assert len(free(Diner(place).times(time=time))) == 9


def test_areas_are_asked_for_and_any_is_the_default(place: Restaurant) -> None:
    terrace = make_area(place, name="Terrace & garden")
    make_table(place, area=terrace, seats=8)
    diner = Diner(place)
    search = diner.times().form("/times/")
    assert search.values["area"] == ""
    page = diner.times(party=6, area=str(terrace.pk))
    assert len(free(page)) == 9
    assert page.form("/hold/").values["area"] == str(terrace.pk)
    room = place.areas.exclude(pk=terrace.pk).get()
    page = diner.times(party=6, area=str(room.pk))
    assert not free(page)
    assert "no table for a party like yours here" in page.text
    assert len(free(diner.times(party=6))) == 9


def test_areas_without_tables_for_guests_are_not_offered(place: Restaurant) -> None:
    make_table(place, area=make_area(place, name="Kitchen"), is_online=False)
    make_table(place, area=make_area(place, name="Cellar"), is_active=False)
    make_area(place, name="Roof")
    text = Diner(place).ask().content.decode()
    assert not any(name in text for name in ("Kitchen", "Cellar", "Roof"))


@pytest.mark.parametrize("area", ["0", "-1", "x", "9" * 30, "🍕", "1.0"])
def test_an_area_that_is_not_here_is_a_form_error(place: Restaurant, area: str) -> None:
    other = make_area(make_restaurant())
    for wrong in (area, str(other.pk)):
        page = Diner(place).times(area=wrong)
        assert "This restaurant has no such area." in page.text
        assert not free(page)


def test_step_free_tables_alone(place: Restaurant) -> None:
    diner = Diner(place)
    assert not free(diner.times(step_free="on"))
    make_tables(place, [2], is_step_free=True)
    page = diner.times(step_free="on")
    assert len(free(page)) == 9
    assert page.form("/hold/").values["step_free"] == "on"
    assert page.form("/times/").values["step_free"] == "on"
    assert not free(diner.times(step_free="on", party=4))


@pytest.mark.parametrize(
    ("days", "party", "reason"),
    [
        (-1, 2, Reason.PAST),
        (200, 2, Reason.TOO_FAR),
        (7, 7, Reason.PARTY_TOO_LARGE),
        (7, 5, Reason.NO_TABLE),
        (8, 2, Reason.CLOSED),
        (9, 2, Reason.NO_SERVICE),
        (10, 1, Reason.PARTY_TOO_SMALL),
        (11, 4, Reason.PACING_FULL),
    ],
)
def test_a_day_without_times_says_why(place: Restaurant, days: int, party: int, reason: Reason) -> None:
    with time_machine.travel(NOON, tick=False):
        make_closure(place, days_ahead(place, 8))
        Service.objects.update(weekdays=0b1111111 & ~(1 << days_ahead(place, 9).weekday()))
        for day, fields in ((10, {"min_party": 2}), (11, {"max_covers": 3})):
            special = make_special_day(place, days_ahead(place, day), is_closed=False)
            make_service(place, special_day=special, **fields)
        page = Diner(place).times(days_ahead(place, days), party)
    assert diner_day_text(reason) in page.text
    assert not free(page)


def test_times_that_are_over_are_left_out(place: Restaurant) -> None:
    place.lead_minutes = 60
    place.save()
    with time_machine.travel(NOON + dt.timedelta(hours=5, minutes=20), tick=False):
        # 19:20 at the restaurant: 20:00 is within the lead time.
        assert free(Diner(place).times(days_ahead(place, 0)))[0] == "20:30"
    with time_machine.travel(NOON + dt.timedelta(hours=9), tick=False):
        page = Diner(place).times(days_ahead(place, 0))
        assert not free(page)
        assert diner_day_text(Reason.TOO_LATE) in page.text or diner_day_text(Reason.PAST) in page.text


def test_the_days_before_and_after_are_links(place: Restaurant) -> None:
    with time_machine.travel(NOON, tick=False):
        diner = Diner(place)
        page = diner.times(days_ahead(place, 0), step_free="on")
        assert not any(label.startswith("←") and "date=" in url for label, url in page.links.items())
        tomorrow = page.links["Thu 11 Jun →"]
        assert tomorrow == f"{diner.base}/times/?date=2026-06-11&party=2&step_free=on"
        assert read(diner.client.get(tomorrow)).links["← Wed 10 Jun"]
        last = diner.times(days_ahead(place, place.booking_window_days))
        assert not any(label.endswith("→") for label in last.links)


def test_after_midnight_belongs_to_the_evening_before() -> None:
    bar = make_venue(service={"first_seating": dt.time(22), "last_seating": dt.time(1), "interval_minutes": 60})
    form = Diner(bar).times().form("/hold/")
    assert [button.label for button in form.buttons] == ["22:00", "23:00", "00:00", "01:00"]
    late = dt.datetime.fromisoformat(form.button("01:00").value).astimezone(bar.zone)
    assert late.date() == days_ahead(bar, 8)
    assert form.values["date"] == str(days_ahead(bar, 7))


def test_htmx_gets_the_times_alone(place: Restaurant) -> None:
    diner = Diner(place, headers={"hx-request": "true"})
    response = diner.ask()
    text = response.content.decode()
    assert "<html" not in text
    assert len(free(read(response))) == 9
    assert "hx-request" in response["Vary"].lower()
    assert "accept" in response["Vary"].lower()
    page = diner.ask(date="2026-02-30", party="two")
    assert page.status_code == 200
    assert "This is not a date of the calendar" in page.content.decode()
    assert "Give the number of guests in digits" in page.content.decode()


def test_times_without_a_question_are_todays(place: Restaurant) -> None:
    with time_machine.travel(NOON, tick=False):
        page = read(Client().get(f"/restaurants/{place.slug}/times/"))
    assert "Wednesday 10 June 2026 · 2 guests" in page.text
    assert len(free(page)) == 9


def test_the_number_of_queries_does_not_grow(place: Restaurant) -> None:
    def count(url: str) -> int:
        client = Client()
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    urls = [f"/restaurants/{place.slug}/times/?date={days_ahead(place)}&party=2", f"/restaurants/{place.slug}/"]
    before = [count(url) for url in urls]
    for number in range(8):
        area = make_area(place)
        tables = make_tables(place, [2, 4], area=area)
        make_combination(place, tables)
        make_service(place, name=f"Service {number}", first_seating=dt.time(11), last_seating=dt.time(15))
        make_turn_time(place, up_to=number + 1, minutes=90)
        make_seated(place, tables[:1], make_wish(place))
        make_special_day(place, days_ahead(place, 20 + number), is_closed=False)
    assert [count(url) for url in urls] == before
    # The day's own, and the month's beside it; without a cache each reads the house for itself, in one round trip.
    assert before[0] <= 34
