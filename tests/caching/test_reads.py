"""Query results through the cache: what they cost, what they return, and what does not count as one."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

import menus.cached
import reservations.cached
from reservations.models import Restaurant
from restaurant_site.caching import entries, stats
from restaurant_site.caching.keys import ALL, MAGIC, token_key
from restaurant_site.caching.reads import CachedRead, cached
from restaurant_site.caching.stamps import do_not_store, valid_until
from restaurant_site.caching.store import store
from tests import factories as make
from tests.caching.probes import costs, tagline, tokens

pytestmark = pytest.mark.django_db(transaction=True)


def stored_keys(read: str) -> list[str]:
    """Return the keys of a read's entries."""
    client = caches["default"].client.get_client()  # type: ignore[attr-defined]
    return [key.decode() for key in client.keys("*") if read in key.decode() and ":lock:" not in key.decode()]


def test_a_hit_is_one_round_trip_and_no_sql() -> None:
    restaurant = make.make_restaurant(tagline="Slow food")
    assert tagline.found(restaurant.pk).how == "miss"
    with costs() as cost:
        assert tagline.found(restaurant.pk) == type(tagline.found(restaurant.pk))("Slow food", "hit")
    assert (cost.sql, cost.trips) == (0, 2)


def test_a_change_is_seen_at_once() -> None:
    restaurant = make.make_restaurant(tagline="Before")
    assert [tagline(restaurant.pk), tagline(restaurant.pk)] == ["Before", "Before"]
    restaurant.tagline = "After"
    restaurant.save()
    assert [tagline.found(restaurant.pk).how, tagline(restaurant.pk)] == ["miss", "After"]


def test_none_and_empty_results_are_results() -> None:
    assert tagline.found(0).how == "miss"
    with costs() as cost:
        assert (tagline.found(0).value, tagline.found(0).how) == (None, "hit")
    assert cost.sql == 0
    restaurant = make.make_restaurant()
    assert menus.cached.menus_of.found(restaurant.pk).how == "miss"
    again = menus.cached.menus_of.found(restaurant.pk)
    assert (again.value, again.how) == ((), "hit")


def test_what_comes_out_of_the_cache_is_what_went_in() -> None:
    """Every cached read of the site, with something in every field."""
    restaurant = make.make_venue(
        tables=(2, 4, 4),
        lead_clock=dt.time(11, 30),
        cutoff_minutes=90,
        service={"max_covers": 20},
        website="https://a.example",
    )
    make.make_combination(restaurant, list(restaurant.tables.all()[1:]))
    make.make_turn_time(restaurant, up_to=2, minutes=90)
    make.make_closure(restaurant, make.days_ahead(restaurant, 20), reason="Renovation")
    make.make_special_day(restaurant, make.days_ahead(restaurant, 9), is_closed=False, hours="12:00–16:00")
    restaurant.opening_periods.create(day=1, opens=dt.time(9), closes=dt.time(17, 30))
    restaurant.cuisines.create(cuisine="ice_cream")
    menu = make.make_menu(restaurant)
    dish = menu.sections.get().dishes.first()
    assert dish is not None
    dish.allergens, dish.diets, dish.other_labels, dish.price = ["milk"], ["vegan"], ["x"], None
    dish.save()
    make.make_hold(restaurant)
    make.make_reservation(restaurant, at=dt.time(20))
    reads: list[tuple[CachedRead[Any, Any], tuple[Any, ...]]] = [
        (reservations.cached._id_of, (restaurant.slug,)),
        (reservations.cached._place, (restaurant.pk,)),
        (reservations.cached.only_slug, ()),
        (reservations.cached.listing, ("", "", "", 1)),
        (reservations.cached.cities, (8,)),
        (reservations.cached.cuisines, (8,)),
        (reservations.cached.slugs, (1,)),
        (reservations.cached.parts, ()),
        (reservations.cached.day_plan, (restaurant.pk, make.days_ahead(restaurant))),
        (menus.cached.menus_of, (restaurant.pk,)),
    ]
    for read, arguments in reads:
        fresh = read.fresh(*arguments)
        assert fresh
        assert read.found(*arguments).how == "miss"
        found = read.found(*arguments)
        assert found.how == "hit"
        assert found.value == fresh
        assert repr(found.value) == repr(fresh)


