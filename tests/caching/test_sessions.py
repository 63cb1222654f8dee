"""Sessions: Django's documented API on this store, and what ``cached_db`` does not hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.cached_db import SessionStore as StockStore
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from msgspec import structs

from restaurant_site.caching import entries, gate, outbox, sessions
from restaurant_site.caching.sessions import SessionStore, tag_of
from restaurant_site.caching.store import Store
from tests import asynchronous
from tests.caching.probes import costs
from tests.factories import make_staff
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


def saved(**data: Any) -> str:
    """Return the key of a saved session."""
    store = SessionStore()
    store.update(data)
    store.save()
    assert store.session_key
    return store.session_key


# --- Django's API -------------------------------------------------------------------


def test_a_new_session_is_empty_and_untouched() -> None:
    store = SessionStore()
    assert (store.modified, store.accessed, store.get("x"), store.is_empty()) == (False, False, None, True)
    assert store.get("x", "default") == "default"


def test_the_methods_of_a_dictionary() -> None:
    store = SessionStore()
    store["a"] = 1
    assert (store.accessed, store.modified, "a" in store, store["a"]) == (True, True, True, 1)
    assert store.pop("a") == 1
    assert store.pop("a", "gone") == "gone"
    with pytest.raises(KeyError):
        store.pop("a")
    assert store.setdefault("b", 2) == 2
    assert store.setdefault("b", 3) == 2
    store.update({"c": 3})
    assert (sorted(store.keys()), sorted(store.values()), sorted(store.items())) == (
        ["b", "c"],
        [2, 3],
        [("b", 2), ("c", 3)],
    )
    assert store.has_key("b")
    del store["b"]
    store.clear()
    assert list(store.items()) == []
    assert (store.accessed, store.modified) == (True, True)


def test_a_session_is_saved_loaded_and_deleted() -> None:
    key = saved(a=1, text="ü🍕", nested={"list": [1, None, True]})
    assert Session.objects.filter(pk=key).exists()
    for _cold_then_warm in range(2):
        loaded = SessionStore(key)
        assert dict(loaded.items()) == {"a": 1, "text": "ü🍕", "nested": {"list": [1, None, True]}}
        assert loaded.session_key == key
    assert SessionStore().exists(key)
    SessionStore(key).delete()
    assert not SessionStore().exists(key)
    assert SessionStore(key).get("a") is None


def test_save_without_a_key_creates() -> None:
    store = SessionStore()
    store["a"] = 1
    assert store.session_key is None
    store.save()
    assert store.session_key is not None
    assert SessionStore(store.session_key)["a"] == 1


def test_create_makes_a_key_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = saved(a=1)
    keys = iter([taken, "b" * 32])
    store = SessionStore()
    monkeypatch.setattr(store, "_get_new_session_key", lambda: next(keys))
    store.create()
    assert store.session_key == "b" * 32
    assert SessionStore(taken)["a"] == 1


def test_flush_and_cycle_key() -> None:
    key = saved(a=1)
    store = SessionStore(key)
    assert store["a"] == 1
    store.cycle_key()
    assert store.session_key not in (key, None)
    assert (store["a"], SessionStore(key).get("a"), SessionStore(store.session_key)["a"]) == (1, None, 1)
    key = store.session_key
    store.flush()
    assert store.session_key is None
    assert store.get("a") is SessionStore(key).get("a") is None


def test_a_session_that_was_deleted_is_not_saved_back_to_life() -> None:
    key = saved(a=1)
    mine, other = SessionStore(key), SessionStore(key)
    assert mine["a"] == other["a"] == 1
    other.flush()
    mine["b"] = 2
    with pytest.raises(UpdateError):
        mine.save()
    assert not Session.objects.filter(pk=key).exists()
    assert SessionStore(key).get("a") is None


def test_expiry() -> None:
    store = SessionStore()
    assert (store.get_expiry_age(), store.get_expire_at_browser_close()) == (30 * 24 * 3600, False)
    store.set_expiry(10)
    assert store.get_expiry_age() == 10
    store.set_expiry(timedelta(seconds=20))
    assert 19 <= store.get_expiry_age() <= 20
    store.set_expiry(timezone.now() + timedelta(seconds=30))
    assert 29 <= store.get_expiry_age() <= 30
    store.set_expiry(0)
    assert store.get_expire_at_browser_close()
    store.set_expiry(None)
    assert not store.get_expire_at_browser_close()


def test_an_expired_session_is_gone_though_it_is_cached() -> None:
    store = SessionStore()
    store["a"] = 1
    store.set_expiry(60)
    store.save()
    key = store.session_key
    assert SessionStore(key)["a"] == 1
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61), tick=True):
        assert SessionStore(key).get("a") is None


def test_clearing_the_expired_deletes_them_alone(django_assert_max_num_queries: Any) -> None:
    living = saved(a=1)
    for _number in range(30):
        store = SessionStore()
        store.set_expiry(-10)
        store.save()
    assert Session.objects.count() == 31
    with django_assert_max_num_queries(3):
        call_command("clearsessions")
    assert [row.pk for row in Session.objects.all()] == [living]


@pytest.mark.parametrize("key", ["", "a", "A" * 32, "a" * 31, "a" * 33, "a" * 31 + "\x00", "../" * 11, "ü" * 32])
def test_a_key_of_another_shape_is_no_session_and_asks_nobody(key: str) -> None:
    with costs() as cost:
        store = SessionStore(key)
        assert store.get("a") is None
        assert store.session_key is None
    assert (cost.sql, cost.trips) == (0, 0)


def test_a_row_that_was_tampered_with_is_an_empty_session(caplog: pytest.LogCaptureFixture) -> None:
    key = saved(a=1)
    Session.objects.filter(pk=key).update(session_data="forged:data")
    caches["sessions"].clear()
    assert SessionStore(key).get("a") is None


def test_whoever_writes_to_redis_can_not_make_a_session_up() -> None:
    """What lies there is the row's signed text."""
    key = saved(a=1)
    assert SessionStore(key)["a"] == 1
    client = caches["sessions"].client.get_client()  # type: ignore[attr-defined]
    (name,) = [name for name in client.keys("*s:session:*") if b"lock" not in name]
    entry = entries.decode(client.get(name))
    assert entry is not None
    forged = entry.payload.replace(saved_text(key)[:20].encode(), b"x" * 20)
    assert forged != entry.payload
    client.set(name, entries.encode(structs.replace(entry, payload=forged)))
    assert SessionStore(key).get("a") is None
    assert key.encode() not in b"".join(client.keys("*")) + client.get(name)


