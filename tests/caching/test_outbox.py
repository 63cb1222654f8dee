"""What happens to a committed change when the process dies, or Redis is away, before Redis was told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from restaurant_site.caching import gate, heartbeat, outbox
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.store import Store, Unavailable, store
from tests import factories as make
from tests.caching.probes import renewed, tagline, tokens
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_outbox(db: None) -> None:
    """Begin with nothing, and let no web worker of another test sweep what is looked at here."""
    store("default").put("sweep", b"\xc1", 60)
    Invalidation.objects.all().delete()


def aged(seconds: float, **fields: Any) -> None:
    """Let all rows be older by the database's clock."""
    back = Now() - dt.timedelta(seconds=seconds)
    Invalidation.objects.update(created_at=back, **dict.fromkeys(fields, back))


def dies_after_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process tell Redis nothing, as one does that is killed right after its commit."""
    monkeypatch.setattr(outbox._Renewal, "__call__", lambda _self: None)


def test_a_change_whose_process_died_is_told_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    Invalidation.objects.all().delete()
    with monkeypatch.context() as patch:
        dies_after_commit(patch)
        restaurant.tagline = "new"
        restaurant.save()
    assert tagline(restaurant.pk) == "old", "nothing to heal"
    assert outbox.sweep() == 0, "its own process may be about to tell"
    aged(outbox.UNCONFIRMED_SECONDS + 0.1)
    assert outbox.sweep() == 1
    assert tagline(restaurant.pk) == "new"
    assert outbox.sweep() == 0, "told once is enough"


def test_without_an_outbox_it_stays_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    with monkeypatch.context() as patch:
        dies_after_commit(patch)
        restaurant.tagline = "new"
        restaurant.save()
    Invalidation.objects.all().delete()
    outbox.sweep()
    assert tagline(restaurant.pk) == "old"


def test_a_row_stays_for_a_minute_after_redis_confirmed_it() -> None:
    make.make_restaurant()
    aged(3600)
    assert outbox.sweep() == 1
    (row,) = Invalidation.objects.all()
    assert row.confirmed_at is not None
    outbox.sweep()
    assert Invalidation.objects.exists(), "only just confirmed, however old it is"
    aged(outbox.KEPT_SECONDS - 5, confirmed_at=True)
    outbox.sweep()
    assert Invalidation.objects.exists()
    aged(outbox.KEPT_SECONDS + 1, confirmed_at=True)
    outbox.sweep()
    assert not Invalidation.objects.exists()


def test_an_unconfirmed_row_is_kept_however_old(monkeypatch: pytest.MonkeyPatch) -> None:
    make.make_restaurant()
    aged(7 * 24 * 3600)

    def refuse(_self: Store, _tags: Any) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "renew", refuse)
        for _time in range(3):
            outbox.sweep()
    assert Invalidation.objects.filter(confirmed_at=None).count() == 1
    outbox.sweep()
    assert Invalidation.objects.filter(confirmed_at=None).count() == 0


def test_a_worker_marks_what_redis_confirmed_in_one_statement(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(outbox, "marking", True)
    for _time in range(20):
        outbox.changed("menu:1")
    assert Invalidation.objects.filter(confirmed_at=None).count() == 20
    with django_assert_num_queries(1):
        outbox.mark()
    assert Invalidation.objects.filter(confirmed_at=None).count() == 0
    with django_assert_num_queries(0):
        outbox.mark()


def test_many_rows_are_swept_in_pieces() -> None:
    Invalidation.objects.bulk_create(
        Invalidation(id=number, tags=f"menu:{number}", created_at=Now()) for number in range(1, 1301)
    )
    aged(10)
    assert renewed({"menu:1", "menu:1300"}, outbox.sweep) == {"menu:1", "menu:1300"}
    assert Invalidation.objects.filter(confirmed_at=None).count() == 0
    aged(100, confirmed_at=True)
    outbox.sweep()
    assert not Invalidation.objects.exists()


def test_only_one_process_sweeps_at_a_time() -> None:
    make.make_restaurant()
    aged(10)
    heartbeat.tidy()
    assert Invalidation.objects.filter(confirmed_at=None).exists()
    store("default").delete("sweep")
    heartbeat.tidy()
    assert not Invalidation.objects.filter(confirmed_at=None).exists()


# --- Redis is away ------------------------------------------------------------------


def test_a_write_goes_on_without_redis_and_is_told_when_it_is_back(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "SETTLE", 0.3)
    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    Invalidation.objects.all().delete()
    own_redis.freeze()
    restaurant.tagline = "new"
    restaurant.save()
    assert Invalidation.objects.filter(confirmed_at=None).count() == 1
    assert (tagline.found(restaurant.pk).value, tagline.found(restaurant.pk).how) == ("new", "bypass")
    own_redis.thaw()
    # Whoever uses Redis next replays the outbox first.
    assert tagline.found(restaurant.pk).how in ("miss", "bypass")
    assert tagline(restaurant.pk) == "new"


def test_the_answer_to_a_write_waits_through_a_short_freeze(own_redis: RedisServer) -> None:
    """Until Redis has the token, or every process must have noticed that it is away."""
    import threading

    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    before = tokens("restaurants")
    own_redis.freeze()
    thaw = threading.Timer(0.7, own_redis.thaw)
    thaw.start()
    restaurant.tagline = "new"
    restaurant.save()
    thaw.join()
    assert own_redis.client.get("t:restaurants") != before["restaurants"]
    assert tagline(restaurant.pk) == "new"


def test_after_that_a_write_does_not_wait(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    restaurant = make.make_restaurant()
    own_redis.kill()
    restaurant.save()
    began = time.monotonic()
    for _time in range(5):
        restaurant.save()
    assert time.monotonic() - began < 1
