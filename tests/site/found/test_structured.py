"""What search engines are told of a restaurant and its menus is what stands in the database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from rdflib import RDF, Graph
from rdflib.term import Node

from menus.models import Dish, Menu, Section
from reservations.models import OpeningPeriod, Restaurant, RestaurantCuisine, Service
from restaurant_site.schema_org import script
from tests.factories import days_ahead, make_closure, make_menu, make_restaurant, make_special_day, make_venue
from tests.site.found.reading import SDO, graph_of, head_of, is_term, outside_of_the_vocabulary, the, values

pytestmark = pytest.mark.django_db

HOSTILE = '</script><script>alert("1")</script><!-- & é \u2028'


@pytest.fixture
def venue() -> Restaurant:
    restaurant = make_venue(
        name="Zum Ochsen",
        slug="ochsen",
        tagline="Fire and salt",
        latitude=Decimal("52.49103"),
        longitude=Decimal("13.35421"),
        website="https://ochsen.example",
        text_language="de",
    )
    RestaurantCuisine.objects.create(restaurant=restaurant, cuisine="german")
    for day, opens, closes in ((0, 18, 23), (1, 18, 23), (4, 12, 15), (4, 18, 2), (5, 0, 0)):
        OpeningPeriod.objects.create(restaurant=restaurant, day=day, opens=dt.time(opens), closes=dt.time(closes))
    return restaurant


def told(path: str) -> Graph:
    response = Client().get(path)
    assert response.status_code == 200
    graph = graph_of(head_of(response.content.decode()))
    assert outside_of_the_vocabulary(graph) == []
    return graph


def hours(graph: Graph) -> set[tuple[str, ...]]:
    """Return each specification: the days or dates, when it opens, when it closes."""
    found = set()
    for spec in graph.objects(the(graph, "Restaurant"), SDO.openingHoursSpecification):
        (opens,), (closes,) = values(graph, spec, "opens"), values(graph, spec, "closes")
        days = [str(day).removeprefix(str(SDO)) for day in values(graph, spec, "dayOfWeek")]
        found.add((*days, *values(graph, spec, "validFrom"), *values(graph, spec, "validThrough"), opens, closes))
    return found


def dishes(graph: Graph) -> list[Node]:
    return list(graph.subjects(RDF.type, SDO.MenuItem))


def test_a_restaurant_is_told_as_it_is(venue: Restaurant, settings: object) -> None:
    settings.SITE_URL = "https://book.example.org"  # type: ignore[attr-defined]
    make_menu(venue)
    Dish.objects.filter(name="Bread").update(price="4.00")
    graph = told("/restaurants/ochsen/")
    row = the(graph, "Restaurant")
    address = "https://book.example.org/restaurants/ochsen/"
    expected = {
        "name": venue.name,
        "description": "Fire and salt",
        "telephone": venue.phone,
        "email": venue.email,
        "sameAs": venue.website,
        "servesCuisine": "german",
        "currenciesAccepted": "EUR",
        "priceRange": "€4.00 – €7.50",
        "url": address,
        "hasMenu": f"{address}menu/",
        "acceptsReservations": address,
    }
    assert {name: values(graph, row, name) for name in expected} == {name: [text] for name, text in expected.items()}
    (postal,) = values(graph, row, "address")
    assert values(graph, postal, "streetAddress") == [venue.street]
    assert values(graph, postal, "postalCode") == [venue.postcode]
    assert values(graph, postal, "addressLocality") == [venue.city]
    assert values(graph, postal, "addressCountry") == [venue.country]
    (geo,) = values(graph, row, "geo")
    assert values(graph, geo, "latitude") == [52.49103]
    assert values(graph, geo, "longitude") == [13.35421]
    (action,) = values(graph, row, "potentialAction")
    (target,) = values(graph, action, "target")
    assert values(graph, target, "urlTemplate") == [address]


def test_the_hours_of_the_week_and_of_days_that_differ(venue: Restaurant) -> None:
    closed, shorter, worded, lunch, ends = (days_ahead(venue, days) for days in (5, 7, 9, 11, 12))
    make_closure(venue, closed, closed + dt.timedelta(days=1), reason="Holidays")
    make_special_day(venue, shorter, is_closed=False, hours="12:00–16:00, 18:00 - 01:00")
    make_special_day(venue, worded, is_closed=False, hours="from 18:00")
    make_closure(venue, lunch, ends, service=Service.objects.get(restaurant=venue))
    found = hours(told("/restaurants/ochsen/"))
    assert found == {
        ("Monday", "Tuesday", "18:00", "23:00"),
        ("Friday", "12:00", "15:00"),
        ("Friday", "18:00", "02:00"),
        ("Saturday", "00:00", "23:59"),
        ("Sunday", "Thursday", "Wednesday", "00:00", "00:00"),
        (closed.isoformat(), (closed + dt.timedelta(days=1)).isoformat(), "00:00", "00:00"),
        (shorter.isoformat(), shorter.isoformat(), "12:00", "16:00"),
        (shorter.isoformat(), shorter.isoformat(), "18:00", "01:00"),
    }
    page = Client().get("/restaurants/ochsen/").content.decode()
    assert "Dinner</bdi>: closed" in page, "a service that does not take place is named"


def test_what_is_not_known_is_left_out() -> None:
    make_restaurant(
        slug="bare", street="", postcode="", city="", country="", phone="", email="", online_booking="hours_unknown"
    )
    make_restaurant()
    graph = told("/restaurants/bare/")
    row = the(graph, "Restaurant")
    unknown = ("address", "geo", "telephone", "priceRange", "hasMenu", "openingHoursSpecification", "servesCuisine")
    assert {name: values(graph, row, name) for name in unknown} == {name: [] for name in unknown}
    assert values(graph, row, "acceptsReservations") == []
    assert values(graph, row, "potentialAction") == []


def test_every_dish_is_told_with_its_price_and_diets(venue: Restaurant) -> None:
    menu = make_menu(venue, dishes=["Soup", "Stew", "Tea"])
    Dish.objects.filter(name="Soup").update(diets=["vegan", "halal"], description="With leek", price="6.50")
    Dish.objects.filter(name="Stew").update(price=None)
    Dish.objects.filter(name="Tea").update(is_available=False, price="3.00")
    Menu.objects.create(restaurant=venue, name="Draft", is_published=False)
    graph = told("/restaurants/ochsen/menu/")
    found = {values(graph, dish, "name")[0]: dish for dish in dishes(graph)}
    assert set(found) == set(Dish.objects.values_list("name", flat=True))
    for row in Dish.objects.all():
        told_dish = found[row.name]
        assert values(graph, told_dish, "description") == ([row.description] if row.description else [])
        offers = values(graph, told_dish, "offers")
        assert [values(graph, offer, "price") for offer in offers] == ([[str(row.price)]] if row.price else [])
        for offer in offers:
            assert values(graph, offer, "priceCurrency") == [venue.currency]
            (availability,) = values(graph, offer, "availability")
            assert is_term(availability, "InStock" if row.is_available else "SoldOut")
    diets = values(graph, found["Soup"], "suitableForDiet")
    assert [str(diet).removeprefix(str(SDO)) for diet in diets] == ["HalalDiet", "VeganDiet"]
    (named,) = graph.subjects(RDF.type, SDO.Menu)
    assert values(graph, named, "name") == [menu.name]
    assert values(graph, named, "inLanguage") == ["de"], "that of the restaurant's own words"
    (section,) = graph.objects(named, SDO.hasMenuSection)
    assert values(graph, section, "name") == [Section.objects.get().name]
    assert the(graph, "Restaurant") == the(told("/restaurants/ochsen/"), "Restaurant"), "both pages speak of one thing"


@pytest.mark.parametrize(("currency", "price"), [("JPY", "13"), ("EUR", "12.50"), ("KWD", "12.500")])
def test_a_price_has_the_decimals_of_its_currency(venue: Restaurant, currency: str, price: str) -> None:
    Restaurant.objects.update(currency=currency)
    make_menu(venue, dishes=["Soup"])
    Dish.objects.update(price="12.50")
    graph = told("/restaurants/ochsen/menu/")
    (offer,) = graph.objects(dishes(graph)[0], SDO.offers)
    assert values(graph, offer, "price") == [price]


def test_a_change_is_told_at_once(venue: Restaurant) -> None:
    make_menu(venue, dishes=["Soup"])
    client = Client()
    for path in ("/restaurants/ochsen/", "/restaurants/ochsen/menu/"):
        client.get(path)
    Restaurant.objects.filter(pk=venue.pk).update(phone="+49 30 7654321")
    Dish.objects.update(name="Broth")
    assert values(told("/restaurants/ochsen/"), the(told("/restaurants/ochsen/"), "Restaurant"), "telephone") == [
        "+49 30 7654321"
    ]
    graph = told("/restaurants/ochsen/menu/")
    assert [values(graph, dish, "name") for dish in dishes(graph)] == [["Broth"]]


def test_nothing_that_staff_type_ends_the_data(venue: Restaurant) -> None:
    Restaurant.objects.filter(pk=venue.pk).update(name=HOSTILE, tagline=HOSTILE, street=HOSTILE)
    make_menu(venue, dishes=[HOSTILE])
    for path in ("/restaurants/ochsen/", "/restaurants/ochsen/menu/"):
        page = Client().get(path).content.decode()
        assert "<script>" not in page
        assert values(told(path), the(told(path), "Restaurant"), "name") == [HOSTILE]
    raw = script({"name": HOSTILE})
    assert raw.count("<") == 2
    assert "&" not in raw


def test_a_private_restaurant_is_told_to_no_machine(venue: Restaurant) -> None:
    Restaurant.objects.filter(pk=venue.pk).update(is_published=False, link_key="a" * 24)
    make_menu(venue)
    for path in ("", "menu/", "privacy/"):
        head = head_of(Client().get(f"/restaurants/ochsen_{'a' * 24}/{path}").content.decode())
        assert head.documents == []
        assert head.hrefs("canonical") == []
        assert head.alternates == {}
        assert "og:image" not in head.metas
        assert head.metas["robots"] == "noindex, nofollow"


def test_the_home_page_tells_the_name_of_the_site() -> None:
    make_restaurant()
    make_restaurant()
    graph = told("/")
    assert values(graph, the(graph, "WebSite"), "name") == ["Tafel"]
    assert head_of(Client().get("/?city=Berlin").content.decode()).documents == []
