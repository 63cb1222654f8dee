"""Connections to the primary that Sentinels name, who are asked whenever one is opened.

redis-py asks them for a connection that is taken from the pool. One that is kept,
as here each thread's, it opens anew at the address of before: of a primary that
is dead, or that has become a replica.
"""

from __future__ import annotations

from typing import Any

from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection


class PrimaryConnection(SentinelManagedConnection):
    """A connection to the primary of a service."""

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """Connect, unless it is; to the primary as the Sentinels name it now, unless the caller has just asked them."""
        if retry_socket_connect and not self.is_connected:
            pool: Any = self.connection_pool
            self.host, self.port = pool.get_master_address()
        super().connect_check_health(check_health, retry_socket_connect)


class PrimaryTlsConnection(PrimaryConnection, SentinelManagedSSLConnection):
    """The same through TLS."""
