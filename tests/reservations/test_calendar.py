"""The calendar of a month as diners get it: which days are links, what is said of the others, and how it is cached."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reservations.models import Restaurant
from tests.caching.asking import Told, application, ask
from tests.factories import (
    make_area,
    make_closure,
    make_reservation,
    make_restaurant,
    make_seated,
    make_venue,
    make_wish,
)
from tests.pages import Page, read
from tests.reservations.diner import TYPED, Diner

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2027, 3, 10, 12, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def place() -> Restaurant:
    service = {"weekdays": 0b0111111, "last_seating": dt.time(18)}
    return make_venue(tables=(2,), takes_waitlist=True, booking_window_days=30, service=service)


def shown(place: Restaurant, **asked: Any) -> Page:
    response = Client().get(f"/restaurants/{place.slug}/calendar/", asked)
    assert response.status_code == 200
    return read(response)


def days(page: Page) -> dict[str, str]:
    """Return what each day of a calendar that is a link says, with its address."""
    return {label: url for label, url in page.links.items() if re.match(r"\d+ \w+day ", label)}


@time_machine.travel(NOON, tick=False)
def test_each_day_says_in_words_what_it_has(place: Restaurant) -> None:
    make_seated(place, list(place.tables.all()), make_wish(place, date=dt.date(2027, 3, 12), at=dt.time(18)))
    make_closure(place, dt.date(2027, 3, 15))
    page = shown(place)
    assert "March 2027" in page.headings
    links = days(page)
    assert list(links)[:2] == [
        "10 Wednesday 10 March 2027, today: has room",
        "11 Thursday 11 March 2027: has room",
    ]
    assert links["12 Friday 12 March 2027: full, with a waitlist"].endswith("/times/?date=2027-03-12&party=2")
    for text in (
        "9 Tuesday 9 March 2027: can't be booked",
        "14 Sunday 14 March 2027: closed",
        "15 Monday 15 March 2027: closed",
    ):
        assert text in page.text
        assert text not in links
    assert (page.links["→ April 2027"], "← February 2027" in page.links) == (
        f"/restaurants/{place.slug}/calendar/?month=2027-04&party=2",
        False,
    )
    # The window ends on the 9th of April: there is no month after it.
    april = shown(place, month="2027-04")
    assert "→ May 2027" not in april.links
    assert list(days(april))[-1] == "9 Friday 9 April 2027: has room"


@time_machine.travel(NOON, tick=False)
def test_what_was_looked_for_goes_along(place: Restaurant) -> None:
    area = make_area(place, name="Terrace")
    place.tables.update(area=area, is_step_free=True)
    make_area(place, name="Cellar").tables.create(restaurant=place, name="C1", max_seats=2)
    page = shown(place, party="2", area=str(area.pk), step_free="on", month="2027-03")
    [url, *_others] = days(page).values()
    assert url == f"/restaurants/{place.slug}/times/?date=2027-03-10&party=2&area={area.pk}&step_free=on"
    assert page.form("/times/").values == {
        "party": "2",
        "date": "2027-03-10",
        "time": "",
        "area": str(area.pk),
        "step_free": "on",
    }
    # A day's page has the month beside its times, with the day marked and the wish kept.
    response = Diner(place).ask(dt.date(2027, 3, 11), time="19:00")
    assert response.content.decode().count('aria-current="date"') == 1
    assert "time=19%3A00" in days(read(response))["12 Friday 12 March 2027: has room"]


@pytest.mark.django_db(transaction=True)
def test_what_nobody_can_book_is_answered_with_the_nearest_and_not_stored(place: Restaurant) -> None:
    app = application()
    place.tables.update(is_step_free=True)
    odd = (
        *("month=2020-01", "month=9999-12", "month=0001-01", "month=2027-3", "month=12", "month=%F0%9F%8D%95"),
        *("party=0", f"party={'9' * 40}", "party=two", "party=02", "party=-1", "area=77777777777777777777", "area=x"),
        *("part=%3Cb%3E", "step_free=no", "step_free=1"),
    )
    for query in odd:
        for _time in range(2):
            told = ask(app, f"/restaurants/{place.slug}/calendar/?{query}")
            assert (told.status, told.how) == (200, "bypass"), query
        assert days(told.page), query
        assert not told.page.alerts, query
    assert ask(app, f"/restaurants/{place.slug}/calendar/?part=1&other=odd").how == "miss"
    assert ask(app, f"/restaurants/{place.slug}/calendar/?part=1&other=else").how == "hit"


def test_who_leads_nowhere() -> None:
    off = make_restaurant(online_booking="off")
    assert "takes no bookings online" in shown(off).text
    assert not days(shown(off))
    assert Client().get("/restaurants/nowhere/calendar/").status_code == 404
    draft = make_venue(is_published=False)
    assert Client().get(f"/restaurants/{draft.slug}/calendar/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_it_is_one_page_for_everyone_until_a_booking_ends_it(place: Restaurant) -> None:
    app = application()
    date = dt.datetime.now(place.zone).date() + dt.timedelta(days=3)
    date += dt.timedelta(days=date.weekday() == 6)
    target = f"/restaurants/{place.slug}/calendar/?month={date:%Y-%m}&part=1&party=2"

    def asked() -> Told:
        told = ask(app, target)
        assert told.status == 200
        return told

    def link() -> str:
        [found] = [label for label in days(asked().page) if date.strftime("%Y-%m-%d") in days(asked().page)[label]]
        return found

    first = asked()
    assert (first.how, first.header("Set-Cookie")) == ("miss", "")
    assert "<html" not in first.body.decode()
    with CaptureQueriesContext(connection) as queries:
        assert asked().how == "hit"
    assert not queries.captured_queries
    assert ask(app, target, If_None_Match=first.header("ETag")).status == 304
    assert "has room" in link()
    make_reservation(place, date=date, at=dt.time(18))
    assert asked().how == "miss"
    assert "full, with a waitlist" in link()


def test_a_full_day_proposes_others_and_keeps_what_was_typed(place: Restaurant) -> None:
    with time_machine.travel(NOON, tick=False):
        friday = dt.date(2027, 3, 12)
        make_seated(place, list(place.tables.all()), make_wish(place, date=friday, at=dt.time(18)))
        diner = Diner(place)
        page = diner.times(friday)
        labels = ("Wed 10 Mar", "Thu 11 Mar", "Sat 13 Mar", "Mon 15 Mar")
        assert [label for label in labels if label in page.links] == list(labels)
        assert page.links["Sat 13 Mar"].endswith("/times/?date=2027-03-13&party=2")
        # Somebody whose hold is gone takes along what was typed: by a form, and never in an address.
        response = diner.client.post(
            f"{diner.base}/hold/",
            {
                "date": str(friday),
                "party": "2",
                "start": make_wish(place, date=friday, at=dt.time(18)).start.isoformat(),
                "key": "abcdefgh",
                **TYPED,
            },
        )
        assert response.status_code == 409
        page = read(response)
        assert not any("2027-03-13" in url for url in page.links.values())
        [form] = [form for form in page.forms if any(button.label == "Sat 13 Mar" for button in form.buttons)]
        response = diner.send(form, "Sat 13 Mar")
        assert response.status_code == 200
        assert read(response).form("/hold/").values["name"] == TYPED["name"]
        assert "Saturday 13 March 2027" in read(response).text
