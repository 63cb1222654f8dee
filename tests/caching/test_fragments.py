"""Rendered pieces of pages: in each language, of plain arguments alone, and only from cached reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError
from django.template import Context, Template
from django.test import Client
from django.utils import timezone, translation
from django.utils.safestring import SafeString

import reservations.cached
from menus.models import Dish
from restaurant_site.caching import fragments, stats
from restaurant_site.caching.fragments import fragment, rendered
from tests import factories as make
from tests.caching.probes import costs
from tests.pages import read

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_warm_fragment_costs_one_round_trip_and_no_sql() -> None:
    restaurant = make.make_restaurant()
    make.make_menu(restaurant)
    first = rendered("menus", restaurant.pk, "EUR")
    rendered("menus", restaurant.pk, "EUR")
    with costs() as cost:
        again = rendered("menus", restaurant.pk, "EUR")
    assert (cost.sql, cost.trips) == (0, 1)
    assert again == first
    assert "Soup" in again
    assert isinstance(again, SafeString)


def test_a_change_is_in_it_at_once() -> None:
    restaurant = make.make_restaurant()
    make.make_menu(restaurant)
    assert "€7.50" in rendered("menus", restaurant.pk, "EUR")
    Dish.objects.filter(restaurant=restaurant).update(price="8.25")
    assert "€8.25" in rendered("menus", restaurant.pk, "EUR")


def test_each_language_has_its_own() -> None:
    make.make_restaurant()
    assert "Times are shown" in rendered("footer")
    with translation.override("de"):
        assert "Alle Uhrzeiten" in rendered("footer")
    assert "Times are shown" in rendered("footer")


def test_it_sees_its_arguments_and_nothing_else() -> None:
    restaurant = make.make_restaurant(name="Seen")
    template = Template('{% load caching %}{% fragment "facts" slug %}')
    shown = template.render(Context({"slug": restaurant.slug, "place": {"street": "Smuggled"}, "request": object()}))
    assert "Hauptstraße 1" in shown
    assert "Smuggled" not in shown


def test_what_a_restaurant_writes_is_escaped_cached_or_not() -> None:
    restaurant = make.make_restaurant(street="<b>Main</b> & Co")
    for _cold_then_warm in range(2):
        assert "&lt;b&gt;Main&lt;/b&gt; &amp; Co" in rendered("facts", restaurant.slug)


def test_a_safe_text_names_the_same_fragment_as_a_plain_one() -> None:
    restaurant = make.make_restaurant()
    rendered("facts", restaurant.slug)
    before = stats.counts().get(("fragment", "hit"), 0)
    rendered("facts", SafeString(restaurant.slug))
    assert stats.counts()["fragment", "hit"] == before + 1


def test_arguments_that_name_no_key_and_unknown_names_are_refused() -> None:
    with pytest.raises(TypeError, match="key of a fragment"):
        rendered("facts", make.make_restaurant())
    with pytest.raises(KeyError):
        rendered("nothing")
    with pytest.raises(ValueError, match="already"):
        fragment("x.html")(fragments._fragments["footer"].context)


def test_the_days_notices_end_with_the_local_day() -> None:
    """What a fragment shows by the local date bounds every page that it stands in."""
    from restaurant_site.caching.stamps import FOREVER, Stamp, gathering

    restaurant = make.make_restaurant(timezone="Asia/Tokyo")
    for _cold_then_warm in range(2):
        stamp = Stamp()
        with gathering(stamp, read=False):
            rendered("facts", restaurant.slug)
        midnight = reservations.cached.next_midnight(timezone.now(), "Asia/Tokyo")
        assert stamp.limit == midnight.timestamp() != FOREVER
        assert f"restaurant:{restaurant.pk}" in stamp.tokens
        assert stamp.reason == ""


def test_an_optional_fragment_is_left_out_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: object) -> dict[str, Any]:
        raise OperationalError("gone")

    monkeypatch.setitem(fragments._fragments, "footer", replace(fragments._fragments["footer"], context=gone))
    page = read(Client().get("/my-reservations/"))
    assert "My reservations" in page.headings
    assert "Times are shown" not in page.text


def test_the_footer_of_a_page_with_a_form_comes_from_the_cache() -> None:
    """Also on pages that are never cached as a whole."""
    restaurant = make.make_venue()
    Client().get("/my-reservations/")
    before = stats.counts().get(("fragment", "hit"), 0)
    page = read(Client().get(f"/restaurants/{restaurant.slug}/times/"))
    assert stats.counts()["fragment", "hit"] > before
    assert "Times are shown in each restaurant" in page.text
