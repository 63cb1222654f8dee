"""Bounded waits on Azure SQL, whose driver has settings of a connection for what PostgreSQL has options for.

A server that has stopped answering is noticed by the driver's own timeout of a query alone.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from restaurant_site.database import dialect, waits


@receiver(connection_created, dispatch_uid="bounded-waits")
def bound(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Set a new connection's timeouts for locks (milliseconds) and queries (seconds), by the kind of its process."""
    kind = waits.in_force()
    if dialect.of(connection) is not dialect.AZURE_SQL or kind is None:
        return
    connection.connection.timeout = int(kind.statement or 0)
    dialect.wait_for_locks(connection, kind.lock)
