"""A connection to PostgreSQL, whose waits end also where the server has stopped answering.

lock_timeout and statement_timeout are the server's, and a server that hangs
ends nothing. So whoever waits for longer than a moment asks it, on a new
connection, for a sign of life: whether it would speak TLS, which every server
answers with one byte, whoever asks.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Final, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS
from psycopg import abc, waiting
from psycopg.adapt import Transformer

from restaurant_site.database import entra, waits
from restaurant_site.database.postgresql.trips import Answer, Trip
from restaurant_site.database.pulse import Pulse

logger = logging.getLogger("restaurant_site.database")

T = TypeVar("T")

_SIGN: Final = 0.5
"""Seconds of waiting after which the server is asked whether it is there, and again after as many."""

_SIGN_TAKES: Final = 1.5
"""Seconds that it has for that."""

_STEPS: Final = 4
"""So often at most an exchange is told that it can write before the socket is asked: it hands over, and flushes."""

_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
"""The message of PostgreSQL's protocol; a server of any version knows it."""


class Heard(Pulse):
    """What this process has heard of one server. A replica that is silent says nothing of the primary."""

    def __init__(self) -> None:
        super().__init__()
        self.asking = threading.Lock()


pulse = Heard()
"""The primary's."""
_others: dict[str, Heard] = {}


def pulse_of(alias: str) -> Heard:
    """Return the pulse of the server behind a connection's alias."""
    return pulse if alias == DEFAULT_DB_ALIAS else _others.setdefault(alias, Heard())


class Silent(psycopg.OperationalError):
    """The server does not answer. Whether what was sent to it is done is not known."""