def saved_text(key: str) -> str:
    return str(Session.objects.get(pk=key).session_data)


def test_the_asynchronous_methods_are_the_same() -> None:
    async def use() -> None:
        store = SessionStore()
        await store.aset("a", 1)
        await store.asave()
        key = str(store.session_key)
        again = SessionStore(key)
        assert await again.aget("a") == 1
        await again.aset("a", 2)
        await again.asave()
        assert await SessionStore(key).aget("a") == 2
        assert await again.aexists(key)
        await again.acycle_key()
        assert await SessionStore(key).aget("a") is None
        await again.aflush()
        assert again.session_key is None
        # Of the thread that the methods ran in.
        await sync_to_async(connections.close_all)()

    asynchronous.run(use)


# --- The cache ------------------------------------------------------------------------


def test_a_warm_load_is_one_round_trip_and_no_sql() -> None:
    key = saved(a=1)
    SessionStore(key).load()
    with costs() as cost:
        assert SessionStore(key)["a"] == 1
    assert (cost.sql, cost.trips) == (0, 1)


def test_a_session_that_is_not_there_leaves_nothing_in_redis() -> None:
    for number in range(20):
        assert SessionStore(f"{number:032}").get("a") is None
    client = caches["sessions"].client.get_client()  # type: ignore[attr-defined]
    assert [key for key in client.keys("*") if b"session:" in key] == []


@pytest.mark.parametrize("by", ["save", "delete", "flush", "cycle_key", "the row"])
def test_every_change_ends_what_was_cached(by: str) -> None:
    key = saved(a=1)
    store = SessionStore(key)
    assert store["a"] == SessionStore(key)["a"] == 1
    if by == "save":
        store["a"] = 2
        store.save()
    elif by == "the row":
        Session.objects.filter(pk=key).delete()
    else:
        getattr(store, by)()
    assert SessionStore(key).get("a") == (2 if by == "save" else None)


LOGGED_OUT = "the old cookie"


