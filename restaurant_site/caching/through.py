"""Reading through the cache: the one algorithm behind query results, fragments, pages and sessions.

The entry and its tokens are read in one round trip. Where the entry counts, it
is served. Else its tokens, as they were before the data is read, go into the
stamp of what is made; a write that happens meanwhile changes one, and the
entry is stored but never served.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, router
from django.utils.functional import cached_property

from restaurant_site.caching import ahead, entries, stats
from restaurant_site.caching.client import Prepared
from restaurant_site.caching.entries import Entry
from restaurant_site.caching.filling import fill_slot
from restaurant_site.caching.gate import Unavailable
from restaurant_site.caching.keys import ALL, new_token, token_key
from restaurant_site.caching.lookups import Found, Hint, Lookup
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.stamps import FOREVER, Answer, Stamp, current, gathering
from restaurant_site.caching.store import Store, enabled, store

T = TypeVar("T")

AGED = 6.0
"""An entry is kept this many times as long as it is fresh, to be served while one process makes it anew."""
FILL_LOCK = 10.0
"""Seconds after which a process that fills a key is believed to have died."""
WAIT = 1.0
"""Seconds for which the others wait for the one that fills, where there is nothing to serve; then they fill too."""
PASS = 5.0
"""Seconds for which an answer that could not be stored is not waited for: made by one after the other it is slow."""
_PAUSE = 0.02
_HINTS = 20_000


def _not_made() -> Any:
    raise AssertionError("A look that fills nothing makes nothing.")


layers: list[Layer[Any]] = []
"""Every layer of this process."""


class Layer(Generic[T]):
    """A class of cached things: its alias in Django's CACHES, and how its answers are encoded.

    decode raises ValueError or TypeError for what is not its own. sql says that
    making an answer may use the database, as a cached read does; a page or a
    fragment may only call cached reads. failed says that an answer is an error,
    which an aged entry is better than.
    """

    def __init__(
        self,
        kind: str,
        alias: str,
        *,
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        sql: bool = True,
        failed: Callable[[T], bool] = lambda _value: False,
        with_all: bool = True,
    ) -> None:
        self.kind = kind
        self.alias = alias
        self.encode = encode
        self.decode = decode
        self.sql = sql
        self.failed = failed
        self.always = (ALL,) if with_all else ()
        # What a page depends on is known once it was seen: a guess, checked by what the entry says.
        self.hints: dict[str, Hint] = {}
        # Keys whose answer could not be stored, until when nobody waits for another who makes it.
        self.passes: dict[str, float] = {}
        layers.append(self)

    @cached_property
    def store(self) -> Store:
        """Return the alias's store."""
        return store(self.alias)

    @cached_property
    def on(self) -> bool:
        """Return whether there is a cache at all."""
        return bool(settings.CACHE_ENABLED) and enabled(self.alias)

    def usable(self) -> bool:
        """Return whether Redis may be read now, as far as Redis is concerned."""
        return self.on and self.store.gate.usable()

    def bypassed(self) -> str:
        """Return why the cache must not be read now, or ""."""
        if not self.on:
            return "off"
        if connections[router.db_for_read(Invalidation)].in_atomic_block:
            # What the transaction wrote is not committed, and what it sees may be old.
            return "transaction"
        return "" if self.store.gate.usable() else "outage"

    def read(self, key: str, make: Callable[[], T], *, tags: Sequence[str] | None, fresh: float) -> Found[T]:
        """Return the answer under a key, made by make() where there is none that counts.

        tags are known beforehand for query results; None where they gather while
        it is made. fresh is in seconds.
        """
        ask = Lookup(key, make, tags, fresh, current())
        if ask.parent is not None and (known := ask.parent.memo.get(key)) is not None:
            ask.parent.absorb(known)
            return Found(known.value, "hit")
        reason = self.bypassed()
        try:
            return self._around(ask, reason) if reason else self.look(ask)
        except BaseException:
            if ask.parent is not None:
                # Whoever catches it has an answer whose tags are not known.
                ask.parent.refuse("an error")
            raise

    def seen(self, key: str, tags: Sequence[str]) -> Found[T | None]:
        """Return what counts under a key now, and None, as a miss or a bypass, where nothing does: it is not made.

        For who can do without, such as a refusal that saves the way to the database.
        """
        if self.bypassed():
            return Found(None, "bypass")
        ask: Lookup[T] = Lookup(key, _not_made, tags, 0.0, current())
        try:
            if self._judge(ask) == "hit":
                found = self._served(ask, "hit")
                return Found(found.value, found.how)
            return Found(None, "miss")
        except Unavailable:
            stats.count(self.kind, "error")
            return Found(None, "bypass")

    def look(self, ask: Lookup[T]) -> Found[T]:
        """Serve what counts, fill where nobody else does, or wait for who does."""
        give_up = time.monotonic() + WAIT
        try:
            how = self._judge(ask)
        except Unavailable:
            stats.count(self.kind, "error")
            return self._around(ask, "outage")
        while how != "hit":
            if self.passes and self.passes.get(ask.key, 0.0) > time.monotonic():
                return self._fill(ask)
            mine, how = self._claim(ask, how)
            if mine and how != "hit":
                return self._fill(ask)
            if how == "stale":
                break
            if how != "hit":
                if time.monotonic() > give_up:
                    return self._fill(ask)
                time.sleep(_PAUSE)
        self._unlock(ask)
        return self._served(ask, how)

    def _judge(self, ask: Lookup[T]) -> str:
        """Read the entry and its tokens, and return whether it is a hit, aged ("stale") or nothing ("")."""
        guess, asked = self._asking(ask)
        return self._judged(ask, guess, ahead.taken(asked[0]) or self.store.fetch(asked))

    def _claim(self, ask: Lookup[T], how: str) -> tuple[bool, str]:
        """Return whether this process is to fill, and what there is now, as `_judge` does, in one round trip.

        Between the first look and the lock another may have filled, and given it
        back. A lock that can't be had for an error fails open.
        """
        before = ask.entry, ask.opened
        lock = self._lock_name(ask)
        guess, asked = self._asking(ask)
        try:
            mine, found = self.store.claim(lock, new_token(), FILL_LOCK, asked)
            ask.lock = lock if mine else ""
            return mine, self._judged(ask, guess, found)
        except Unavailable:
            ask.entry, ask.opened = before
            return True, how

    def _asking(self, ask: Lookup[T]) -> tuple[list[str], Prepared]:
        """Return the tags that the entry is believed to have, and the command that reads it with their tokens."""
        if ask.tags is None:
            hint = self.hints.get(ask.key) or self._hint(ask.key, [*self.always])
            return hint.tags, hint.read
        guess = [*self.always, *ask.tags]
        return guess, self.store.prepare([ask.key, *map(token_key, guess)])

    def _judged(self, ask: Lookup[T], guess: list[str], found: list[Any]) -> str:
        stored, *seen = found
        ask.opened = None
        entry = ask.entry = None if stored is None else entries.decode(stored)
        now = time.time()
        known = entry is not None and entry.tags == guess and entry.tokens == seen
        if entry is None or not known or now >= entry.fresh_until:
            # All but a plain hit may fill, and needs the tokens as they were before.
            ask.tokens = {tag: token for tag, token in zip(guess, seen, strict=True) if token is not None}
        if entry is None:
            if stored is not None:
                stats.count(self.kind, "error")
            return ""
        if not known:
            self._learn(ask, entry, guess)
        if now >= entry.valid_until or not (known or entry.matches(ask.tokens)):
            return ""
        try:
            ask.opened = (self.decode(entry.payload),)
        except (ValueError, TypeError):
            # Of another shape than this release's: as good as none.
            stats.count(self.kind, "error")
            return ""
        return "hit" if now < entry.fresh_until else "stale"

    def _learn(self, ask: Lookup[T], entry: Entry, guess: list[str]) -> None:
        """Read the tokens of tags that were not guessed, in a second round trip, and guess better the next time."""
        unknown = [tag for tag in entry.tags if tag not in guess]
        if not unknown:
            return
        more = self.store.read([token_key(tag) for tag in unknown])
        ask.tokens |= {tag: more[name] for tag in unknown if (name := token_key(tag)) in more}
        if ask.tags is None:
            self._hint(ask.key, entry.tags)

    def _served(self, ask: Lookup[T], how: str) -> Found[T]:
        assert ask.entry is not None  # noqa: S101
        assert ask.opened is not None  # noqa: S101
        stats.count(self.kind, how)
        if ask.parent is not None:
            tokens = dict(zip(ask.entry.tags, ask.entry.tokens, strict=True))
            self._tell(ask.parent, ask.key, Answer(ask.opened[0], tokens, ask.entry.valid_until, ""))
        return Found(ask.opened[0], how)

    def _tell(self, parent: Stamp, key: str, answer: Answer) -> None:
        parent.absorb(answer)
        parent.memo[key] = answer

    def _lock_name(self, ask: Lookup[T]) -> str:
        """Name the lock by the generation that is filled: whoever fills an older one keeps nobody waiting."""
        if ask.entry is None or not ask.tokens:
            return f"lock:{ask.key}"
        generation = b"".join(ask.tokens.get(tag, b"-") for tag in ask.entry.tags)
        return f"lock:{ask.key}:{hashlib.blake2b(generation, digest_size=12).hexdigest()}"

    def _around(self, ask: Lookup[T], reason: str) -> Found[T]:
        stats.count(self.kind, "bypass")
        with fill_slot(), gathering(Stamp(ask.parent), read=self.sql):
            value = ask.make()
        if ask.parent is not None:
            self._tell(ask.parent, ask.key, Answer(value, {}, FOREVER, reason))
        return Found(value, "bypass")

    def _fill(self, ask: Lookup[T]) -> Found[T]:
        try:
            with fill_slot():
                return self._made(ask)
        finally:
            self._unlock(ask)

    def _unlock(self, ask: Lookup[T]) -> None:
        """Give the lock back, if it is had. Another's is hardly hit, since it lasts longer than a fill."""
        if ask.lock:
            with contextlib.suppress(Unavailable):
                self.store.delete(ask.lock)

    def _made(self, ask: Lookup[T]) -> Found[T]:
        stamp = Stamp(ask.parent)
        created: list[str] = []
        try:
            # Before the data is read, never after.
            stamp.tokens, created = self.store.tokens([*self.always, *(ask.tags or ())], ask.tokens)
        except Unavailable:
            stamp.refuse("outage")
        started = time.perf_counter()
        try:
            with gathering(stamp, read=self.sql):
                value = ask.make()
        except (OperationalError, InterfaceError):
            if ask.opened is None:
                raise
            # The database is away, and this still counts: nothing that it holds was changed.
            return self._served(ask, "stale")
        spent = time.perf_counter() - started
        if stamp.reason and ask.opened is not None and self.failed(value):
            return self._served(ask, "stale")
        if ask.parent is not None:
            self._tell(ask.parent, ask.key, Answer(value, stamp.tokens, stamp.limit, stamp.reason))
        if stamp.reason:
            stats.count(self.kind, "refused")
            if len(self.passes) >= _HINTS:
                self.passes.clear()
            self.passes[ask.key] = time.monotonic() + PASS
            if created:
                # Endlessly many keys must not leave endlessly many tokens.
                with contextlib.suppress(Unavailable):
                    self.store.delete(*map(token_key, created))
            return Found(value, "bypass")
        payload = self.encode(value)
        self._store(ask, payload, stamp)
        stats.count(self.kind, "miss")
        stats.count(self.kind, "fills")
        stats.count(self.kind, "fill_us", round(spent * 1e6))
        stats.count(self.kind, "fill_bytes", len(payload))
        return Found(value, "miss")

    def _store(self, ask: Lookup[T], payload: bytes, stamp: Stamp) -> None:
        now = time.time()
        kept = min(ask.fresh * AGED, stamp.limit - now)
        if kept <= 0:
            return
        # With jitter, so that what was filled together does not end together.
        until = now + ask.fresh * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        tags = sorted(stamp.tokens)
        entry = Entry(tags, [stamp.tokens[tag] for tag in tags], until, stamp.limit, payload)
        try:
            self.store.put(ask.key, entries.encode(entry), kept, unlock=ask.lock)
        except Unavailable:
            stats.count(self.kind, "error")
            return
        ask.lock = ""
        if ask.tags is None:
            with contextlib.suppress(Unavailable):
                self._hint(ask.key, tags)

    def _hint(self, key: str, tags: list[str]) -> Hint:
        if len(self.hints) >= _HINTS:
            self.hints.clear()
        hint = self.hints[key] = Hint(tags, self.store.prepare([key, *map(token_key, tags)]))
        return hint
