"""The checks of what the cache rests on: its servers, its aliases and its models."""

from __future__ import annotations

import pytest
from django.test import override_settings

from restaurant_site.caching import checks
from tests.caching.conftest import using
from tests.caching.test_operating import run
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, []),
        ({"save": "900 1"}, ["caching.E008"]),
        ({"appendonly": "yes"}, ["caching.E008"]),
        ({"maxmemory_policy": "noeviction"}, ["caching.E009"]),
        ({"maxmemory_policy": "allkeys-lfu"}, []),
        ({"save": "60 1000", "maxmemory_policy": "noeviction"}, ["caching.E008", "caching.E009"]),
    ],
)
def test_a_server_that_does_not_suit_is_refused(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str], found: list[str]
) -> None:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start(**settings)
    try:
        with using(server.url):
            assert [message.id for message in checks.check_servers()] == found
            assert all(message.hint for message in checks.check_servers())
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"appendonly": "yes", "save": "900 1"}, []),
        ({"save": "900 1"}, ["caching.E008"]),
        ({"appendonly": "yes", "appendfsync": "no"}, ["caching.E008"]),
    ],
)
def test_a_server_of_sessions_alone_may_keep_a_log_of_every_second(
    tmp_path_factory: pytest.TempPathFactory, own_redis: RedisServer, settings: dict[str, str], found: list[str]
) -> None:
    """Snapshots may be older than the outbox, and would sign in again who has left."""
    server = RedisServer(tmp_path_factory.mktemp("sessions")).start(**settings)
    try:
        with using(own_redis.url, sessions=server.url):
            assert [message.id for message in checks.check_servers()] == found
    finally:
        server.kill()


def test_a_managed_server_that_tells_little_is_asked_what_it_tells(own_redis: RedisServer) -> None:
    own_redis.client.config_set("maxmemory-policy", "noeviction")
    own_redis.client.execute_command("ACL", "SETUSER", "default", "-config")  # type: ignore[no-untyped-call]
    assert [message.id for message in checks.check_servers()] == ["caching.E009"]


def test_a_server_that_is_away_is_no_error(own_redis: RedisServer) -> None:
    own_redis.kill()
    assert list(checks.check_servers()) == []


def test_aliases_that_tear_the_cache_apart_are_refused() -> None:
    stock = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://nowhere", "OPTIONS": {}}}
    with override_settings(CACHES=stock):
        assert [message.id for message in checks.check_aliases()] == ["caching.E005", "caching.E006", "caching.E007"]
    assert checks.check_aliases() == []


def test_check_refuses_a_transaction_around_every_request_and_a_redis_that_persists(own_redis: RedisServer) -> None:
    """As the command does it, not only the functions."""
    own_redis.client.config_set("save", "60 1")
    with pytest.raises(Exception, match=r"caching\.E008"):
        run("check")


def test_a_model_without_tags_or_with_wrong_ones_is_refused() -> None:
    from menus.models import Dish
    from restaurant_site.caching.writes import Tags

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dish, "cache_tags", Tags("menu:{nothing}"))
        assert [message.id for message in checks.check_models()] == ["caching.E004"]
        patch.setattr(Dish, "cache_tags", None)
        assert [message.id for message in checks.check_models()] == ["caching.E003"]
