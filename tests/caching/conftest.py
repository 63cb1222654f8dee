"""Fixtures of the cache's tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import override_settings

from reservations.models import Restaurant
from restaurant_site.caching import aliases, gate, through
from restaurant_site.caching import store as stores
from tests import factories as make
from tests.caching.asking import settle
from tests.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give a Redis of the test's own, running."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@contextmanager
def using(url: str, sessions: str = "") -> Iterator[None]:
    """Let this process's cache use another Redis, as a process does that has just started."""
    caches = aliases.caches(url, sessions or url)
    held = dict(stores._stores), dict(gate._gates)
    layers = list(through.layers)
    with override_settings(CACHES=caches):
        stores._stores.clear()
        gate._gates.clear()
        for layer in layers:
            layer.__dict__.pop("store", None)
        try:
            yield
        finally:
            stores._stores.clear()
            stores._stores.update(held[0])
            gate._gates.clear()
            gate._gates.update(held[1])
            for layer in layers:
                layer.__dict__.pop("store", None)
    # Django has made the caches anew, twice: the old ones are to hang up now, not some day.
    gc.collect()


@pytest.fixture
def own_redis(redis_server: RedisServer) -> Iterator[RedisServer]:
    """Let the cache of this process use a Redis that the test may break."""
    with using(redis_server.url):
        yield redis_server


@pytest.fixture
def here(transactional_db: None) -> Restaurant:
    """Return a restaurant with a menu; there is another, so that home is the listing."""
    place = make.make_venue(name="Here", slug="here")
    make.make_menu(place, dishes=["Soup", "Bread"])
    make.make_menu(make.make_venue(name="Elsewhere", slug="elsewhere", city="Köln"))
    settle()
    return place
