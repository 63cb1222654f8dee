"""Django's CACHES from the URLs of one Redis or two, all through django-redis."""

from __future__ import annotations

from typing import Any

from redis.maint_notifications import MaintNotificationsConfig

from restaurant_site.caching import addresses, identity
from restaurant_site.caching.addresses import Address

WAIT = 0.25
"""Seconds that one answer of Redis is waited for, and a connection to it. Nothing is tried again."""
SENTINEL_WAIT = 0.1
"""The same of a Sentinel, of which several may have to be asked."""

_CACHING = "restaurant_site.caching"
_ENTRIES, _CLUSTER = f"{_CACHING}.client.EntryClient", f"{_CACHING}.cluster_client.ClusterClient"
CLIENTS = (_ENTRIES, _CLUSTER)
"""The django-redis clients that carry entries."""
_AT_ONCE: dict[str, Any] = {
    "retry": None,
    # Where a server announces that it is maintained, as Redis Enterprise
    # and Azure do, redis-py would wait for ten seconds instead.
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}


def caches(cache_url: str, sessions_url: str) -> dict[str, dict[str, Any]]:
    """Return Django's CACHES. Both URLs have been read before, by `addresses.read`, or it raises BadAddress."""
    return {
        "default": alias(cache_url, "data", 300),
        # Beside its tokens, which the writes of the site renew in the alias above.
        "pages": alias(cache_url, "pages", 300),
        "sessions": alias(sessions_url, "sessions", 3600),
    }


def bypassed() -> dict[str, dict[str, Any]]:
    """Return Django's CACHES where there is no Redis."""
    dummy = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    return {"default": dummy, "pages": dummy, "sessions": dummy}


def alias(url: str, prefix: str, timeout: int) -> dict[str, Any]:
    """Return one alias. Those with one URL share its connections, and so must have equal options."""
    address = addresses.read(url)
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        # The whole of it: connections, and what is known of the server, go by this text.
        "LOCATION": url,
        "KEY_PREFIX": prefix,
        "KEY_FUNCTION": f"{_CACHING}.keys.make_key",
        "TIMEOUT": timeout,
        "OPTIONS": {
            "CLIENT_CLASS": _CLUSTER if address.kind == "cluster" else _ENTRIES,
            "CONNECTION_FACTORY": f"{_CACHING}.connecting.Factory",
            # JSON: whoever can write to Redis must not be able to run code here.
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": WAIT,
            "SOCKET_TIMEOUT": WAIT,
            "CONNECTION_POOL_KWARGS": _of_connections(address),
            "REDIS_CLIENT_KWARGS": _of_client(address),
            **(_of_sentinels(address) if address.kind == "sentinel" else {}),
            "IGNORE_EXCEPTIONS": True,
        },
    }


def _of_connections(address: Address) -> dict[str, Any]:
    return {
        **_AT_ONCE,
        "max_connections": 1000,
        **({"client_name": address.client_name} if address.client_name else {}),
        **_credentials(address),
        **_tls(address),
    }


def _of_client(address: Address) -> dict[str, Any]:
    # A connection for each thread, kept: half the cost of a read, and one
    # that broke is an error that is noticed, not a silent new connection
    # to a server that may have lost the newest tokens.
    return {"single_connection_client": True, **_credentials(address)}


def _credentials(address: Address) -> dict[str, Any]:
    """Return the credential provider, the same object for the connections and the client."""
    return {"credential_provider": identity.credentials(address.entra)} if address.entra else {}


def _tls(address: Address) -> dict[str, Any]:
    return {name: value for name in addresses.TLS if (value := getattr(address, name))}


def _of_sentinels(address: Address) -> dict[str, Any]:
    told = {"username": address.sentinel_username, "password": address.sentinel_password}
    return {
        "SENTINELS": list(address.hosts),
        "SENTINEL_KWARGS": {
            "socket_timeout": SENTINEL_WAIT,
            "socket_connect_timeout": SENTINEL_WAIT,
            "ssl": address.tls,
            **_AT_ONCE,
            **{name: value for name, value in told.items() if value},
            **_tls(address),
        },
    }
