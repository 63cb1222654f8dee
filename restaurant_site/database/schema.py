"""Whether a database has the tables that this release needs: its migrations, by name."""

from __future__ import annotations

from functools import lru_cache

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

_whole: set[str] = set()


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the migrations of this release that the database lacks, in order; of a later release it may have more.

    Asked no more once there were none: nobody takes them back under a running process.
    """
    if using in _whole:
        return []
    found, _later = compared(connections[using])
    if not found:
        _whole.add(using)
    return found


def compared(connection: BaseDatabaseWrapper) -> tuple[list[str], list[str]]:
    """Return the migrations of this release that a database lacks, and those that it has beyond them, in order."""
    applied, needed = MigrationRecorder(connection).applied_migrations().keys(), _needed()
    lacking = [".".join(one) for one in needed if one not in applied]
    return lacking, sorted(".".join(one) for one in applied - set(needed))


@lru_cache(maxsize=1)
def _needed() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations))
