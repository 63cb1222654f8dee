"""The site as gunicorn serves it, slower where it races, dying where it hurts, and without the guard SABOTAGE names."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from typing import Any

import django
import time_machine

# A node whose clock is wrong by so many seconds.
if ahead := float(os.environ.get("CLOCK_AHEAD", "0")):
    time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead)).start()

django.setup(set_prefix=False)

from restaurant_site.caching import gate, outbox  # noqa: E402
from restaurant_site.caching.keys import token_key  # noqa: E402
from restaurant_site.caching.store import Store  # noqa: E402
from restaurant_site.caching.through import Layer  # noqa: E402

SABOTAGE = os.environ.get("SABOTAGE", "")
CRASHES = float(os.environ.get("CRASHES", "0"))

_storing, _telling = Layer._store, outbox._Renewal.__call__


def slowly(self: Layer[Any], ask: Any, payload: bytes, stamp: Any) -> None:
    """Store a little later, so that writes fall between the read of the data and the entry."""
    time.sleep(0.01)
    if SABOTAGE == "stamp after the read":
        found = self.store.read([token_key(tag) for tag in stamp.tokens])
        stamp.tokens = {tag: found.get(token_key(tag), token) for tag, token in stamp.tokens.items()}
    _storing(self, ask, payload, stamp)


def deadly(self: outbox._Renewal) -> None:
    """Die now and then between the commit and Redis, as a worker does that is killed at the worst moment."""
    if random.random() < CRASHES:
        os._exit(9)
    _telling(self)


def delete(self: Store, _tags: Any) -> None:
    """Invalidate by deleting what is stored."""
    client = self.client.get_client()
    if keys := [key for key in client.keys("*") if not key.startswith(b"t:")]:
        client.delete(*keys)


# Patched as a test does, in a process of its own.
setattr(Layer, "_store", slowly)  # noqa: B010
setattr(outbox._Renewal, "__call__", deadly)  # noqa: B010
if SABOTAGE == "delete instead of token":
    setattr(Store, "renew", delete)  # noqa: B010
if SABOTAGE == "no outbox":
    setattr(outbox, "sweep", lambda: 0)  # noqa: B010
    gate._replays.clear()

from restaurant_site.wsgi import application  # noqa: E402

__all__ = ["application"]
