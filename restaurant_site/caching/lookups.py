"""One question that a layer is asked: its key, how its answer is made, and what was found under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from restaurant_site.caching.client import Prepared
from restaurant_site.caching.entries import Entry
from restaurant_site.caching.stamps import Stamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An answer, and how it was come by: hit, stale, miss or bypass."""

    value: T
    how: str


@dataclass(frozen=True, slots=True)
class Hint:
    """The tags that a key's entry had when it was last seen, and the command that reads it with their tokens."""

    tags: list[str]
    read: Prepared


@dataclass(slots=True)
class Lookup(Generic[T]):
    """One question of a layer, and what was found under its key."""

    key: str
    make: Callable[[], T]
    tags: Sequence[str] | None
    fresh: float
    parent: Stamp | None
    entry: Entry | None = None
    tokens: dict[str, bytes] = field(default_factory=dict)
    # In a tuple, since None is a value like any other.
    opened: tuple[T] | None = None
    lock: str = ""
    """The lock that this process fills under, until it is given back."""
