"""Bounded waits on Azure SQL, whose driver has settings of a connection for what PostgreSQL has options for.

A server that has stopped answering is noticed by the driver's own timeout of a query alone.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from restaurant_site.database import waits

LOCK_TIMED_OUT, QUERY_TIMED_OUT = "1222", "HYT00"
"""The server's number of an error, and the driver's SQLSTATE."""


@receiver(connection_created, dispatch_uid="bounded-waits")
def bound(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Set a new connection's timeouts for locks (milliseconds) and queries (seconds), by the kind of its process."""
    kind = waits.in_force()
    if connection.vendor != "microsoft" or kind is None:
        return
    connection.connection.timeout = int(kind.statement or 0)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCK_TIMEOUT {int(kind.lock * 1000)}")
