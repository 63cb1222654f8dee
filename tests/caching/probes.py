"""How the tests look at what the cache does: tokens in Redis, round trips, and reads with something to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis.connection
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reservations.models import Restaurant
from restaurant_site.caching.keys import token_key
from restaurant_site.caching.reads import cached
from restaurant_site.caching.store import store


@cached(tags=lambda pk: (f"restaurant:{pk}",))
def tagline(pk: int) -> str | None:
    """Return a restaurant's tagline, or None."""
    return Restaurant.objects.filter(pk=pk).values_list("tagline", flat=True).first()


def tokens(*tags: str) -> dict[str, bytes | None]:
    """Return the token of each tag as Redis has it."""
    found = store("default").read([token_key(tag) for tag in tags])
    return {tag: found.get(token_key(tag)) for tag in tags}


def renewed(tags: set[str], action: Callable[[], Any]) -> set[str]:
    """Do something and return which of the tags were renewed by it; all have a token before."""
    store("default").renew(tags)
    before = tokens(*tags)
    action()
    after = tokens(*tags)
    return {tag for tag in tags if after[tag] != before[tag]}


class Costs:
    """What something cost: SQL statements, and commands sent to Redis, each waited for."""

    sql = 0
    trips = 0


@contextmanager
def costs() -> Iterator[Costs]:
    """Count while something is done in this thread's process."""
    found = Costs()
    sending: Any = redis.connection.AbstractConnection.send_packed_command

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        found.trips += 1
        return sending(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as queries:
        patch.setattr(redis.connection.AbstractConnection, "send_packed_command", counted)
        yield found
    found.sql = len(queries)
