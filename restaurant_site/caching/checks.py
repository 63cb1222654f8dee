"""System checks of what a coherent cache rests on: models, serializer, and the Redis server itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import models
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError, ResponseError

from restaurant_site.caching.aliases import CLIENTS
from restaurant_site.caching.connector import passed_over
from restaurant_site.caching.report import servers
from restaurant_site.caching.store import Store, aliases_by_location, store
from restaurant_site.caching.writes import CachedManager, cached_models

_UNKEPT = {"save": ("",), "appendonly": ("no", "0")}
_EVICTING = ("allkeys-", "volatile-")


@register(Tags.models)
def check_models(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a cached model some of whose writes would go unseen."""
    found: list[CheckMessage] = []
    for model in cached_models():
        found += [
            Error(
                f"{manager!r} of a cached model writes without renewing tags.",
                hint="Derive it from CachedManager, and let Meta.base_manager_name be 'objects'.",
                obj=model,
                id="caching.E001",
            )
            for manager in (model._base_manager, *model._meta.managers)
            if not isinstance(manager, CachedManager)
        ]
        found += [
            Error(
                f"{field.name} has a table of its own that no model declares.",
                hint="Declare its model, derived from CachedModel, and name it with through=.",
                obj=model,
                id="caching.E002",
            )
            for field in model._meta.local_many_to_many
            if (through := field.remote_field.through) is None or through._meta.auto_created
        ]
        if not getattr(model, "cache_tags", None):
            found.append(
                Error(
                    "cache_tags is not set.", hint='Such as Tags("menu:{restaurant_id}").', obj=model, id="caching.E003"
                )
            )
        elif unknown := [name for name in model.cache_tags.columns if not _is_column(model, name)]:
            found.append(
                Error(f"cache_tags names {unknown}, which are no columns.", hint=None, obj=model, id="caching.E004")
            )
    return found


@register(Tags.caches)
def check_aliases(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse pickle in Redis, keys that tear tokens apart, and a client that can't carry entries."""
    found: list[CheckMessage] = []
    for alias, config in settings.CACHES.items():
        if not config["BACKEND"].startswith("django_redis."):
            continue
        options = config.get("OPTIONS", {})
        if "pickle" in options.get("SERIALIZER", "django_redis.serializers.pickle.PickleSerializer").lower():
            found.append(
                Error(
                    f"The cache {alias!r} stores pickles.",
                    hint="Set OPTIONS['SERIALIZER']: whoever writes to Redis could run code here.",
                    id="caching.E005",
                )
            )
        if config.get("KEY_FUNCTION") != "restaurant_site.caching.keys.make_key":
            found.append(
                Error(
                    f"The cache {alias!r} does not share its tokens with the others.",
                    hint="Set KEY_FUNCTION to 'restaurant_site.caching.keys.make_key'.",
                    id="caching.E006",
                )
            )
        if options.get("CLIENT_CLASS") not in CLIENTS:
            found.append(
                Error(
                    f"The cache {alias!r} can't carry entries.",
                    hint=f"Set OPTIONS['CLIENT_CLASS'] to one of {', '.join(CLIENTS)}.",
                    id="caching.E007",
                )
            )
    return found


@register(Tags.caches)
def check_servers(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a Redis that keeps the cache on disk, or that refuses writes when it is full.

    One of sessions alone may write each change to its log: what that lacks
    after a crash is a second, and the outbox is replayed for a minute.
    One that is away is no error: the site starts without it. What a managed
    service does not tell is not held against it.
    """
    found: list[CheckMessage] = []
    for location, aliases in aliases_by_location().items():
        if location:
            found += _of_server(aliases[0], store(aliases[0]))
    return found


@register(Tags.caches, deploy=True)
def check_reached(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Tell of a Redis that is not used now, and why; warn of one that is connected to the app and not looked at.

    The first is no fault of the settings: the site goes on without it.
    """
    found: list[CheckMessage] = [
        checks.Info(
            f"The Redis of {server.aliases} is {server.state}",
            hint="The site goes on without it, only slower.",
            id="caching.I010",
        )
        for server in servers()
        if server.is_away
    ]
    if names := passed_over():
        found.append(
            checks.Warning(
                f"REDIS_URL is set, so {', '.join(names)} of Service Connector count for nothing.",
                hint="Take away whichever is not meant.",
                id="caching.W011",
            )
        )
    return found


def _of_server(alias: str, server: Store) -> Iterator[CheckMessage]:
    answers = _asked(server)
    bound = [
        told
        for told in answers
        if alias != "sessions" or told.get("appendonly") != "yes" or told.get("appendfsync") == "no"
    ]
    if kept := [name for name, off in _UNKEPT.items() if any(told.get(name, off[0]) not in off for told in bound)]:
        yield Error(
            f"The Redis of the cache {alias!r} keeps what is cached on disk ({', '.join(kept)}).",
            hint='A restart would bring old pages back. Set: save "" and appendonly no.',
            id="caching.E008",
        )
    policies = sorted({told["maxmemory-policy"] for told in answers} - {""})
    if refusing := [policy for policy in policies if not policy.startswith(_EVICTING)]:
        yield Error(
            f"The Redis of the cache {alias!r} refuses writes when it is full (maxmemory-policy {refusing[0]}).",
            hint="Set maxmemory, and maxmemory-policy to volatile-lru or another that evicts.",
            id="caching.E009",
        )


def _asked(server: Store) -> list[dict[str, str]]:
    """Return the settings of each server as far as it tells them; nothing where it does not answer."""
    try:
        client = server.client
        answers = [
            {"maxmemory-policy": str(memory.get("maxmemory_policy", ""))} for memory in client.each("INFO", "memory")
        ]
        for name in ("save", "appendonly", "appendfsync", "maxmemory-policy"):
            try:
                found = client.each("CONFIG GET", name)
            except ResponseError:
                continue
            for told, pairs in zip(answers, found, strict=True):
                told |= {_text(key): _text(value) for key, value in pairs.items()}
    except (ConnectionInterrupted, RedisError, OSError, ValueError):
        return []
    return answers


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _is_column(model: type[models.Model], name: str) -> bool:
    return name == "pk" or any(name in (field.attname, field.name) for field in model._meta.concrete_fields)
