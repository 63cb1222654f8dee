"""Whether a database has the tables that this release needs: its migrations, by name."""

from __future__ import annotations

from functools import lru_cache

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

_whole: set[str] = set()


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the migrations of this release that the database lacks, in order; of a later release it may have more.

    Asked no more once there were none: nobody takes them back under a running process.
    """
    if using in _whole:
        return []
    applied = MigrationRecorder(connections[using]).applied_migrations()
    found = [f"{app}.{migration}" for app, migration in _needed() if (app, migration) not in applied]
    if not found:
        _whole.add(using)
    return found


@lru_cache(maxsize=1)
def _needed() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations))
