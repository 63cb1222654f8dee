"""All that is said differently to PostgreSQL and to Azure SQL, side by side. Nothing else asks which one it is.

What the ORM says for each by itself does not stand here. Values are always
parameters: the parts below are put together with quoted names alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True)
class Dialect:
    """One side. A part that a side has no word for is ""."""

    output: str
    """Of an INSERT that gives a key back, before its VALUES; {} is the column."""
    returning: str
    """The same behind them."""
    next_key: str
    """A key for a row that is to come, of a table and its column as parameters, in a SELECT."""
    now: str
    """The server's time, with its offset."""
    locked: str
    """A SELECT of {columns} from {table} of the row with {key} = %s, which it locks, but for references to it."""
    no_key: bool
    """Whether that weak form of a lock is there, for `select_for_update(no_key=…)`."""
    statement_timeout: str
    """Milliseconds for each further statement of the transaction; where there is none, the driver counts."""
    lock_timeout: str
    """Milliseconds that the connection waits for a lock; where there is none, it was said in connecting."""
    one_state: str
    """At a transaction's beginning: all its statements see one state."""
    replayed: str
    """On a replica: the moment of the last commit that it has, or NULL where the server is none."""
    server: str
    """The number of the server's version, and what it calls itself."""
    oldest: int
    """The first major version that will do."""
    pipelines: bool
    """Whether the driver sends a statement before the last one is answered."""


POSTGRESQL: Final = Dialect(
    output="",
    returning=" RETURNING {}",
    next_key="nextval(pg_get_serial_sequence(%s, %s))",
    now="CURRENT_TIMESTAMP",
    locked="SELECT {columns} FROM {table} WHERE {key} = %s FOR NO KEY UPDATE",
    no_key=True,
    statement_timeout="SET LOCAL statement_timeout = {}",
    lock_timeout="",
    one_state="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    replayed="SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() END",
    server="SELECT current_setting('server_version_num')::int / 10000, version()",
    oldest=14,
    pipelines=True,
)

AZURE_SQL: Final = Dialect(
    output=" OUTPUT INSERTED.{}",
    returning="",
    # An IDENTITY gives its numbers with the rows alone.
    next_key="",
    now="SYSDATETIMEOFFSET()",
    locked="SELECT {columns} FROM {table} WITH (ROWLOCK, UPDLOCK) WHERE {key} = %s",
    no_key=False,
    statement_timeout="",
    lock_timeout="SET LOCK_TIMEOUT {}",
    # Snapshot isolation would be it; an audit there sees what was committed before each statement.
    one_state="",
    replayed=(
        "SELECT CASE WHEN DATABASEPROPERTYEX(DB_NAME(), 'Updateability') = 'READ_ONLY' THEN"
        " (SELECT MAX(last_commit_time) FROM sys.dm_database_replica_states WHERE is_local = 1) END"
    ),
    server="SELECT CAST(SERVERPROPERTY('ProductMajorVersion') AS int), @@VERSION",
    # Azure SQL itself says 12; a server of one's own is 13, of 2016, with JSON.
    oldest=12,
    pipelines=False,
)

_BY_VENDOR: Final = {"postgresql": POSTGRESQL, "microsoft": AZURE_SQL}


def of(connection: BaseDatabaseWrapper) -> Dialect:
    """Return the side of a connection."""
    return _BY_VENDOR[connection.vendor]


def insertion(connection: BaseDatabaseWrapper, table: str, columns: Sequence[str], key: str = "") -> tuple[str, str]:
    """Return an INSERT up to its VALUES, and what follows them; with a key the statement gives that column back."""
    quote, side = connection.ops.quote_name, of(connection)
    head = f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))})"
    if not key:
        return head, ""
    return head + side.output.format(quote(key)), side.returning.format(quote(key))


def locked_row(using: str, table: str, columns: Sequence[str], key: str, value: Any) -> tuple[Any, ...] | None:
    """Lock a row by its key, inside a transaction, and return these columns of it, or None without such a row.

    By hand, since a queryset's lock is not to be had on every backend in this weak form.
    """
    connection = connections[using]
    quote = connection.ops.quote_name
    sql = of(connection).locked.format(columns=", ".join(map(quote, columns)), table=quote(table), key=quote(key))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def allow(using: str, seconds: float) -> None:
    """Give each further statement of the transaction so long, where that can be said to the server."""
    connection = connections[using]
    if words := of(connection).statement_timeout:
        with connection.cursor() as cursor:
            cursor.execute(words.format(int(seconds * 1000)))


def wait_for_locks(connection: BaseDatabaseWrapper, seconds: float) -> None:
    """Let a new connection wait so long for a lock, where that was not said in connecting."""
    if words := of(connection).lock_timeout:
        with connection.cursor() as cursor:
            cursor.execute(words.format(int(seconds * 1000)))


def has_one_state(using: str) -> bool:
    """Return whether the statements of one transaction can see one state of the database."""
    return bool(of(connections[using]).one_state)


def keep_one_state(using: str) -> None:
    """Let all statements of the transaction, of which this is the first, see one state."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(of(connection).one_state)


@contextlib.contextmanager
def one_trip(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Send the block's statements without waiting for each one's answer, where the driver can; errors come at its end.

    For INSERTs and SELECTs: how many rows an UPDATE met is not known before the end.
    """
    # As for a cursor, which there may be none of.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    if not pipelines(connection):
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


@contextlib.contextmanager
def last_trip(connection: BaseDatabaseWrapper, *around: contextlib.AbstractContextManager[Any]) -> Iterator[None]:
    """Send the block's statements with the COMMIT, which has to be what comes next; their errors come with it.

    Where the driver can, and where the transaction is the outermost one; else as
    `one_trip`. around is left when all is answered.
    """
    if pipelines(connection) and connection.in_atomic_block and not connection.savepoint_ids:
        connection.await_commit(*around)  # type: ignore[attr-defined]
        with connection.wrap_database_errors:
            yield
        return
    with contextlib.ExitStack() as stack:
        for one in around:
            stack.enter_context(one)
        with one_trip(connection):
            yield


class Answer(Protocol):
    """What the server says to a statement."""

    def rows(self) -> list[tuple[Any, ...]]:
        """Return all rows, once."""

    def count(self) -> int:
        """Return how many rows were changed."""


def sent(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> Answer:
    """Send a statement, and return its answer, which on a trip comes when somebody asks for it, or with the end."""
    if not pipelines(connection) or not connection.is_on_trip:  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return _Told(cursor.fetchall() if cursor.description else [], cursor.rowcount)
    answer: Answer | None = connection.on_trip(sql, params)  # type: ignore[attr-defined]
    if answer is None:
        cursor = connection.cursor()
        cursor.execute(sql, params)
        answer = _OfCursor(cursor)
    return answer


@dataclass(frozen=True, slots=True)
class _Told:
    found: list[tuple[Any, ...]]
    changed: int

    def rows(self) -> list[tuple[Any, ...]]:
        return self.found

    def count(self) -> int:
        return self.changed


@dataclass(frozen=True, slots=True)
class _OfCursor:
    """Of a trip's statement that has a cursor."""

    cursor: Any

    def rows(self) -> list[tuple[Any, ...]]:
        with self.cursor:
            return list(self.cursor.fetchall())

    def count(self) -> int:
        return int(self.cursor.rowcount)


def pipelines(connection: BaseDatabaseWrapper) -> bool:
    """Return whether `one_trip` is one: psycopg's pipeline, over PostgreSQL's own protocol, on an open connection."""
    return of(connection).pipelines and connection.connection is not None
