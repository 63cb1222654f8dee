"""What this app asks of Redis, through Django's cache aliases. Every failure is an exception, never a quiet None."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from restaurant_site.caching import addresses, gate
from restaurant_site.caching.client import Prepared
from restaurant_site.caching.gate import Unavailable
from restaurant_site.caching.keys import MAGIC, new_token, token_key, untoken

TOKEN_SECONDS = 7 * 24 * 3600
"""How long an unused token lives. Longer than any entry; a token that is gone is a miss, never a stale answer."""

HEARTBEAT_SECONDS = 60

ALIASES = ("default", "pages", "sessions")
"""The aliases of Django's CACHES that this app uses: query results and fragments, pages, sessions."""

_ERRORS = (ConnectionInterrupted, RedisError, OSError)


def location(alias: str) -> str:
    """Return the URL of an alias's Redis, "" where it has none. It may hold a password."""
    return str(settings.CACHES[alias].get("LOCATION", ""))


def enabled(alias: str) -> bool:
    """Return whether an alias has a Redis behind it at all; in development it may have none."""
    return bool(location(alias))


def aliases_by_location() -> dict[str, list[str]]:
    """Return the aliases of each Redis by its URL; those that have none stand under ""."""
    found: dict[str, list[str]] = {}
    for alias in ALIASES:
        found.setdefault(location(alias), []).append(alias)
    return found


def kind(alias: str) -> str:
    """Return what an alias's Redis is: single, sentinel or cluster; "" where there is none."""
    return addresses.read(location(alias)).kind if enabled(alias) else ""