def test_arguments_that_name_no_key_are_refused() -> None:
    for argument in (1.5, [1], b"x", dt.datetime.now(dt.UTC), object()):
        with pytest.raises(TypeError, match="key of a cached read"):
            tagline(argument)


def test_arguments_of_different_types_have_different_keys() -> None:
    @cached(tags=lambda what: ("restaurants",))
    def shown(what: Any) -> str:
        return repr(what)

    given: list[Any] = [1, "1", True, None, "None", dt.date(2026, 1, 2), "a'b", 'a"b', "a,b", "\x00", "ü" * 300]
    assert [shown(one) for one in given] == [repr(one) for one in given]
    assert [shown.found(one).how for one in given] == ["hit"] * len(given)


def test_inside_a_transaction_the_database_is_asked_and_nothing_stored() -> None:
    restaurant = make.make_restaurant(tagline="Before")
    assert tagline(restaurant.pk) == "Before"
    with transaction.atomic():
        Restaurant.objects.filter(pk=restaurant.pk).update(tagline="Mine")
        assert tagline.found(restaurant.pk).value == "Mine"
        assert tagline.found(restaurant.pk).how == "bypass"
        transaction.set_rollback(True)
    assert tagline(restaurant.pk) == "Before"


# --- Entries that are none ----------------------------------------------------


def truncated(entry: bytes) -> bytes:
    return entry[:-3]


def older_format(entry: bytes) -> bytes:
    return MAGIC + b"\x00" + entry[2:]


def other_shape(entry: bytes) -> bytes:
    found = entries.decode(entry)
    assert found is not None
    return entries.encode(entries.Entry(found.tags, found.tokens, found.fresh_until, found.valid_until, b"\xc0"))


def without_tags(entry: bytes) -> bytes:
    found = entries.decode(entry)
    assert found is not None
    return entries.encode(entries.Entry([], [], found.fresh_until, found.valid_until, found.payload))


def fewer_tokens(entry: bytes) -> bytes:
    found = entries.decode(entry)
    assert found is not None
    return entries.encode(entries.Entry(found.tags, [], found.fresh_until, found.valid_until, found.payload))


