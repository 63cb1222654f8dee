"""An OSS cluster over connections of a thread's own, one to each primary: no retries, no waits, no replicas.

redis-py's own client of clusters asks node after node for the map in the middle
of a request, sleeps, and tries again up to the end of its patience. Here a
command is sent once. Only the heartbeat learns the map, and follows a primary that
took over only while nothing is read: it may lack the newest tokens until the replay.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redis import Redis
from redis.commands import CoreCommands
from redis.connection import SSLConnection
from redis.event import EventDispatcher
from redis.exceptions import AskError, MovedError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from restaurant_site.caching.slots import Incomplete, Node, SlotMap, read_map

Command = tuple[Any, ...]
Connect = Callable[[str, int], Any]

LEARN = 0.5
"""Seconds after which no further node is asked for the map."""

_CALLBACKS: Any = Redis().response_callbacks
_KEYLESS = ("INFO", "CONFIG GET", "FLUSHDB", "DBSIZE", "PING")


class NodeConnection(SSLConnection):
    """A connection to a node, whose certificate names the cluster: nodes tell their addresses, not their names."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name = name

    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        host, self.host = self.host, self._name
        try:
            return super()._wrap_socket_with_ssl(sock)  # type: ignore[no-untyped-call]
        finally:
            self.host = host


class Cluster:
    """What all threads of a process know of one cluster: where to ask, and the map as it was last told."""

    def __init__(self, seeds: Sequence[Node]) -> None:
        self.seeds = tuple(seeds)
        self.map: SlotMap | None = None


class Link(CoreCommands):
    """A thread's raw client. Commands of one key go to its primary; those of several are sent apart.

    Errors are redis-py's ConnectionError, TimeoutError and ResponseError, and nothing else.
    """

    def __init__(self, cluster: Cluster, connect: Connect) -> None:
        self._shared = cluster
        self._connect = connect
        self._event_dispatcher = EventDispatcher()
        self._open: dict[Node, Any] = {}

    # --- The map ----------------------------------------------------------------

    @property
    def map(self) -> SlotMap:
        """Return the map, which the first who asks has to learn."""
        return self._shared.map or self.learn(anew=False)

    def learn(self, *, anew: bool) -> SlotMap:
        """Ask for the map, by which every thread of the process goes from then on.

        Unless anew, a server that was no primary before is an error, and is not
        used: a thread that may still read would read there.
        """
        known, found = self._shared.map, self.told()
        if known is not None and not anew and not set(found.primaries) <= set(known.primaries):
            raise RedisConnectionError("Another primary has taken over.")
        self._shared.map = found
        return found

    def told(self) -> SlotMap:
        """Return the map as one node tells it now; for half a second another is asked if that does not answer."""
        known = self._shared.map.primaries if self._shared.map else ()
        nodes = [*random.sample(known, len(known)), *self._shared.seeds]
        give_up = time.monotonic() + LEARN
        failure: Exception | None = None
        for node in nodes:
            if time.monotonic() > give_up:
                break
            try:
                (answer,) = self._send([(node, ("CLUSTER", "SLOTS"))])
                if isinstance(answer, Exception):
                    raise answer
                return read_map(answer, node)
            except (RedisError, OSError, Incomplete) as error:
                failure = error
        raise RedisConnectionError(f"No node tells the map of the cluster: {failure}") from failure

    # --- Commands ---------------------------------------------------------------

    def run(self, commands: Sequence[Command], known: SlotMap | None = None) -> list[Any]:
        """Send all commands at once, each to its key's primary, and return their answers; an error is one too.

        By the process's map, or by another that is known.
        A slot that has moved to another known primary is followed, once. One
        that moved to a server which is not known yet is an error of the
        connection: that one may lack the newest tokens.
        """
        known = known or self.map
        answers = self._send([(known.owner(key_of(command)), command) for command in commands])
        moved = [at for at, answer in enumerate(answers) if isinstance(answer, AskError)]
        if not moved:
            return answers
        again: list[tuple[Node, Command]] = []
        for at in moved:
            error = answers[at]
            node = str(error.host), int(error.port)
            if node not in known.primaries:
                raise RedisConnectionError("A slot has moved to a server that is not known yet.")
            # To redis-py each that moved is asked on too.
            if isinstance(error, MovedError):
                known.owners[error.slot_id] = node
            else:
                again.append((node, ("ASKING",)))
            again.append((node, commands[at]))
        followed = self._send(again)
        told = [answer for (_node, command), answer in zip(again, followed, strict=True) if command != ("ASKING",)]
        for at, answer in zip(moved, told, strict=True):
            answers[at] = answer
        return answers

    def each(self, *command: Any) -> list[Any]:
        """Return every primary's answer to a command without a key. Raises the first error."""
        answers = self._send([(node, command) for node in self.map.primaries])
        return [self._parsed(command, answer) for answer in answers]

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one of redis-py's commands. Raises what it answers, if that is an error."""
        if args[0] in _KEYLESS:
            return self.each(*args)
        (answer,) = self.run([args])
        return self._parsed(args, answer, **options)

    def _parsed(self, command: Command, answer: Any, **options: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        callback = _CALLBACKS.get(command[0])
        return callback(answer, **options) if callback else answer

    def _send(self, wanted: Sequence[tuple[Node, Command]]) -> list[Any]:
        """Send to all nodes before the first is waited for. After a failure no connection has an answer left unread."""
        groups: dict[Node, list[int]] = {}
        for at, (node, _command) in enumerate(wanted):
            groups.setdefault(node, []).append(at)
        answers: list[Any] = [None] * len(wanted)
        try:
            for node, places in groups.items():
                connection = self._to(node)
                connection.send_packed_command(connection.pack_commands([wanted[at][1] for at in places]))
            for node, places in groups.items():
                connection = self._open[node]
                for at in places:
                    try:
                        answers[at] = connection.read_response()
                    except ResponseError as error:
                        answers[at] = error
        except BaseException:
            for node in groups:
                if (connection := self._open.pop(node, None)) is not None:
                    connection.disconnect()
            raise
        return answers

    def _to(self, node: Node) -> Any:
        connection = self._open.get(node)
        if connection is None:
            connection = self._open[node] = self._connect(*node)
        if (provider := connection.credential_provider) is not None:
            provider.refresh(connection)
        return connection

    def names(self, pattern: str, count: int | None = None) -> Iterator[bytes]:
        """Walk through the keys of all primaries that match a pattern."""
        wanted = ("MATCH", pattern, *(("COUNT", count) if count else ()))
        for node in self.map.primaries:
            cursor = 0
            while True:
                (answer,) = raised(self._send([(node, ("SCAN", cursor, *wanted))]))
                cursor = int(answer[0])
                yield from answer[1]
                if not cursor:
                    break

    # --- Connections --------------------------------------------------------------

    def disconnect(self) -> None:
        """Close the connections; the next command opens new ones."""
        while self._open:
            _node, connection = self._open.popitem()
            with contextlib.suppress(Exception):
                connection.disconnect()

    close = disconnect


def key_of(command: Command) -> str:
    """Return the key by which a command finds its primary; of a script, the first of its keys."""
    key = command[3] if command[0] in ("EVAL", "EVALSHA") else command[1]
    return key.decode() if isinstance(key, bytes) else str(key)


def raised(answers: list[Any]) -> list[Any]:
    """Return the answers, or raise the first that is an error."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


_clusters: dict[str, Cluster] = {}


def links_to(url: str, seeds: Sequence[Node], connect: Connect) -> Link:
    """Return a link to the cluster of a URL, of which the process knows one map."""
    return Link(_clusters.setdefault(url, Cluster(seeds)), connect)
