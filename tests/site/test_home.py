"""The home page: restaurants, found by name, city and cuisine; and what public pages must not do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from reservations.models import Restaurant, RestaurantCuisine
from reservations.queries.venue import PAGE
from tests.conftest import Site
from tests.factories import make_area, make_closure, make_menu, make_restaurant, make_service, make_table, make_venue
from tests.pages import Page, read
from tests.wire import Wire

pytestmark = pytest.mark.django_db


def make_place(name: str, city: str = "Berlin", cuisines: Iterable[str] = (), **fields: Any) -> Restaurant:
    restaurant = make_restaurant(name=name, city=city, **fields)
    for cuisine in cuisines:
        RestaurantCuisine.objects.create(restaurant=restaurant, cuisine=cuisine)
    return restaurant


@pytest.fixture
def town() -> None:
    make_place("Osteria Uno", "Roma", ["italian", "pizza"])
    make_place("Café 100% Bio_logico", "Berlin", ["coffee_shop", "ice_cream"])
    make_place("Curry Haus", "Berlin", ["indian"])
    make_place("Ćevapi & “Söhne” <b>", "Wien", ["balkan"])


def home(**query: str) -> Page:
    response = Client().get("/", query)
    assert response.status_code == 200
    return read(response)


def names(page: Page) -> list[str]:
    """Return the restaurants on the page: each card's link, which begins with the name."""
    return [text for text, url in page.links.items() if url.startswith("/restaurants/")]


# --- Finding ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Café", "Curry", "Osteria", "Ćevapi"]),
        ({"q": "osteria"}, ["Osteria"]),
        ({"q": " uno "}, ["Osteria"]),
        ({"q": "ćevapi"}, ["Ćevapi"]),
        ({"q": "<b>"}, ["Ćevapi"]),
        ({"city": "berlin"}, ["Café", "Curry"]),
        ({"city": "Berl"}, []),
        ({"cuisine": "Ice Cream"}, ["Café"]),
        ({"cuisine": "ice_cream"}, ["Café"]),
        ({"cuisine": "ice"}, []),
        ({"city": "Berlin", "cuisine": "indian"}, ["Curry"]),
        ({"city": "Roma", "cuisine": "indian"}, []),
        ({"q": "c", "city": "Wien", "cuisine": ""}, []),
        ({"unknown": "x"}, ["Café", "Curry", "Osteria", "Ćevapi"]),
        # Signs that a pattern of SQL would take for its own.
        ({"q": "100%"}, ["Café"]),
        ({"q": "%"}, ["Café"]),
        ({"q": "_"}, ["Café"]),
        ({"q": "\\"}, []),
        ({"q": "' OR 1=1 --"}, []),
    ],
)
def test_filters(town: None, query: dict[str, str], found: list[str]) -> None:
    page = home(**query)
    assert sorted(name.split()[0] for name in names(page)) == sorted(found)
    assert f"{len(found)} restaurant" in page.text


def test_what_was_typed_stays_in_the_form(town: None) -> None:
    typed = {"q": "“x” <script>", "city": "Wien", "cuisine": "Balkan"}
    page = home(**typed)
    assert page.forms[0].values == typed
    assert "No restaurant matches" in page.text
    assert page.links["Show all"] == "/"


def test_filters_suggest_what_there_is(town: None) -> None:
    text = Client().get("/").content.decode()
    for city in ("Berlin", "Roma", "Wien"):
        assert f'<option value="{city}">' in text
    for cuisine in ("coffee shop", "ice cream", "pizza"):
        assert f'<option value="{cuisine}">' in text


def test_unpublished_restaurants_are_nowhere(town: None) -> None:
    hidden = make_place("Hidden", "Atlantis", ["algae"], is_published=False)
    text = Client().get("/").content.decode()
    for word in ("Hidden", "Atlantis", "algae"):
        assert word not in text
    for url in ("", "menu/", "times/"):
        assert Client().get(f"/restaurants/{hidden.slug}/{url}").status_code == 404


def test_a_card_says_where_nobody_can_book_online(town: None) -> None:
    make_place("No Booking", online_booking="off")
    make_place("Odd Hours", online_booking="hours_unknown")
    page = home(q="o")
    assert page.text.count("no online booking") == 2


def test_nothing_at_all_is_a_page(db: None) -> None:
    page = home()
    assert "0 restaurants" in page.text
    assert "No restaurant matches" in page.text


def test_one_restaurant_alone_is_shown_itself(db: None) -> None:
    only = make_venue(name="The Only One")
    make_restaurant(is_published=False)
    page = home()
    assert page.headings[0] == "The Only One"
    assert page.form("/times/").values["party"] == "2"
    assert page.form("/times/").action == f"/restaurants/{only.slug}/times/"
    make_restaurant()
    assert "2 restaurants" in home().text


# --- Pages ------------------------------------------------------------------


@pytest.fixture
def crowd(db: None) -> int:
    """More restaurants than two pages hold, in an order of their own."""
    count = 2 * PAGE + 3
    for number in range(count):
        make_place(f"Place {number:03}", "Berlin & Co" if number % 2 else "Wien")
    return count


def test_the_pager_leads_through_all(crowd: int) -> None:
    client, url, seen, steps = Client(), "/", [], 0
    while url:
        page = read(client.get(url))
        seen += names(page)
        steps += 1
        assert f"Page {steps} of 3" in page.text
        step = page.links.get("Next", "")
        url = f"/{step}" if step else ""
    assert steps == 3
    assert [name.split()[1] for name in seen] == [f"{number:03}" for number in range(crowd)]
    assert page.links["Back"] == "?page=2"