def interleave(store: Callable[[str], Any], log_out: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a logout fall between another request's read of the row and its fill; return what the cookie finds then."""
    key = saved(who=LOGGED_OUT)
    caches["sessions"].clear()
    reading = Session.objects.__class__.get_queryset
    going = True

    def get_queryset(self: Any) -> Any:
        nonlocal going
        rows = reading(self)
        if not going:
            return rows
        going = False
        held = list(rows.filter(session_key=key))
        log_out(key)

        class Read:
            def filter(self, **_conditions: Any) -> Any:
                return self

            def first(self) -> Any:
                return held[0]

            def get(self, **_conditions: Any) -> Any:
                return held[0]

        return Read()

    monkeypatch.setattr(Session.objects.__class__, "get_queryset", get_queryset)
    assert store(key).get("who") == LOGGED_OUT
    return store(key).get("who")


def test_a_logout_between_anothers_read_and_its_fill_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert interleave(SessionStore, lambda key: SessionStore(key).flush(), monkeypatch) is None


def test_the_stock_store_revives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: Django's cached_db, in the same interleaving."""
    monkeypatch.setattr(StockStore, "cache_key_prefix", "stock")
    assert interleave(StockStore, lambda key: StockStore(key).flush(), monkeypatch) == LOGGED_OUT


def test_a_logout_whose_worker_dies_before_redis_is_told_heals(monkeypatch: pytest.MonkeyPatch) -> None:
    key = saved(a=1)
    assert SessionStore(key)["a"] == 1
    with monkeypatch.context() as patch:
        patch.setattr(outbox._Renewal, "__call__", lambda _self: None)
        SessionStore(key).flush()
    assert SessionStore(key).get("a") == 1, "nothing to heal"
    monkeypatch.setattr(outbox, "UNCONFIRMED_SECONDS", -1)
    outbox.sweep()
    assert SessionStore(key).get("a") is None


# --- Redis is away ----------------------------------------------------------------------


def signed_in() -> Client:
    client = Client()
    client.force_login(make_staff())
    assert client.get("/admin/").status_code == 200
    return client


def with_cookie(cookie: str) -> Client:
    client = Client()
    client.cookies["sessionid"] = cookie
    return client


def test_a_logout_with_redis_frozen_stays_one_after_the_thaw(own_redis: RedisServer) -> None:
    client = signed_in()
    cookie = client.cookies["sessionid"].value
    assert with_cookie(cookie).get("/admin/").status_code == 200
    own_redis.freeze()
    client.post("/admin/logout/")
    assert with_cookie(cookie).get("/admin/").status_code == 302
    own_redis.thaw()
    for _time in range(3):
        assert with_cookie(cookie).get("/admin/").status_code == 302


def test_a_logout_in_a_short_freeze_is_not_answered_before_redis_knows(own_redis: RedisServer) -> None:
    """Another worker that did not notice the freeze reads the old entry: it must be outdated by then."""
    import threading

    client = signed_in()
    cookie = client.cookies["sessionid"].value
    key = f"t:{tag_of(str(cookie))}"
    before = own_redis.client.get(key)
    assert before
    own_redis.freeze()
    thaw = threading.Timer(0.6, own_redis.thaw)
    thaw.start()
    client.post("/admin/logout/")
    assert own_redis.client.get(key) not in (before, None)
    thaw.join()


def test_what_is_saved_while_redis_is_frozen_is_not_lost(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "SETTLE", 0.2)
    key = saved(a=1)
    assert SessionStore(key)["a"] == 1
    own_redis.freeze()
    store = SessionStore(key)
    store["a"] = 2
    store.save()
    assert SessionStore(key)["a"] == 2
    own_redis.thaw()
    assert SessionStore(key)["a"] == 2
    assert SessionStore(key)["a"] == 2


def test_nobody_is_logged_out_when_redis_goes_and_comes_back_empty(own_redis: RedisServer) -> None:
    client = signed_in()
    own_redis.kill()
    assert client.get("/admin/").status_code == 200
    own_redis.start()
    assert client.get("/admin/").status_code == 200


def test_the_tags_of_sessions_go_to_the_alias_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, set[str]] = {}
    renewing = Store.renew

    def renew(self: Store, tags: Any) -> None:
        told.setdefault(self.alias, set()).update(tags)
        renewing(self, tags)

    monkeypatch.setattr(Store, "renew", renew)
    key = saved(a=1)
    outbox.changed("menu:1", sessions.tag_of(key))
    assert told == {"sessions": {tag_of(key)}, "default": {"menu:1"}}