SPOILED: dict[str, Callable[[bytes], Any]] = {
    "empty": lambda _entry: b"",
    "text": lambda _entry: b'"Forged"',
    "a number": lambda _entry: b"42",
    "pickle": lambda _entry: pickle.dumps("Forged"),
    "only a head": lambda entry: entry[:2],
    "truncated": truncated,
    "an older format": older_format,
    "another shape": other_shape,
    "no tags": without_tags,
    "fewer tokens than tags": fewer_tokens,
    "noise": lambda _entry: MAGIC + b"\x01" + bytes(range(256)),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_no_entry_is_a_miss_and_is_made_anew(name: str) -> None:
    restaurant = make.make_restaurant(tagline="True")
    assert tagline(restaurant.pk) == "True"
    client = caches["default"].client.get_client()  # type: ignore[attr-defined]
    (key,) = stored_keys("probes.tagline")
    client.set(key, SPOILED[name](client.get(key)))
    assert tagline.found(restaurant.pk) == type(tagline.found(restaurant.pk))("True", "miss")
    assert tagline.found(restaurant.pk).how == "hit"


def test_keys_evicted_one_by_one_cost_a_miss_each() -> None:
    restaurant = make.make_restaurant(tagline="Before")
    client = caches["default"].client.get_client()  # type: ignore[attr-defined]
    tagline(restaurant.pk)
    (entry,) = stored_keys("probes.tagline")
    for key in (entry, token_key(f"restaurant:{restaurant.pk}"), token_key(ALL)):
        assert tagline.found(restaurant.pk).how == "hit"
        assert client.delete(key) == 1
        assert tagline.found(restaurant.pk).how == "miss"


def test_a_token_that_was_evicted_after_a_change_revives_nothing() -> None:
    """The old entry is still there, and the tag has no token: neither is proof that the entry is right."""
    restaurant = make.make_restaurant(tagline="Before")
    client = caches["default"].client.get_client()  # type: ignore[attr-defined]
    tagline(restaurant.pk)
    Restaurant.objects.filter(pk=restaurant.pk).update(tagline="After")
    client.delete(token_key(f"restaurant:{restaurant.pk}"))
    assert tagline(restaurant.pk) == "After"


def test_everything_can_be_ended_by_one_tag() -> None:
    restaurant = make.make_restaurant(tagline="x")
    tagline(restaurant.pk)
    store("default").renew([ALL])
    assert tagline.found(restaurant.pk).how == "miss"


def test_two_releases_keep_entries_apart_and_share_tokens() -> None:
    restaurant = make.make_restaurant(tagline="Before")
    for release in ("one", "two"):
        with override_settings(RELEASE=release):
            assert [tagline.found(restaurant.pk).how, tagline.found(restaurant.pk).how] == ["miss", "hit"]
    before = tokens(f"restaurant:{restaurant.pk}")
    with override_settings(RELEASE="two"):
        Restaurant.objects.filter(pk=restaurant.pk).update(tagline="After")
        assert tagline(restaurant.pk) == "After"
    with override_settings(RELEASE="one"):
        assert tagline(restaurant.pk) == "After"
    assert tokens(f"restaurant:{restaurant.pk}") != before


# --- What a read says of itself -------------------------------------------------


def test_what_must_not_be_stored_is_not() -> None:
    @cached(tags=lambda: ("restaurants",))
    def endless() -> int:
        do_not_store("endless")
        return 1

    assert [endless.found().how, endless.found().how] == ["bypass", "bypass"]
    assert not stored_keys("endless")


def test_what_was_made_of_an_error_is_not_stored() -> None:
    """An error has no tags to hand on: what is made of it would outlive its cause."""

    @cached(tags=lambda pk: (f"restaurant:{pk}",))
    def name_of(pk: int) -> str:
        return Restaurant.objects.get(pk=pk).name

    @cached(tags=lambda: ("restaurants-by-name",))
    def shown() -> str:
        try:
            return name_of(4711)
        except Restaurant.DoesNotExist:
            return "nobody"

    assert shown() == "nobody"
    make.make_restaurant(pk=4711, name="Here")
    assert shown() == "Here"


def test_the_clock_ends_an_entry_at_its_moment() -> None:
    limits = iter([timezone.now() + dt.timedelta(milliseconds=300), timezone.now() + dt.timedelta(hours=1)])

    @cached(tags=lambda: ("restaurants",))
    def soon() -> str:
        limit = next(limits)
        valid_until(limit)
        return limit.isoformat()

    first = soon()
    assert soon.found().how == "hit"
    while timezone.now().isoformat() <= first:
        pass
    assert soon.found().how == "miss"
    assert soon() != first


def test_what_is_over_already_is_not_stored() -> None:
    @cached(tags=lambda: ("restaurants",))
    def over() -> int:
        valid_until(timezone.now() - dt.timedelta(seconds=1))
        return 1

    assert [over(), over()] == [1, 1]
    assert not stored_keys("over()")


def test_unknown_restaurants_leave_nothing_behind() -> None:
    make.make_restaurant()
    for number in range(20):
        assert reservations.cached.place(f"nowhere-{number}") is None
        assert reservations.cached.place("n" * 5000 + str(number)) is None
    assert not stored_keys("nowhere")


def test_every_outcome_is_counted() -> None:
    before = stats.counts()
    restaurant = make.make_restaurant()
    for _time in range(3):
        tagline(restaurant.pk)
    with transaction.atomic():
        tagline(restaurant.pk)
    after = stats.counts()
    grown = {event: after.get(("data", event), 0) - before.get(("data", event), 0) for event in stats.EVENTS}
    assert (grown["miss"], grown["hit"], grown["bypass"], grown["fills"]) == (1, 2, 1, 1)
    assert grown["fill_us"] > 0
    assert grown["fill_bytes"] > 0
