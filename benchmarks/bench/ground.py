"""What the benchmarks stand on: servers and a database of their own, never those that `make run` serves."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

_INSTANCE = "bench"
_DATABASE = "bench"


class UnmeasurableError(Exception):
    """What a benchmark needs and this machine lacks, in a few words."""


@dataclass(frozen=True)
class Ground:
    """Running servers. redis_url names database 0, which is the site's; the peers have others."""

    database_url: str
    redis_url: str

    def redis(self, number: int) -> str:
        """Return the URL of another of the server's databases."""
        return self.redis_url.replace("db=0", f"db={number}")


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers, set up Django on an empty, migrated database, and stop them at the end.

    Whatever DATABASE_URL and REDIS_URL name is left alone: it may be somebody's.
    """
    os.environ |= {"SITE_ENV": "development", "DEBUG": "false"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")
    for name in ("DATABASE_URL_FILE", "REDIS_URL_FILE"):
        os.environ.pop(name, None)
    from restaurant_site import embedded

    try:
        servers = embedded.ensure(ROOT, instance=_INSTANCE)
    except embedded.EmbeddedError as error:
        raise UnmeasurableError(f"no PostgreSQL: {error}") from error
    try:
        if not servers.redis_url:
            raise UnmeasurableError(f"no Redis: {' '.join(servers.notes)}")
        found = Ground(_new_database(servers.database_url), servers.redis_url)
        os.environ |= {"DATABASE_URL": found.database_url, "REDIS_URL": found.redis_url}
        _empty_redis(found.redis_url)
        _set_up()
        yield found
    finally:
        # Threads of this process may still beat, and would complain that the servers are gone.
        logging.disable()
        servers.release()


def _new_database(url: str) -> str:
    """Make the database anew beside the one that the instance came with; return its URL."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {_DATABASE}")
    return urlsplit(url)._replace(path=f"/{_DATABASE}").geturl()


def _empty_redis(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as client:
        client.flushall()


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
