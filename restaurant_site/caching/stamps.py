"""What an answer was made from: the tags and tokens that gather while it is made, and until when it may be served."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with what it depends on: tokens, until when it is right, and why it can't be stored, if so."""

    value: Any
    tokens: Mapping[str, bytes]
    limit: float
    reason: str


class Stamp:
    """Gathers what an entry depends on while it is filled.

    The first token seen for a tag counts: of two, it is the older, and an entry
    that was made across a change must not look like one made after it.
    """

    __slots__ = ("limit", "memo", "reason", "tokens")

    def __init__(self, within: Stamp | None = None) -> None:
        self.tokens: dict[str, bytes] = {}
        self.limit = FOREVER
        self.reason = ""
        # What was read already while the outermost answer is made: one page
        # shows one state, and asks once.
        self.memo: dict[str, Answer] = within.memo if within else {}

    def absorb(self, inner: Answer) -> None:
        """Take in what an inner answer depends on."""
        for tag, token in inner.tokens.items():
            self.tokens.setdefault(tag, token)
        self.limit = min(self.limit, inner.limit)
        self.refuse(inner.reason)

    def refuse(self, reason: str) -> None:
        """Make the answer unstorable; the first reason is kept."""
        self.reason = self.reason or reason


_current: ContextVar[Stamp | None] = ContextVar("stamp", default=None)
_reading: ContextVar[bool] = ContextVar("reading", default=False)


def current() -> Stamp | None:
    """Return the stamp of what is being made now, if anything is."""
    return _current.get()


def reading() -> bool:
    """Return whether a cached read is under way: SQL belongs in there."""
    return _reading.get()


@contextlib.contextmanager
def gathering(stamp: Stamp | None, *, read: bool) -> Iterator[None]:
    """Let whatever is read within gather in a stamp. read says that SQL is expected: this is a cached read."""
    held = _current.set(stamp)
    was = _reading.set(read or _reading.get())
    try:
        yield
    finally:
        _reading.reset(was)
        _current.reset(held)


@contextlib.contextmanager
def one_state() -> Iterator[None]:
    """Let the block, which only reads, ask for each thing once: what is made of it shows one state."""
    with gathering(current() or Stamp(), read=reading()):
        yield


def valid_until(moment: dt.datetime) -> None:
    """Say that what is being made is right until this moment (aware), and must not be served after it.

    For what the clock changes by itself, such as the local date.
    """
    stamp = _current.get()
    if stamp is not None:
        stamp.limit = min(stamp.limit, moment.timestamp())


def do_not_store(reason: str) -> None:
    """Say that what is being made must not be stored: one visitor's, or one of endlessly many."""
    stamp = _current.get()
    if stamp is not None:
        stamp.refuse(reason)
