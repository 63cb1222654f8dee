"""Reads from a read replica, for reports and exports alone: what they show may be some seconds old.

Nothing that a promise rests on and nothing that fills a cache reads it: there
is no router, a read says so itself by calling `read`, and a test knows who does.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.utils import timezone

from restaurant_site.database import dialect

logger = logging.getLogger("restaurant_site.database")

T = TypeVar("T")

ALIAS: Final = "replica"
MOST_BEHIND: Final = dt.timedelta(minutes=5)
"""A replica that is further behind is not read."""

_REST: Final = 10.0
"""Seconds for which a replica that failed is left alone; who finds that waits once."""

_again_at = 0.0


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What was read, and the moment (UTC) of the last change that it can hold; None: the present, by the primary."""

    value: T
    as_of: dt.datetime | None


def read(work: Callable[[str], T]) -> Read[T]:
    """Return what work reads of the alias that it is given: the replica's, or the database's own.

    The second where there is no replica, it is too far behind, or it fails; then
    work, which must only read, is done again from the start. Outside a
    transaction.
    """
    global _again_at
    if ALIAS in connections.settings and time.monotonic() >= _again_at:
        try:
            as_of = replayed(ALIAS)
            if as_of is not None and timezone.now() - as_of <= MOST_BEHIND:
                return Read(work(ALIAS), as_of)
            logger.warning("The replica is %s.", "no replica" if as_of is None else f"at {as_of:%H:%M:%S} UTC only")
        except Error as error:
            logger.warning("The replica failed: %s", type(error).__name__)
            connections[ALIAS].close()
        _again_at = time.monotonic() + _REST
    return Read(work(DEFAULT_DB_ALIAS), None)


def replayed(using: str) -> dt.datetime | None:
    """Return the moment of the last commit that a replica has (UTC), or None where the server is no replica.

    While nothing is written anywhere it stays as it is: what was read may be newer than it says, never older.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(dialect.of(connection).replayed)
        found = cursor.fetchone()[0]
    if not isinstance(found, dt.datetime):
        return None
    return found.replace(tzinfo=dt.UTC) if timezone.is_naive(found) else found


def suffix(as_of: dt.datetime | None, zone: dt.tzinfo) -> str:
    """Return what a file's name says of its age, in local time, such as ``-as-of-2026-12-01-183005``; "" at present."""
    return f"-as-of-{as_of.astimezone(zone):%Y-%m-%d-%H%M%S}" if as_of else ""
