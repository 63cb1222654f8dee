"""The django-redis client of a cluster: what has several keys goes to several primaries, in one round trip."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import NoScriptError, RedisError

from restaurant_site.caching.client import EntryClient, Prepared, digest
from restaurant_site.caching.cluster import raised


class ClusterClient(EntryClient):
    """`EntryClient` over a `cluster.Link`. Nothing here is read or written as at one moment: docs/caching.md."""

    def hang_up(self) -> None:
        """Close this client's connections; the next command opens new ones."""
        self.give_back()

    def knock(self, value: bytes, seconds: float, *, anew: bool) -> None:
        """Learn the map, and write a heartbeat to every primary."""
        found = self.get_client().learn(anew=anew)
        self.write(dict.fromkeys(found.probes.values(), value), seconds)

    def write_anew(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Write as `write` does, to who has the slots now: a primary that has taken over is written to at once.

        The map of the process stays as it is, for nothing may be read by the new one before the replay.
        """
        raw = self.get_client()
        raised(raw.run(self._sets(values, seconds), raw.told()))

    def prepare(self, keys: Sequence[str]) -> Prepared:
        """Return what `fetch` asks for."""
        return self._names(keys), None

    def fetch(self, prepared: Prepared) -> list[bytes | None]:
        """Return the values as they lie in Redis, in the order of the keys; None for one that is not there."""
        return self._ask(False, self._reads(prepared[0]))

    def _reads(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        return [("GET", name) for name in names]

    def _found(self, answers: list[Any]) -> list[bytes | None]:
        return answers

    def evaluate(self, script: bytes, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a Lua script once for each call. Only what a primary did not know yet is sent to it again."""
        raw = self.get_client()
        answers = raw.run([("EVALSHA", digest(script), *call) for call in calls])
        missing = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if missing:
            sent = raw.run([("EVAL", script, *calls[at]) for at in missing])
            for at, answer in zip(missing, sent, strict=True):
                answers[at] = answer
        return raised(answers)

    def each(self, *command: Any) -> list[Any]:
        """Return every primary's answer to a command without a key."""
        return list(self.get_client().each(*command))

    def _ask(self, write: bool, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        return raised(self.get_client(write=write).run(commands))

    # --- Django's API: what django-redis sends as one command, or as a pipeline ------

    def get_many(self, keys: Collection[str], version: int | None = None, client: Any = None) -> dict[str, Any]:
        """Return the values of those keys that exist."""
        asked = list(keys)
        answers = self._apart([("GET", str(self.make_key(key, version=version))) for key in asked])
        return {key: self.decode(value) for key, value in zip(asked, answers, strict=True) if value is not None}

    def set_many(
        self,
        data: dict[str, Any],
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        client: Any = None,
    ) -> None:
        """Store values, each by itself."""
        for key, value in data.items():
            self.set(key, value, timeout, version=version)

    def delete_many(self, keys: Iterable[str], version: int | None = None, client: Any = None) -> int:
        """Delete keys, and return how many there were."""
        return sum(self._apart([("DEL", str(self.make_key(key, version=version))) for key in keys]))

    def delete_pattern(
        self,
        pattern: str,
        version: int | None = None,
        prefix: str | None = None,
        client: Any = None,
        itersize: int | None = None,
    ) -> int:
        """Delete the keys that match, and return how many there were."""
        wanted = self.make_pattern(pattern, version=version, prefix=prefix)
        try:
            found = list(self.get_client().names(wanted, itersize))
        except (RedisError, OSError) as error:
            raise ConnectionInterrupted(connection=None) from error
        return sum(self._apart([("DEL", name) for name in found]))

    def iter_keys(
        self, search: str, itersize: int | None = None, client: Any = None, version: int | None = None
    ) -> Iterator[str]:
        """Walk through the keys that match, without their prefixes."""
        for name in self.get_client(write=False).names(self.make_pattern(search, version=version), itersize):
            yield self.reverse_key(name.decode())

    def keys(self, search: str, version: int | None = None, client: Any = None) -> list[str]:
        """Return the keys that match, without their prefixes."""
        try:
            return list(self.iter_keys(search, version=version))
        except (RedisError, OSError) as error:
            raise ConnectionInterrupted(connection=None) from error

    def _apart(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        if not commands:
            return []
        try:
            return self._ask(True, commands)
        except (RedisError, OSError) as error:
            raise ConnectionInterrupted(connection=None) from error
