"""The django-redis client of the site's caches: entries and tokens pass as they are, the rest is JSON."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django_redis.client import DefaultClient
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError
from redis.sentinel import MasterNotFoundError, SentinelManagedConnection

from restaurant_site.caching.identity import Credentials
from restaurant_site.caching.keys import MAGIC, make_key, token_key

Prepared = tuple[list[str], Any]
"""The names of keys in Redis, and the command that reads them as it is sent; None where they lie with several."""


class EntryClient(DefaultClient):  # type: ignore[misc]  # django-redis ships no types
    """Django's documented cache API as django-redis has it, with a short way for bytes that this app made.

    The stock client first tries to read every value as a number, which for a
    page costs more than Redis does.
    """

    outages = 0
    """The outage of the server that this client's connections are younger than; `Store` compares it with the gate's."""

    def __init__(self, server: Any, params: dict[str, Any], backend: Any) -> None:
        # In a list: django-redis takes a text apart at its commas, which stand between hosts, or in a password.
        super().__init__([server] if isinstance(server, str) else server, params, backend)
        self._credentials: Credentials | None = self._options.get("REDIS_CLIENT_KWARGS", {}).get("credential_provider")

    def get_client(self, write: bool = True, tried: list[int] | None = None) -> Any:
        """Return the raw client, whose server knows the newest token, where it goes by tokens."""
        raw = super().get_client(write, tried)
        if self._credentials is not None:
            try:
                self._credentials.refresh(getattr(raw, "connection", None))
            except (RedisError, OSError) as error:
                raise ConnectionInterrupted(connection=None) from error
        return raw

    def get_client_with_index(self, write: bool = True, tried: list[int] | None = None) -> tuple[Any, int]:
        """Return the same as `get_client`, and its number, of which there is one."""
        return self.get_client(write, tried), 0

    def hang_up(self) -> None:
        """Close this client's connections; the next command opens new ones."""
        for raw in self._clients:
            connection = getattr(raw, "connection", None)
            if connection is not None:
                connection.disconnect()

    def give_back(self) -> None:
        """Give this client's connections back to the pool, for the next thread."""
        for raw in self._clients:
            if raw is not None:
                with contextlib.suppress(Exception):
                    raw.close()

    def connect(self, index: int = 0) -> Any:
        """Connect; what fails is an interrupted connection, as with every command, which the alias may ignore."""
        try:
            return super().connect(index)
        except RedisError as error:
            raise ConnectionInterrupted(connection=None) from error

    def read(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return the values of those keys that exist, as `get_many` does, in one round trip of half its cost."""
        answers = self.fetch(self.prepare(keys))
        return {
            key: value if value[:1] == MAGIC else self.decode(value)
            for key, value in zip(keys, answers, strict=True)
            if value is not None
        }

    def prepare(self, keys: Sequence[str]) -> Prepared:
        """Return what `fetch` sends for these keys, to be kept for the next time."""
        names = self._names(keys)
        return names, self.get_client(write=False).connection.pack_command("MGET", *names)

    def fetch(self, prepared: Prepared) -> list[bytes | None]:
        """Return the values as they lie in Redis, in the order of the keys; None for one that is not there."""
        _names, packed = prepared
        connection: Any = self.get_client(write=False).connection
        try:
            connection.send_packed_command(packed)
            return list(connection.read_response())
        except BaseException:
            connection.disconnect()
            raise

    def write(self, values: Mapping[str, bytes], seconds: float, gone: Sequence[str] = ()) -> None:
        """Store values for so many seconds, as `set_many` does, in one round trip and without a transaction.

        And then delete keys.
        """
        self._ask(True, [*self._sets(values, seconds), *(("DEL", name) for name in self._names(gone))])

    def add_and_read(self, values: Mapping[str, bytes], seconds: float, names: Sequence[str]) -> list[Any]:
        """Store each value unless its key exists, then read names of keys as they lie in Redis, in one round trip.

        Return whether each was stored, and the values as `fetch` does.
        """
        added = [(*command, "NX") for command in self._sets(values, seconds)]
        answers = self._ask(True, [*added, *self._reads(names)])
        return [answer is not None for answer in answers[: len(added)]] + self._found(answers[len(added) :])

    def knock(self, value: bytes, seconds: float, *, anew: bool) -> None:
        """Write a heartbeat; through Sentinels also make sure that they still name this server.

        Under the name of a token: what is refused of those must be refused here.
        Another server is an error, and followed at once where nothing is read (anew).
        """
        connection = self.get_client().connection
        if isinstance(connection, SentinelManagedConnection) and connection.is_connected:
            used: Any = connection
            with contextlib.suppress(MasterNotFoundError):
                # Without any Sentinel the server that is there goes on.
                if used.connection_pool.get_master_address() != (used.host, used.port):
                    used.disconnect()
                    if not anew:
                        raise RedisConnectionError("The Sentinels name another server.")
        self.write({token_key("heartbeat"): value}, seconds)

    def run_id(self) -> str:
        """Return what names the running server, or all primaries together."""
        return " ".join(sorted(str(told.get("run_id", "")) for told in self.each("INFO", "server")))

    def each(self, *command: Any) -> list[Any]:
        """Return every server's answer to a command without a key, parsed as redis-py does; here there is one."""
        return [self.get_client().execute_command(*command)]

    def evaluate(self, script: bytes, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a Lua script once for each call (how many keys, keys, arguments), in one round trip; return the answers.

        A server that does not have the script yet is sent it, by a second one.
        """
        try:
            return self._ask(True, [("EVALSHA", digest(script), *call) for call in calls])
        except NoScriptError:
            return self._ask(True, [("EVAL", script, *call) for call in calls])

    def ask(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send commands of Redis's own together, and return their answers as they come."""
        return self._ask(True, commands)

    def _names(self, keys: Sequence[str]) -> list[str]:
        backend = self._backend
        return [make_key(key, backend.key_prefix, backend.version) for key in keys]

    def _reads(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the commands that read names of keys, whose answers go to `_found`."""
        return [("MGET", *names)]

    def _found(self, answers: list[Any]) -> list[bytes | None]:
        return list(answers[0])

    def _sets(self, values: Mapping[str, bytes], seconds: float) -> list[tuple[Any, ...]]:
        """Return the commands that store values for so many seconds."""
        lifetime = int(seconds * 1000)
        return [("SET", str(self.make_key(key)), value, "PX", lifetime) for key, value in values.items()]

    def _ask(self, write: bool, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send commands together and return their answers; raises as redis-py does, with the connection closed."""
        raw = self.get_client(write=write)
        connection: Any = raw.connection
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            return [connection.read_response() for _command in commands]
        except BaseException:
            # With answers left unread the next command would get them.
            connection.disconnect()
            raise

    def decode(self, value: Any) -> Any:
        """Return what was stored; what nobody here stored comes back as the bytes that it is, and is no entry."""
        if type(value) is bytes and value[:1] == MAGIC:
            return value
        try:
            return super().decode(value)
        except ValueError:
            return value

    def encode(self, value: Any, *, allow_int: bool = True) -> Any:
        """Return what is sent to Redis."""
        if type(value) is bytes and value[:1] == MAGIC:
            return value
        return super().encode(value, allow_int=allow_int)


@functools.lru_cache(maxsize=8)
def digest(script: bytes) -> str:
    """Return the name by which Redis keeps a script."""
    return hashlib.sha1(script, usedforsecurity=False).hexdigest()
