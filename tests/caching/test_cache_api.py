"""Django's documented low-level cache API, on the site's aliases with their client and key function."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import BaseCache, caches

from restaurant_site.caching.keys import MAGIC
from tests import asynchronous


@pytest.fixture(params=["default", "pages", "sessions"])
def cache(request: pytest.FixtureRequest) -> BaseCache:
    return caches[request.param]


def test_set_get_and_defaults(cache: BaseCache) -> None:
    assert cache.get("key") is None
    assert cache.get("key", "default") == "default"
    cache.set("key", "value")
    assert cache.get("key") == "value"
    cache.set("none", None)
    assert cache.get("none", "default") is None
    assert "key" in cache
    assert cache.has_key("key")
    assert not cache.has_key("other")


@pytest.mark.parametrize(
    "value",
    ["text", "ü🍕", "", "42", 42, -7, 0, 2**60, 1.5, True, False, [1, [2]], {"a": {"b": None}}, "\x00", '"quoted"'],
)
def test_values_come_back_as_they_were(cache: BaseCache, value: Any) -> None:
    cache.set("value", value)
    found = cache.get("value")
    assert found == value
    assert type(found) is type(value)
    assert cache.get_many(["value", "missing"]) == {"value": value}


def test_bytes_of_this_app_pass_as_they_are_and_others_are_no_json(cache: BaseCache) -> None:
    cache.set("entry", MAGIC + b"\x00\xff12")
    assert cache.get("entry") == MAGIC + b"\x00\xff12"
    with pytest.raises(TypeError):
        cache.set("bytes", b"plain")


def test_add_sets_what_is_not_there(cache: BaseCache) -> None:
    assert cache.add("key", "first") is True
    assert cache.add("key", "second") is False
    assert cache.get("key") == "first"


def test_get_or_set(cache: BaseCache) -> None:
    assert cache.get_or_set("key", "made") == "made"
    assert cache.get_or_set("key", "again") == "made"
    assert cache.get_or_set("called", lambda: 7) == 7


def test_delete(cache: BaseCache) -> None:
    cache.set_many({"a": 1, "b": 2, "c": 3})
    assert cache.delete("a") is True
    assert cache.delete("a") is False
    cache.delete_many(["b", "c"])
    assert cache.get_many(["a", "b", "c"]) == {}


def test_many(cache: BaseCache) -> None:
    cache.set_many({"a": 1, "b": "two"})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": "two"}
    assert cache.get_many([]) == {}


def test_timeouts(cache: BaseCache) -> None:
    cache.set("short", 1, timeout=0.5)
    cache.set("never", 1, timeout=0)
    cache.set("past", 1, timeout=-1)
    cache.set("forever", 1, timeout=None)
    cache.set_many({"many": 1}, timeout=0.5)
    assert cache.get("short") == cache.get("many") == 1
    assert cache.get("never") is None
    assert cache.get("past") is None
    time.sleep(0.55)
    assert cache.get_many(["short", "many", "forever"]) == {"forever": 1}
    assert cache.add("short", 2)


def test_touch(cache: BaseCache) -> None:
    cache.set("key", 1, timeout=0.5)
    assert cache.touch("key", 60) is True
    assert cache.touch("missing", 60) is False
    time.sleep(0.55)
    assert cache.get("key") == 1
    assert cache.touch("key", 0)
    assert cache.get("key") is None


def test_incr_and_decr(cache: BaseCache) -> None:
    cache.set("number", 1)
    assert cache.incr("number") == 2
    assert cache.incr("number", 10) == 12
    assert cache.decr("number") == 11
    assert cache.decr("number", 5) == 6
    assert cache.incr("number", -6) == 0
    assert cache.get("number") == 0
    with pytest.raises(ValueError, match="not found"):
        cache.incr("missing")
    with pytest.raises(ValueError, match="not found"):
        cache.decr("missing")


def test_versions(cache: BaseCache) -> None:
    cache.set("key", "one")
    cache.set("key", "two", version=2)
    assert cache.get("key") == cache.get("key", version=1) == "one"
    assert cache.get("key", version=2) == "two"
    assert cache.get_many(["key"], version=2) == {"key": "two"}
    assert not cache.has_key("key", version=3)
    cache.delete("key", version=2)
    assert cache.get("key", version=2) is None
    assert cache.get("key") == "one"
    assert cache.incr_version("key") == 2
    assert cache.get("key") is None
    assert cache.get("key", version=2) == "one"
    assert cache.decr_version("key", version=2) == 1
    assert cache.get("key") == "one"
    with pytest.raises(ValueError, match="not found"):
        cache.incr_version("missing")


@pytest.mark.parametrize("key", ["t:menu:7", "a b", "ü", "k" * 300, "a\nb", "{slot}", "*", "p:1:x"])
def test_every_key_is_a_key_of_its_own(cache: BaseCache, key: str) -> None:
    """Also one that looks like this app's own."""
    cache.set(key, "plain")
    cache.set(key, "second", version=2)
    assert cache.get(key) == "plain"
    assert cache.get(key, version=2) == "second"
    assert cache.get(key + "x") is None


def test_aliases_do_not_see_each_other() -> None:
    for alias in ("default", "pages", "sessions"):
        caches[alias].set("t:same", alias)
    assert [caches[alias].get("t:same") for alias in ("default", "pages", "sessions")] == [
        "default",
        "pages",
        "sessions",
    ]


def test_clear_and_close(cache: BaseCache) -> None:
    cache.set("key", 1)
    cache.clear()
    assert cache.get("key") is None
    cache.close()
    cache.set("key", 1)
    assert cache.get("key") == 1


def test_the_asynchronous_twins(cache: BaseCache) -> None:
    async def use() -> None:
        await cache.aset("key", 1)
        assert await cache.aget("key") == 1
        assert await cache.aadd("key", 2) is False
        assert await cache.aincr("key") == 2
        assert await cache.aget_many(["key"]) == {"key": 2}
        assert await cache.ahas_key("key")
        assert await cache.adelete("key") is True

    asynchronous.run(use)
