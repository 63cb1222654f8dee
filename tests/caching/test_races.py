"""A read and a write at the same moment, in every order of their steps; and the same with each guard taken away."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from reservations.models import Restaurant
from restaurant_site.caching import outbox
from restaurant_site.caching.reads import CachedRead, cached
from restaurant_site.caching.store import Store, store
from restaurant_site.caching.through import Layer
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

# Where in a fill another process's commit, and after it its tokens, may fall.
POINTS = ("before the tokens are read", "before the data", "after the data", "after the entry is stored")
ORDERS = [(a, b) for a, b in itertools.product(POINTS, POINTS) if POINTS.index(a) <= POINTS.index(b)]


class Other:
    """Another process that changes a restaurant: it commits at one point, and tells Redis at another."""

    def __init__(self, restaurant: Restaurant, commits_at: str, tells_at: str) -> None:
        self.restaurant = restaurant
        self.steps = [(commits_at, self.commit), (tells_at, self.tell)]

    def at(self, point: str) -> None:
        for step in list(self.steps):
            if step[0] == point:
                self.steps.remove(step)
                step[1]()

    def commit(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE reservations_restaurant SET tagline = 'new' WHERE id = %s", [self.restaurant.pk])

    def tell(self) -> None:
        outbox.publish([f"restaurant:{self.restaurant.pk}"])


def interleave(monkeypatch: pytest.MonkeyPatch, commits_at: str, tells_at: str, *, warm: bool) -> str | None:
    """Fill an entry while the other process writes; return what the next reader is answered."""
    restaurant = make.make_restaurant(tagline="old")
    other = Other(restaurant, commits_at, tells_at)
    going = not warm

    @cached(tags=lambda pk: (f"restaurant:{pk}",))
    def shown(pk: int) -> str | None:
        if going:
            other.at("before the data")
        found = Restaurant.objects.values_list("tagline", flat=True).get(pk=pk)
        if going:
            other.at("after the data")
        return found

    claiming, putting = Store.claim, Store.put

    def claim(self: Store, *args: Any) -> tuple[bool, list[Any]]:
        if going:
            other.at("before the tokens are read")
        return claiming(self, *args)

    def put(self: Store, key: str, value: bytes, seconds: float, **rest: Any) -> None:
        putting(self, key, value, seconds, **rest)
        # Not after the heartbeat.
        if going and "shown" in key:
            other.at("after the entry is stored")

    monkeypatch.setattr(Store, "claim", claim)
    monkeypatch.setattr(Store, "put", put)
    if warm:
        # An entry is there, and was just outdated: the fill has a predecessor, tokens and a hint.
        shown(restaurant.pk)
        store("default").renew([f"restaurant:{restaurant.pk}"])
        going = True
    shown(restaurant.pk)
    for point in POINTS:
        other.at(point)
    assert other.steps == []
    return answer(shown, restaurant.pk)


def answer(read: CachedRead[..., str | None], pk: int) -> str | None:
    return read(pk)


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize(("commits_at", "tells_at"), ORDERS)
def test_the_reader_after_a_write_sees_it(
    monkeypatch: pytest.MonkeyPatch, commits_at: str, tells_at: str, warm: bool
) -> None:
    assert interleave(monkeypatch, commits_at, tells_at, warm=warm) == "new"


# --- Without what keeps it so ----------------------------------------------------


def stamped_after_the_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stamp an entry with the tokens that its tags have once the data was read, as others do."""
    storing = Layer._store

    def late(self: Layer[Any], ask: Any, payload: bytes, stamp: Any) -> None:
        from restaurant_site.caching.keys import token_key

        found = self.store.read([token_key(tag) for tag in stamp.tokens])
        stamp.tokens = {tag: found.get(token_key(tag), token) for tag, token in stamp.tokens.items()}
        storing(self, ask, payload, stamp)

    monkeypatch.setattr(Layer, "_store", late)


def deleted_instead_of_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invalidate by deleting the entries, whose tokens never change, as others do."""

    def renew(self: Store, tags: Any) -> None:
        client = self.client.get_client()
        for key in client.keys("*shown*"):
            client.delete(key)

    monkeypatch.setattr(Store, "renew", renew)


CONTROLS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "stamped after the read": stamped_after_the_read,
    "deleted instead of renewed": deleted_instead_of_renewed,
}


@pytest.mark.parametrize("control", CONTROLS)
def test_without_the_guard_some_order_serves_the_old_value(control: str) -> None:
    """The same orders, so that the test above is known to be able to fail."""
    answers = {}
    for commits_at, tells_at in ORDERS:
        with pytest.MonkeyPatch.context() as monkeypatch:
            CONTROLS[control](monkeypatch)
            answers[commits_at, tells_at] = interleave(monkeypatch, commits_at, tells_at, warm=False)
    assert "old" in answers.values()
