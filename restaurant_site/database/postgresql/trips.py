"""psycopg's pipeline, which hands its statements to the server in one piece, when their answers are waited for.

psycopg sends each as it comes, and the server's process is woken for every one:
a dozen times for one booking, which on a busy machine is a seventh of what it
spends. Nothing else differs: they are done in their order, and errors come when
the answers do.

A statement may also be added without a cursor of its own, which costs more than
what it is for: it is prepared from its first time on, and its values are dumped,
and its rows loaded, by one `Transformer` of the connection.

Of psycopg's own it goes by the queues of `Pipeline`, its steps, and the list of
what is prepared; `tests/database/test_trips.py` tells whether they still are
what they were.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.generators import send
from psycopg.pq import ExecStatus, TransactionStatus

Exchange = Generator[Any, Any, None]

_FEW: Final = 100
"""Parameters of a statement that is prepared at once."""


class _Said(NamedTuple):
    """A statement as psycopg's list of prepared ones knows it."""

    query: bytes
    types: tuple[int, ...]


class Answer:
    """What the server says to a statement of a trip. Who asks before the trip's end waits for it."""

    __slots__ = ("_result", "_transformer", "_trip")

    def __init__(self, trip: Trip, transformer: Transformer) -> None:
        self._trip = trip
        self._transformer = transformer
        self._result: Any = None

    def take(self, results: Sequence[Any]) -> None:
        """Keep what came, or raise the error that it is."""
        (result,) = results
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
        if result.status == ExecStatus.PIPELINE_ABORTED:
            raise psycopg.errors.PipelineAborted("A statement before this one failed.")
        self._result = result

    def rows(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        result = self._there()
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def count(self) -> int:
        """Return how many rows were changed."""
        return int(self._there().command_tuples or 0)

    def _there(self) -> Any:
        if self._result is None:
            self._trip.ask()
        if self._result is None:
            raise psycopg.InterfaceError("The trip has ended without an answer to this statement.")
        return self._result


class Trip(psycopg.Pipeline):
    """A pipeline that keeps its statements until somebody waits for an answer."""

    by_cursors: bool | None = None
    """Whether all its statements have cursors; None where nobody has asked."""
    has_begun = False
    """Whether what it keeps begins a transaction."""
    has_failed = False
    """Whether one of its statements was an error."""

    def is_to_begin(self) -> bool:
        """Return whether a transaction has to begin before the next statement."""
        if self.has_begun or self._conn.autocommit:
            return False
        return self.pgconn.transaction_status == TransactionStatus.IDLE

    def add(self, sql: str, params: Sequence[Any], transformer: Transformer) -> Answer:
        """Keep a statement, with `%s` for each parameter; raises psycopg.DataError for what can be no parameter."""
        connection: Any = self._conn
        if self.is_to_begin():
            connection.wait(connection._start_query())
        query, wanted = _numbered(sql, len(params))
        values = transformer.dump_sequence(params, wanted)
        said, formats = _Said(query, transformer.types or ()), transformer.formats
        prepared = connection._prepared
        # Long ones seldom come again in the same form: the server is not told of them before they do.
        prepare, name = prepared.get(said, True if len(params) <= _FEW else None)
        if not name:
            send_it = partial(self.pgconn.send_query_params, query, values, said.types, formats)
        else:
            if prepare is prepare.SHOULD:
                self.command_queue.append(partial(self.pgconn.send_prepare, name, query, said.types))
                self.result_queue.append(None)
            send_it = partial(self.pgconn.send_query_prepared, name, values, formats)
        self.command_queue.append(send_it)
        key = prepared.maybe_add_to_cache(said, prepare, name)
        answer = Answer(self, transformer)
        results: Any = self.result_queue
        results.append((answer, (key, prepare, name) if key else None))
        if prepared._to_flush:
            connection.wait(prepared.maintain_gen(connection))
        return answer

    def ask(self) -> None:
        """Wait for the answers to what was kept."""
        self._conn.wait(self._fetch_gen(flush=True))

    def _process_results(self, queued: Any, results: list[Any]) -> None:
        answer = queued and queued[0]
        if not isinstance(answer, Answer):
            super()._process_results(queued, results)
            return
        prepared: Any = self._conn._prepared
        if queued[1]:
            prepared.validate(*queued[1], results)
        answer.take(results)

    def _communicate_gen(self) -> Exchange:
        """Send nothing yet: psycopg asks for it behind every statement."""
        yield from ()

    def _exit_gen(self) -> Exchange:
        """End with a Sync, behind which the server keeps nothing back, and needs not be asked for it."""
        self._enqueue_sync()
        yield from self._fetch_gen(flush=False)

    def _fetch_gen(self, *, flush: bool) -> Exchange:
        try:
            try:
                yield from self._send_all()
            finally:
                # Of a connection that is lost there is no more to hear than that.
                if self.pgconn.status != psycopg.pq.ConnStatus.BAD:
                    yield from super()._fetch_gen(flush=flush)
        except psycopg.Error:
            self.has_failed = True
            raise

    def _send_all(self) -> Exchange:
        """Send what was kept, to its last byte, and process the answers that have come by then."""
        kept = list(self.command_queue)
        if not kept:
            return
        self.command_queue.clear()

        def hand_over() -> None:
            for command in kept:
                command()

        # As one command, since psycopg flushes behind each.
        self.command_queue.append(hand_over)
        yield from super()._communicate_gen()
        yield from send(self.pgconn)


@lru_cache(maxsize=256)
def _numbered(sql: str, count: int) -> tuple[bytes, list[PyFormat]]:
    """Return a statement as the server reads it, and that psycopg may choose how it sends each parameter."""
    return (sql % tuple(f"${number}" for number in range(1, count + 1))).encode(), [PyFormat.AUTO] * count
