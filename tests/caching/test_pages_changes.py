"""A change of what a page shows is on the page at once; the clock, errors, and what is the visitor's own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test.utils import CaptureQueriesContext

from menus.models import Dish
from reservations.models import Reservation, Restaurant
from reservations.queries import venue
from restaurant_site import views
from restaurant_site.caching.pages import layer
from tests import factories as make
from tests.caching.asking import application, ask, both_workers, page_keys, settle
from tests.caching.pages_here import OF_HERE, PAGES
from tests.conftest import Site
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

# --- A change is seen at once -------------------------------------------------------------


def rename(place: Restaurant) -> None:
    place.name = "Renamed & new"
    place.save()


def raise_price(place: Restaurant) -> None:
    Dish.objects.filter(restaurant=place, name="Soup").update(price=Decimal("91.35"))


def run_out(place: Restaurant) -> None:
    dish = Dish.objects.get(restaurant=place, name="Soup")
    dish.is_available = False
    dish.save()


def add_dish(place: Restaurant) -> None:
    make.make_dish(place.menus.get().sections.get(), name="Dumplings")


def close(place: Restaurant) -> None:
    make.make_closure(place, make.days_ahead(place, 3), reason="Stocktaking")


def open_early(place: Restaurant) -> None:
    place.opening_periods.create(day=1, opens=dt.time(6, 41), closes=dt.time(17, 30))


def shift_hours(place: Restaurant) -> None:
    place.opening_periods.update(opens=dt.time(7, 13))


def add_area(place: Restaurant) -> None:
    make.make_table(place, area=make.make_area(place, name="Winter garden"))


CHANGES: dict[str, tuple[Callable[[Restaurant], None], list[str], tuple[str, str]]] = {
    "a name": (rename, ["restaurant", "menu", "home"], ("Renamed &amp; new", "Renamed &amp; new")),
    "a price": (raise_price, ["restaurant", "menu"], ("91.35", "91,35")),
    "a dish that has run out": (run_out, ["restaurant", "menu"], ("not today", "heute nicht")),
    "a new dish": (add_dish, ["restaurant", "menu"], ("Dumplings", "Dumplings")),
    "a closure": (close, ["restaurant"], ("Stocktaking", "Stocktaking")),
    "new hours": (open_early, ["restaurant"], ("06:41", "06:41")),
    "other hours": (shift_hours, ["restaurant"], ("07:13", "07:13")),
    "an area": (add_area, ["restaurant"], ("Winter garden", "Winter garden")),
}
# They renew the listing too, on which the footer of every page hangs.
OF_THE_RESTAURANT_ITSELF = ("a name",)
ELSEWHERE = [f"{language}/restaurants/elsewhere/{end}" for language in ("", "/de") for end in ("", "menu/")]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_on_every_page_at_once_and_on_no_other(site: Site, here: Restaurant, name: str) -> None:
    change, pages, words = CHANGES[name]
    here.opening_periods.create(day=0, opens=dt.time(9), closes=dt.time(17))
    settle()
    paths = [
        (PAGES[page + ending], word) for ending, word in zip(("", " in German"), words, strict=True) for page in pages
    ]
    with both_workers(site) as workers:
        for _time in range(2):
            for worker in workers:
                before = [worker.get(path) for path, _word in paths]
                assert all(word not in answer.body.decode() for answer, (_, word) in zip(before, paths, strict=True))
                elsewhere = [worker.get(path).how for path in ELSEWHERE]
        assert {answer.how for answer in before} == {"hit"}
        assert set(elsewhere) == {"hit"}
        change(here)
        settle()
        for number, worker in enumerate(reversed(workers)):
            for path, word in paths:
                answer = worker.get(path)
                assert word in answer.body.decode(), path
                assert answer.how == ("hit" if number else "miss")
        if name in OF_THE_RESTAURANT_ITSELF:
            return
        for worker in workers:
            assert [worker.get(path).how for path in ELSEWHERE] == ["hit"] * len(ELSEWHERE)


def test_a_restaurants_own_name_is_nothing_to_the_pages_of_another(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    for path in ELSEWHERE:
        wire.get(path)
    rename(here)
    settle()
    assert [wire.get(path).headers["X-Cache"] for path in ELSEWHERE] == ["hit"] * len(ELSEWHERE)


def test_a_restaurant_that_is_taken_down_is_gone_at_once(site: Site, here: Restaurant) -> None:
    with both_workers(site) as workers:
        for worker in workers:
            assert [worker.get(PAGES[page]).status for page in OF_HERE] == [200] * 4
            assert "/restaurants/here/" in worker.get("/sitemap-1.xml").body.decode()
        here.is_published = False
        here.save()
        for worker in workers:
            for page in OF_HERE:
                answer = worker.get(PAGES[page])
                assert (answer.status, answer.how) == (404, "bypass")
                assert "Soup" not in answer.body.decode()
            for path in ("/", "/de/", "/sitemap-1.xml"):
                assert "/restaurants/here/" not in worker.get(path).body.decode()
        here.is_published = True
        here.save()
        for worker in workers:
            assert [worker.get(PAGES[page]).status for page in OF_HERE] == [200] * 4


def test_a_new_restaurant_is_listed_at_once(site: Site, here: Restaurant) -> None:
    paths = ["/", "/de/", "/?city=Berlin", "/sitemap-1.xml"]
    with both_workers(site) as workers:
        for worker in workers:
            for path in paths:
                assert "/restaurants/new/" not in worker.get(path).body.decode()
            assert worker.get("/restaurants/new/").status == 404
        make.make_venue(name="New", slug="new")
        for worker in workers:
            for path in paths:
                assert "/restaurants/new/" in worker.get(path).body.decode(), path
            assert worker.get("/restaurants/new/").status == 200


def test_an_address_that_changes_leads_to_one_page(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    assert wire.get("/restaurants/here/").status == 200
    here.slug = "there"
    here.save()
    assert [wire.get(f"/restaurants/{slug}/").status for slug in ("here", "there")] == [404, 200]
    make.make_venue(name="Another", slug="here")
    assert "Another" in wire.get("/restaurants/here/").page.headings


def test_the_only_restaurant_is_home_until_there_is_another(site: Site) -> None:
    wire = Wire(site.url)
    first = make.make_venue(name="First")
    assert wire.get("/").page.headings[0] == "First"
    assert wire.get("/").headers["X-Cache"] == "hit"
    first.name = "Foremost"
    first.save()
    assert wire.get("/").page.headings[0] == "Foremost"
    make.make_venue(name="Second")
    assert "2 restaurants" in wire.get("/").page.text


def test_a_deleted_restaurant_leaves_no_page(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    assert [wire.get(PAGES[page]).status for page in OF_HERE] == [200] * 4
    here.delete()
    assert [wire.get(PAGES[page]).status for page in OF_HERE] == [404] * 4


# --- The clock ----------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland"])
def test_a_page_ends_at_the_restaurants_midnight(zone: str) -> None:
    place = make.make_venue(slug="here", timezone=zone)
    make.make_venue()
    # Tomorrow, since Redis lives by its own clock and must not see an entry end before it was stored.
    midnight = dt.datetime.combine(make.days_ahead(place, 2), dt.time(), tzinfo=place.zone)
    make.make_closure(place, make.days_ahead(place, 1), reason="Only today")
    app = application()
    with time_machine.travel(midnight - dt.timedelta(seconds=90), tick=False):
        before = [ask(app, "/restaurants/here/") for _time in range(2)]
    assert [answer.how for answer in before] == ["miss", "hit"]
    assert "Only today" in before[1].page.text
    assert before[1].page.form("/times/").values["date"] == make.days_ahead(place, 1).isoformat()
    with time_machine.travel(midnight - dt.timedelta(seconds=1), tick=False):
        assert ask(app, "/restaurants/here/").how == "hit"
    with time_machine.travel(midnight + dt.timedelta(milliseconds=1), tick=False):
        after = ask(app, "/restaurants/here/")
    assert after.how == "miss"
    assert "Only today" not in after.page.text
    assert after.page.form("/times/").values["date"] == make.days_ahead(place, 2).isoformat()


# --- Where making it would fail ----------------------------------------------------------------------


def test_a_hit_needs_neither_database_nor_view(here: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application()
    ask(app, "/restaurants/here/")
    monkeypatch.setattr(venue, "place", fail(OperationalError("gone")))
    monkeypatch.setattr(views, "found_place", fail(RuntimeError("a bug")))
    answer = ask(app, "/restaurants/here/")
    assert (answer.status, answer.how) == (200, "hit")


def fail(error: Exception) -> Callable[..., Any]:
    def failing(*_args: object, **_more: object) -> Any:
        raise error

    return failing


@pytest.mark.parametrize("error", [OperationalError("gone"), RuntimeError("a bug")])
def test_an_aged_page_is_served_where_making_it_anew_fails(
    here: Restaurant, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    app = application()
    before = ask(app, "/restaurants/here/")
    assert before.how == "miss"
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=12)):
        with monkeypatch.context() as patch:
            patch.setattr(views, "found_place", fail(error))
            for _time in range(3):
                answer = ask(app, "/restaurants/here/")
                assert (answer.status, answer.how, answer.body) == (200, "stale", before.body)
            # What was changed meanwhile is not served, whatever else there is to serve.
            here.tagline = "New"
            here.save()
            assert ask(app, "/restaurants/here/").status in (500, 503)
        assert "New" in ask(app, "/restaurants/here/").page.text


# --- What is the visitor's own ---------------------------------------------------------------------------


def book(wire: Wire, place: Restaurant) -> Reservation:
    """Book through the pages as a diner would."""
    date = make.days_ahead(place)
    times = wire.get(f"/restaurants/{place.slug}/times/?date={date}&party=2").page
    held = wire.send(times.form("/hold/"), "19:00")
    assert held.status == 302
    details = wire.get(held.headers["Location"]).page
    done = wire.send(
        details.form(held.headers["Location"]),
        "Confirm the reservation",
        name="Ada Guest",
        email="ada@example.org",
        phone="030 7654321",
    )
    assert done.status == 302
    assert wire.cookies["visitor"] == "1"
    return Reservation.objects.get(status=Reservation.Status.CONFIRMED, restaurant=place)


def test_what_is_a_visitors_own_comes_in_a_fragment_for_that_browser_alone(site: Site, here: Restaurant) -> None:
    stranger, diner = Wire(site.url), Wire(site.url)
    pages = ["/", "/restaurants/here/", "/restaurants/here/menu/"]
    before = [stranger.get(path) for path in pages]
    assert not stranger.cookies
    book(diner, here)
    for path, page in zip(pages, before, strict=True):
        # The page of who has booked is everybody's.
        answer = diner.get(path)
        assert (answer.headers["X-Cache"], answer.body) == ("hit", page.body)
        assert "Set-Cookie" not in answer.headers
        shown = answer.body.decode()
        assert 'data-url="/my-reservations/next/"' in shown
        assert re.search(r'<aside id="visitor"[^>]* hidden></aside>', shown)
    for language in ("", "/de"):
        own = diner.get(f"{language}/my-reservations/next/")
        assert own.status == 200
        assert "Here" in own.page.text
        assert own.headers["X-Cache"] == "bypass"
        directives = {word.strip() for word in own.headers["Cache-Control"].split(",")}
        assert directives >= {"private", "no-store"}
        assert "Cookie" in own.headers["Vary"]
    for wire in (stranger, Wire(site.url)):
        others = wire.get("/my-reservations/next/", Cookie="visitor=1")
        assert (others.status, others.body) == (204, b"")


def test_where_there_is_nothing_to_show_the_cookie_goes(site: Site, here: Restaurant) -> None:
    diner = Wire(site.url)
    reservation = book(diner, here)
    assert diner.get("/my-reservations/next/").status == 200
    mine = diner.get("/my-reservations/").page
    link = next(url for url in mine.links.values() if "/reservations/" in url and url.startswith("/restaurants/here/"))
    page = diner.get(link).page
    assert diner.send(page.form("/cancel/"), page.form("/cancel/").buttons[0].label).status == 302
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CANCELLED
    answer = diner.get("/my-reservations/next/")
    assert (answer.status, answer.body) == (204, b"")
    (cookie,) = [line for line in answer.headers.get_all("Set-Cookie") or [] if line.startswith("visitor=")]
    assert "Max-Age=0" in cookie
    assert "Path=/" in cookie
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_fragment_is_never_stored(site: Site, here: Restaurant) -> None:
    diner = Wire(site.url)
    book(diner, here)
    for _time in range(3):
        assert diner.get("/my-reservations/next/").headers["X-Cache"] == "bypass"
    assert not [key for key in page_keys() if "my-reservations" in key]


# --- Only what a page needs ---------------------------------------------------------------------------------


def test_a_miss_reads_every_row_through_the_cache(here: Restaurant) -> None:
    """Made anew after Redis lost the page alone, it costs no SQL: its pieces are there."""
    from django.db import connection

    app = application()
    ask(app, "/restaurants/here/")
    layer.store.client.delete_pattern("p:*")
    with CaptureQueriesContext(connection) as queries:
        assert ask(app, "/restaurants/here/").how == "miss"
    assert not [query for query in queries if "SELECT" in query["sql"]]
