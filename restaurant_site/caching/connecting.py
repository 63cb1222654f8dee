"""django-redis's factory of connections, for every kind of address: one server, Sentinels, a cluster."""

from __future__ import annotations

from typing import Any

from django_redis.pool import ConnectionFactory
from redis.connection import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
from redis.sentinel import Sentinel, SentinelConnectionPool

from restaurant_site.caching import addresses
from restaurant_site.caching.addresses import Address
from restaurant_site.caching.cluster import Link, NodeConnection, links_to
from restaurant_site.caching.sentinel import PrimaryConnection, PrimaryTlsConnection

# Where redis-py has no types.
_Plain: Any = Connection
_Sentinel: Any = Sentinel
_SentinelPool: Any = SentinelConnectionPool


class Factory(ConnectionFactory):  # type: ignore[misc]  # django-redis ships no types
    """Makes raw clients by the URL of an alias. Pools and maps of clusters are the process's, one for each URL."""

    def connect(self, url: str) -> Any:
        """Return a raw client: redis-py's, or a link to a cluster. A server that is away raises as redis-py does."""
        address = addresses.read(url)
        if address.kind == "cluster":
            return self._link(url, address)
        return super().connect(url)

    def disconnect(self, connection: Any) -> None:
        """Close a raw client's connections."""
        if isinstance(connection, Link):
            connection.disconnect()
        else:
            super().disconnect(connection)

    def get_connection_pool(self, params: dict[str, Any]) -> Any:
        """Return the pool of one server, or of the primary that Sentinels name."""
        address = addresses.read(params["url"])
        kwargs = self._of_connection(address, params) | {"max_connections": self.pool_cls_kwargs["max_connections"]}
        if address.kind == "sentinel":
            sentinels = _Sentinel(self.options["SENTINELS"], sentinel_kwargs=self.options["SENTINEL_KWARGS"])
            # The primary alone: a replica may not have the newest tokens.
            kwargs["connection_class"] = PrimaryTlsConnection if address.tls else PrimaryConnection
            return _SentinelPool(address.service, sentinels, is_master=True, **kwargs)
        if address.path:
            return ConnectionPool(connection_class=UnixDomainSocketConnection, path=address.path, **kwargs)
        host, port = address.hosts[0]
        return ConnectionPool(
            connection_class=SSLConnection if address.tls else Connection, host=host, port=port, **kwargs
        )

    def _of_connection(self, address: Address, params: dict[str, Any]) -> dict[str, Any]:
        given = {**params, **self.pool_cls_kwargs}
        kwargs = {name: value for name, value in given.items() if name not in ("url", "max_connections")}
        told = {"username": address.username, "password": address.password, "db": address.database}
        kwargs |= {name: value for name, value in told.items() if value}
        if provider := kwargs.get("credential_provider"):
            kwargs["redis_connect_func"] = provider.on_connect
        return kwargs

    def _link(self, url: str, address: Address) -> Link:
        kwargs = self._of_connection(address, self.make_connection_params(url))
        if not address.tls:
            return links_to(url, address.hosts, lambda host, port: _Plain(host=host, port=port, **kwargs))
        name = address.hosts[0][0]
        return links_to(url, address.hosts, lambda host, port: NodeConnection(name, host=host, port=port, **kwargs))
