"""What `manage.py check --database …` says of a server: its version, its tables, and whether a replica is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import Error as DatabaseError
from django.db import NotSupportedError, connections

from restaurant_site.database import dialect, replica, schema


@register(Tags.database)
def check_servers(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Look at the servers behind the given aliases; without any, at none."""
    return [message for alias in databases or () for message in _of(alias)]


def _of(alias: str) -> Iterator[CheckMessage]:
    connection = connections[alias]
    side = dialect.of(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute(side.server)
            major, told = cursor.fetchone()
        lacking = schema.missing(alias)
        as_of = replica.replayed(alias) if alias == replica.ALIAS else None
    except NotSupportedError as error:
        # Django looks at the version itself, as it connects.
        yield _too_old(alias, f"is too old: {error}", side)
        return
    except DatabaseError as error:
        yield Error(
            f"The database {alias!r} can't be asked: {' '.join(str(error).split())}",
            hint="Is the server there, and do user, password and certificate match? See docs/databases.md.",
            id="restaurant_site.E010",
        )
        return
    if major < side.oldest:
        yield _too_old(alias, f"is of version {major}: {str(told).splitlines()[0]}", side)
    if lacking:
        # No error: `migrate` checks first.
        yield checks.Warning(
            f"The database {alias!r} lacks {len(lacking)} migrations of this release, the first {lacking[0]}.",
            hint="Run manage.py migrate in a release step; /readyz answers 503 until then.",
            id="restaurant_site.W010",
        )
    if alias == replica.ALIAS and as_of is None:
        yield Error(
            "The server of DATABASE_REPLICA_URL is no replica, or has replayed nothing yet.",
            hint="Point it at a standby of the database, or leave it out; until then it is not read.",
            id="restaurant_site.E012",
        )


def _too_old(alias: str, why: str, side: dialect.Dialect) -> Error:
    return Error(
        f"The server of the database {alias!r} {why}",
        hint=f"Use version {side.oldest} or newer.",
        id="restaurant_site.E011",
    )
