"""Start the embedded servers for a process of development, where no URL names real ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from restaurant_site import env
from restaurant_site.caching.connector import connected_url
from restaurant_site.database import connector

# Commands that touch no database are not kept waiting for one.
_WITHOUT_SERVERS = frozenset({"help", "--help", "-h", "--version", "version", "makemessages", "compilemessages"})


def start_servers(checkout: Path, arguments: list[str], *, instance: str = "run") -> None:
    """Set DATABASE_URL and REDIS_URL to servers of this checkout's own where none is named, by Azure either.

    Does nothing in production, where both must be given. The servers stop with
    the last process that uses them. Ends the process with one line where the
    database can't be started.
    """
    env.read_env_file(checkout / ".env")
    if env.choice("SITE_ENV", ("production", "development"), "production") == "production":
        return
    # Through the reader, because the URL may also stand in a file, or be empty.
    need_database, need_redis = not connector.is_given(), not (env.text("REDIS_URL", "") or connected_url())
    if not (need_database or need_redis):
        return
    if not arguments or arguments[0] in _WITHOUT_SERVERS:
        if need_database:
            os.environ["DATABASE_URL"] = "postgresql:///not-started"
        if need_redis:
            os.environ["REDIS_URL"] = "none"
        return

    from restaurant_site import embedded

    try:
        servers = embedded.ensure(checkout, instance=instance, database=need_database, redis=need_redis)
    except embedded.EmbeddedError as error:
        raise SystemExit(f"The development servers could not be started: {error}") from error
    if need_database:
        os.environ["DATABASE_URL"] = servers.database_url
    if need_redis:
        os.environ["REDIS_URL"] = servers.redis_url or "none"
    for note in servers.notes:
        sys.stderr.write(f"{note}\n")