def test_the_pager_keeps_the_filter(crowd: int) -> None:
    page = home(city="Berlin & Co", q="place")
    assert f"{crowd // 2} restaurants" in page.text
    assert page.links["Next"] == "?q=place&city=Berlin+%26+Co&page=2"
    second = read(Client().get("/" + page.links["Next"]))
    assert len(names(second)) == crowd // 2 - PAGE
    assert second.forms[0].values["city"] == "Berlin & Co"


@pytest.mark.parametrize("page", ["4", "99999", "100001", "0", "-1", "two", "1.5", "9" * 5000, "%00", "☃", ""])
def test_a_page_that_is_not_there(crowd: int, page: str) -> None:
    response = Client().get(f"/?page={page}")
    if page == "%00":
        assert response.status_code == 400
        return
    assert response.status_code == 200
    shown = 3 if page in ("4", "99999") else 1
    assert f"Page {shown} of 3" in read(response).text


# --- What public pages must not do ------------------------------------------


def public_pages(restaurant: Restaurant) -> list[str]:
    return ["/", "/?q=a&page=1", f"/restaurants/{restaurant.slug}/", f"/restaurants/{restaurant.slug}/menu/", "/de/"]


def test_public_pages_set_no_cookie_and_vary_by_none() -> None:
    restaurant = make_venue()
    make_restaurant()
    make_menu(restaurant)
    for url in public_pages(restaurant):
        for cookies in ({}, {"sessionid": "a" * 32, "csrftoken": "b" * 32}):
            client = Client()
            client.cookies.load(cookies)
            response = client.get(url)
            assert response.status_code == 200
            assert not response.cookies
            assert "Cookie" not in response.headers.get("Vary", "")
            assert "csrfmiddlewaretoken" not in response.content.decode()


def test_public_pages_are_the_same_for_everybody(client: Client, admin_client: Client) -> None:
    restaurant = make_venue()
    make_restaurant()
    for url in public_pages(restaurant):
        assert client.get(url).content == admin_client.get(url).content


@override_settings(
    MIDDLEWARE=[
        "restaurant_site.middleware.LanguageByPath",
        "django.middleware.common.CommonMiddleware",
    ]
)
def test_public_pages_need_neither_session_nor_csrf_nor_user() -> None:
    restaurant = make_venue()
    make_restaurant()
    for url in public_pages(restaurant):
        assert Client().get(url).status_code == 200


def count_queries(url: str) -> int:
    client = Client()
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_the_number_of_queries_does_not_grow() -> None:
    restaurant = make_venue()
    make_menu(restaurant)
    for number in range(5):
        make_place(f"Place {number}", cuisines=["a", "b"])
    counts = {url: count_queries(url) for url in public_pages(restaurant)}

    for number in range(10):
        make_place(f"Other {number}", f"City {number}", cuisines=["c", f"d{number}", "e"])
        make_table(restaurant, area=make_area(restaurant), seats=4)
        make_service(restaurant, name=f"Service {number}")
        make_menu(restaurant, dishes=[f"Dish {dish}" for dish in range(10)])
        RestaurantCuisine.objects.create(restaurant=restaurant, cuisine=f"f{number}")
    make_closure(restaurant, *[restaurant.updated_at.date()] * 2)
    assert {url: count_queries(url) for url in public_pages(restaurant)} == counts
    assert max(counts.values()) <= 12


# --- Languages --------------------------------------------------------------


def test_the_language_is_the_first_segment_of_the_path() -> None:
    make_venue()
    make_restaurant()
    english, german = Client().get("/"), Client().get("/de/")
    assert (read(english).language, english["Content-Language"]) == ("en", "en")
    assert (read(german).language, german["Content-Language"]) == ("de", "de")
    assert read(english).links["Deutsch"] == "/de/"
    assert read(german).links["English"] == "/"
    # Neither the browser's wish nor a cookie changes an address's page.
    asking = Client(headers={"accept-language": "de"})
    asking.cookies.load({"django_language": "de"})
    assert asking.get("/").content == english.content
    assert "Accept-Language" not in english.headers.get("Vary", "")


def test_the_language_link_leads_to_the_same_page() -> None:
    restaurant = make_venue()
    make_restaurant()
    for end in ("", "menu/", "times/"):
        url = f"/restaurants/{restaurant.slug}/{end}"
        assert read(Client().get(url)).links["Deutsch"] == f"/de{url}"
        assert read(Client().get(f"/de{url}")).links["English"] == url


@pytest.mark.parametrize("url", ["/fr/", "/en/", "/xx/restaurants/a/", "/de-AT/", "/DE/x/", "/de/de/"])
def test_an_unknown_language_is_not_found(url: str) -> None:
    response = Client().get(url)
    assert response.status_code == 404
    assert "There is nothing here" in read(response).text or response["Content-Language"] == "de"


def test_a_restaurant_that_is_not_there() -> None:
    make_venue()
    for slug in ("nothing", "Nothing_9", "x" * 3000):
        assert Client().get(f"/restaurants/{slug}/").status_code == 404


# --- As served --------------------------------------------------------------


def test_gunicorn_serves_the_listing(site: Site) -> None:
    make_place("Osteria Uno", "Roma", ["italian"])
    make_place("Curry Haus", "Berlin", ["indian"])
    answer = Wire(site.url).get("/?city=Roma")
    assert names(answer.page) == ["Osteria Uno Roma · italian"]
    assert "Set-Cookie" not in answer.headers


def test_the_health_page_answers_any_host_and_asks_for_nothing(site: Site) -> None:
    wire = Wire(site.url)
    for host in ("169.254.130.1", "evil.example", "-"):
        answer = wire.get("/healthz", Host=host)
        assert (answer.status, answer.body) == (200, b"ok\n")


def test_the_health_page_needs_no_database(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/healthz").content == b"ok\n"
    assert not queries