class Connection(psycopg.Connection[Any]):
    """A connection that looks up while it waits, where its process has bounded its waits."""

    _transformer: abc.Transformer | None = None

    is_bounded = True
    """False where the URL says how long a statement may take: the server alone knows then."""

    pulse = pulse
    """Of the server that it leads to."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Connection:
        """Connect, with a token of this moment as the password where the settings say that one signs in."""
        way, client_id = kwargs.pop("authentication", ""), kwargs.pop("client_id", "")
        if way:
            kwargs["password"] = entra.token(way, client_id)
        return super().connect(conninfo, **kwargs)

    def added(self, sql: str, params: Sequence[Any]) -> Answer:
        """Add a statement to the trip that is under way, and return its answer. Raises where there is no trip."""
        trip = self._pipeline
        if not isinstance(trip, Trip):
            raise psycopg.InterfaceError("There is no trip to add a statement to.")
        if self._transformer is None:
            self._transformer = Transformer(self)
        return trip.add(sql, params, self._transformer)

    @contextlib.contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        """Let the block's statements go in one piece; what was prepared is forgotten behind an error."""
        if self._pipeline is not None:
            with super().pipeline() as found:
                yield found
            return
        # psycopg takes the one that is there.
        self._pipeline = trip = Trip(self)
        try:
            with super().pipeline() as found:
                yield found
        finally:
            self._pipeline = None
            if trip.has_failed and self.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                # Of a transaction its rollback does so.
                with contextlib.suppress(psycopg.Error):
                    self.forget_prepared()

    def forget_prepared(self) -> None:
        """Let driver and server forget what was prepared; outside a transaction.

        Behind an error the driver may take for prepared what the server never came to, or what a migration has
        made useless, and nothing else would end that before the connection does.
        """
        self._prepared.clear()
        self.wait(self._prepared.maintain_gen(self))

    def _start_query(self) -> Generator[Any, Any, None]:
        """Begin a transaction where one is due; on a trip together with its statements, instead of ahead of them."""
        trip = self._pipeline
        if not isinstance(trip, Trip):
            yield from super()._start_query()
        elif trip.is_to_begin():
            trip.has_begun = True
            yield from self._exec_command(self._get_tx_start_command())

    def _rollback_gen(self) -> Generator[Any, Any, None]:
        """Roll back; what was prepared stays, unless a statement of the transaction has failed.

        psycopg lets the server forget all of it at every rollback, and a refused booking is one: the next bookings
        of the connection would be parsed and planned anew. Its reason, an object that was made and is gone, is none
        here: nothing is made but by migrations.
        """
        if self._pipeline is None and self.pgconn.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            yield from self._exec_command(b"ROLLBACK")
            return
        yield from self._sent_whole()
        yield from super()._rollback_gen()

    def _commit_gen(self) -> Generator[Any, Any, None]:
        """Commit; what a trip has kept until then, too."""
        yield from self._sent_whole()
        yield from super()._commit_gen()

    def _sent_whole(self) -> Generator[Any, Any, None]:
        trip = self._pipeline
        if isinstance(trip, Trip) and trip.has_begun:
            # Whether there is a transaction psycopg asks the server's last answer.
            trip.has_begun = False
            yield from trip._sync_gen()

    def wait(self, gen: Generator[Any, Any, T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Return what the exchange with the server ends with; raise `Silent` if it won't end."""
        if waits.in_force() is None:
            return super().wait(gen, interval, timeout)
        try:
            wanted = _sent(gen)
        except StopIteration as end:
            result: T = end.value
            return result
        try:
            return super().wait(_watched(gen, wanted, self), interval, timeout)
        except (Silent, waits.Busy):
            # What it would answer later must not be taken for the answer to something else.
            self.pgconn.finish()
            raise


def _sent(gen: Generator[Any, Any, Any]) -> Any:
    """Begin an exchange, and return what it waits for first; raises StopIteration where that is nothing.

    A pipeline's statements are handed to the socket, which seldom is full, without
    asking it first. Where it is, libpq keeps the rest for later.
    """
    wanted = next(gen)
    for _step in range(_STEPS):
        if wanted != waiting.Wait.RW:
            break
        wanted = gen.send(waiting.Ready.W)
    return wanted


def _watched(gen: Generator[Any, Any, T], wanted: Any, connection: Connection) -> Generator[Any, Any, T]:
    """Pass everything on; psycopg resumes it every interval of waiting, with nothing ready."""
    try:
        began = asked = time.monotonic()
        while True:
            ready = yield wanted
            if not ready:
                asked = _look_up(connection, began, asked)
            wanted = gen.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result


def _look_up(connection: Connection, began: float, asked: float) -> float:
    """Raise if it is no use to wait on; return when the server was last asked for a sign of life."""
    now = time.monotonic()
    waits.look_in()
    if connection.pulse.silent:
        raise Silent("The database does not answer.")
    longest = waits.statement_seconds()
    if longest is not None and connection.is_bounded and now - began > longest + waits.ANSWER:
        # Its other processes may be well: what they say decides about the rest.
        raise Silent("The database did not end a statement.")
    if now - asked > _SIGN:
        _ask_for_a_sign(connection)
        return time.monotonic()
    return asked


def _ask_for_a_sign(connection: Connection) -> None:
    """Ask the server, unless another thread of this process just does; raise `Silent` if it says nothing."""
    asking = connection.pulse.asking
    if not asking.acquire(blocking=False):
        return
    try:
        if not _answers(connection.info):
            _lost(connection.pulse)
    finally:
        asking.release()


def _answers(info: psycopg.ConnectionInfo) -> bool:
    """Return False where the server says nothing. That it refuses or is gone the statement hears by itself."""
    try:
        with _line(info.host, info.hostaddr, info.port) as line:
            line.sendall(_SSL_REQUEST)
            line.recv(1)
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def _line(host: str, address: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        # By its address: looking a name up may take its time, too.
        return socket.create_connection((address or host, port), timeout=_SIGN_TAKES)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(_SIGN_TAKES)
    try:
        line.connect(f"{host}/.s.PGSQL.{port}")
    except OSError:
        line.close()
        raise
    return line


def _lost(heard: Heard) -> None:
    if heard.lost():
        logger.error("The database does not answer: until it does, one request at a time asks it.")
    raise Silent("The database does not answer.")