class _OfThread:
    """A thread's client, whose connection goes back to the pool when the thread ends, not at some collection later."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __del__(self) -> None:
        self.client.give_back()


class Store:
    """One alias. Its errors open the gate of the Redis behind it; whether that is open, the caller asks."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._local = threading.local()
        # Whether an answer about one key tells that every key would be answered.
        self._whole = kind(alias) != "cluster"
        self.gate = gate.of(location(alias), self)

    @property
    def client(self) -> Any:
        """The alias's django-redis client of this thread, whose methods raise where the alias itself ignores."""
        held: _OfThread | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = _OfThread(caches[self.alias].client)  # type: ignore[attr-defined]
        client = held.client
        if client.outages != self.gate.outages:
            # Each connection from before an outage would be one more error, and open the gate once more.
            client.outages = self.gate.outages
            client.hang_up()
        return client

    def read(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return the values of those keys that exist, in one round trip."""
        try:
            found: dict[str, Any] = self.client.read(keys)
        except _ERRORS as error:
            raise self._failed(error) from error
        self._answered()
        return found

    def prepare(self, keys: Sequence[str]) -> Prepared:
        """Return a read of keys for `fetch`, to be kept by whoever asks for the same again."""
        try:
            found: Prepared = self.client.prepare(keys)
        except _ERRORS as error:
            raise self._failed(error) from error
        return found

    def fetch(self, prepared: Prepared) -> list[Any]:
        """Return the values of prepared keys as they are stored, None for one that is missing, in one round trip."""
        try:
            found: list[Any] = self.client.fetch(prepared)
        except _ERRORS as error:
            raise self._failed(error) from error
        self._answered()
        return found

    def knock(self) -> None:
        """Write a heartbeat, to every server where the keys lie with several. Not held back by the gate.

        While that is open one that has taken over is followed: nobody reads. Else it is an error, which opens it.
        """
        self._write(lambda: self.client.knock(MAGIC, HEARTBEAT_SECONDS, anew=self.gate.is_open))
        self.gate.failing_since = None

    def put(self, key: str, value: bytes, seconds: float, *, unlock: str = "") -> None:
        """Store a value for so many seconds; and then give a lock back, in the same round trip."""
        self._write(lambda: self.client.write({key: value}, seconds, (unlock,) if unlock else ()))

    def claim(self, lock: str, value: bytes, seconds: float, prepared: Prepared) -> tuple[bool, list[Any]]:
        """Take a lock unless it is had, then read as `fetch` does, in one round trip; return whether it was taken.

        In a cluster the read may come first: who then fills does so once too often.
        """
        names, _packed = prepared
        taken, *found = self._write(lambda: self.client.add_and_read({lock: value}, seconds, names))
        return taken, found

    def add(self, key: str, value: bytes, seconds: float) -> bool:
        """Store a value unless the key exists; return whether it was stored."""
        return bool(self._write(lambda: self.client.add(key, value, timeout=seconds)))

    def delete(self, *keys: str) -> None:
        """Delete keys: a lock that is given back, tokens that nothing was stored with.

        Never to invalidate: a slow reader would put the old answer back.
        """
        self._write(lambda: self.client.delete_many(keys))

    def renew(self, tags: Iterable[str]) -> None:
        """Give each tag a fresh token, in one round trip. Not held back by the gate.

        In a cluster also where another primary has just taken over: other
        processes may have seen it, and read again, while this one has not.
        """
        tokens = {token_key(tag): new_token() for tag in tags}
        try:
            self._write(lambda: self.client.write(tokens, TOKEN_SECONDS))
        except Unavailable:
            if self._whole:
                raise
            self._write(lambda: self.client.write_anew(tokens, TOKEN_SECONDS))

    def evaluate(self, script: bytes, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a Lua script for each call, all in one round trip. Names of keys are sent as they are."""
        return list(self._write(lambda: self.client.evaluate(script, calls)))

    def ask(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send commands of Redis's own in one round trip. Names of keys are sent as they are."""
        return list(self._write(lambda: self.client.ask(commands)))

    def tokens(self, tags: Sequence[str], known: dict[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
        """Return the token of every tag, from known where it stands there, and the tags whose token was created.

        Created unless it is there: where a writer sets its own at the same moment,
        one of the two stands, and it is read back. In one round trip.
        """
        found = {tag: known[tag] for tag in tags if tag in known}
        missing = {token_key(tag): new_token() for tag in tags if tag not in found}
        if not missing:
            return found, []
        created = []
        names = [*missing]
        answers = self._write(lambda: self.client.add_and_read(missing, TOKEN_SECONDS, names))
        for name, added, there in zip(names, answers, answers[len(names) :], strict=False):
            tag = untoken(name)
            # Evicted in between: a token that nobody else has makes the entry unusable, which is safe.
            found[tag] = missing[name] if added or not isinstance(there, bytes) else there
            created += [tag] if added else []
        return found, created

    def run_id(self) -> str:
        """Return what names the running Redis, all primaries of a cluster together.

        Another one may have lost the newest tokens.
        """
        try:
            return str(self.client.run_id())
        except _ERRORS as error:
            raise self._failed(error) from error

    def age(self, key: str, lifetime: float) -> float | None:
        """Return how many seconds ago a key was stored with that lifetime, by Redis's own clock; None where gone."""
        try:
            left = self.client.pttl(key)
        except _ERRORS as error:
            raise self._failed(error) from error
        return max(0.0, lifetime - left / 1000) if left else None

    def _answered(self) -> None:
        # In a cluster the next key may be another primary's, which is away: only the heartbeat speaks for all.
        if self._whole:
            self.gate.failing_since = None

    def _write(self, command: Any) -> Any:
        try:
            done = command()
        except _ERRORS as error:
            raise self._failed(error) from error
        self._answered()
        return done

    def _failed(self, error: Exception) -> Unavailable:
        self.gate.failed(error)
        return Unavailable(str(error.__cause__ or error))


__all__ = ["ALIASES", "Store", "Unavailable", "aliases_by_location", "enabled", "kind", "kinds", "state", "store"]

_stores: dict[str, Store] = {}


def store(alias: str) -> Store:
    """Return the store of an alias."""
    if alias not in _stores:
        _stores[alias] = Store(alias)
    return _stores[alias]


def state() -> str:
    """Return whether this process uses its Redis servers: ok, away, or off where there is none."""
    used = [store(alias) for alias in ALIASES if enabled(alias)]
    if not used:
        return "off"
    return "ok" if all(found.gate.usable() for found in used) else "away"


def kinds() -> dict[str, str]:
    """Return which kind of Redis holds what is cached, and which holds sessions: single, sentinel or cluster."""
    found = {"cache": kind("default"), "sessions": kind("sessions")}
    return {name: value for name, value in found.items() if value}
