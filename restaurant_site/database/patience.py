"""More time for the few pages of staff that sum up a year."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS, transaction

from restaurant_site.database import dialect, waits
from restaurant_site.database.waits import PATIENCE


@contextlib.contextmanager
def patient(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Give each statement of the block, which reads, `PATIENCE` seconds; a sign of life is asked for as ever.

    Azure SQL's driver counts on the connection: there the block has what every page has.
    """
    if waits.in_force() is None:
        yield
        return
    with waits.lasting(PATIENCE), transaction.atomic(using=using):
        dialect.allow(using, PATIENCE)
        yield
