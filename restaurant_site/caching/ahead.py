"""What several reads will ask Redis for, read in one round trip before the first of them.

Good for the moment at which it was read, and so for who began before: each piece
is used once, within a block, and soon.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from restaurant_site.caching.store import Store, Unavailable

SECONDS = 0.25
"""So long what was read is used: a block may wait for a lock."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read, by names in Redis, and the names of the entries that nobody has asked for yet."""

    found: dict[str, Any]
    unused: set[str]
    until: float


_ahead: ContextVar[_Read | None] = ContextVar("ahead", default=None)


@contextlib.contextmanager
def reading(store: Store, asked: Sequence[list[str]]) -> Iterator[None]:
    """Read ahead, for each question, an entry's key with those of its tokens; `taken` gives them out in the block."""
    read = None
    until = time.monotonic() + SECONDS
    # Each question alone says what an error means.
    with contextlib.suppress(Unavailable):
        every = [*dict.fromkeys(key for keys in asked for key in keys)]
        prepared = store.prepare(every)
        names = dict(zip(every, prepared[0], strict=True))
        values = dict(zip(prepared[0], store.fetch(prepared), strict=True))
        read = _Read(values, {names[keys[0]] for keys in asked}, until)
    held = _ahead.set(read)
    try:
        yield
    finally:
        _ahead.reset(held)


def taken(names: Sequence[str]) -> list[Any] | None:
    """Return what was read ahead under an entry's name and those of its tokens, once; None where not all was."""
    read = _ahead.get()
    if read is None or names[0] not in read.unused:
        return None
    read.unused.discard(names[0])
    if time.monotonic() > read.until or not all(name in read.found for name in names):
        return None
    return [read.found[name] for name in names]
