"""Django's wrapper of PostgreSQL, over the connections of `driver`, with trips and their COMMIT."""

from __future__ import annotations

import contextlib
import logging
import select
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import psycopg
from django.db.backends.postgresql import base

from restaurant_site.database import waits
from restaurant_site.database.failures import is_outdated
from restaurant_site.database.postgresql.driver import Connection, Silent, pulse_of
from restaurant_site.database.postgresql.trips import Answer

logger = logging.getLogger("restaurant_site.database")

_TRUSTED: Final = 5.0
"""Seconds for which a connection that answered needs no question before each request: a server that ends says so."""


class Cursor(base.CursorMixin, psycopg.Cursor[Any]):
    """Django's, which asks once more by itself where only what was prepared has become useless."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Execute a statement. What fails within a transaction is its own, which has to be done again as a whole."""
        driver: Any = self.connection
        try:
            return super().execute(query, params, **options)
        except psycopg.Error as error:
            if not is_outdated(error) or driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                raise
        driver.forget_prepared()
        return super().execute(query, params, **options)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, which opens such connections, one attempt at a time while the server is silent."""

    _answered = 0.0
    """When `is_usable` last asked the server itself, in monotonic seconds."""

    _last_trip: contextlib.ExitStack | None = None
    """What is left with the transaction's end."""

    Database: Any = SimpleNamespace(**vars(psycopg) | {"connect": Connection.connect})

    @property
    def pool(self) -> Any:
        """Return the process's pool, where the URL asks for one: its connections are such, too."""
        if options := self.settings_dict["OPTIONS"].get("pool"):
            options.setdefault("connection_class", Connection)
        return super().pool

    def get_connection_params(self) -> dict[str, Any]:
        """Return what Django gives the driver, with the bounds of this kind of process; the URL's own options win."""
        params: dict[str, Any] = super().get_connection_params()
        if params["cursor_factory"] is base.ServerBindingCursor:
            params["cursor_factory"] = Cursor
        if kind := waits.in_force():
            bounds = {"lock_timeout": kind.lock, "idle_in_transaction_session_timeout": kind.idle}
            if kind.statement is not None:
                bounds["statement_timeout"] = kind.statement
            ours = " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in bounds.items())
            params["options"] = f"{ours} {params.get('options', '')}".strip()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, within the seconds of the settings."""
        if waits.in_force() is None:
            return super().get_new_connection(conn_params)
        heard = pulse_of(self.alias)
        if not heard.turn():
            raise Silent("The database did not answer a moment ago.")
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            if heard.lost():
                logger.error("The database does not take connections in time.")
            raise
        except psycopg.Error:
            if heard.silent:
                heard.lost()
            raise
        connection.pulse = heard
        connection.is_bounded = "statement_timeout" not in self.settings_dict["OPTIONS"].get("options", "")
        if heard.found():
            logger.warning("The database answers again.")
        return connection

    @property
    def is_on_trip(self) -> bool:
        """Whether statements are kept until somebody waits for their answers."""
        return self.connection._pipeline is not None

    def on_trip(self, sql: str, params: Sequence[Any]) -> Answer | None:
        """Add a statement to the trip that is under way; None where that takes a cursor.

        Whoever watches the connection's statements sees it as any other, but for its cursor.
        """
        trip = self.connection._pipeline
        if trip.by_cursors is None:
            # A log of statements is Django's cursors'; so are those whose values stand in the statement itself.
            trip.by_cursors = self.queries_logged or not self.settings_dict["OPTIONS"].get("server_side_binding")
        if trip.by_cursors:
            return None
        execute: Callable[..., Answer] = self._added
        for wrapper in reversed(self.execute_wrappers):
            execute = partial(wrapper, execute)
        return execute(sql, params, False, {"connection": self, "cursor": None})

    def _added(self, sql: str, params: Sequence[Any], *_context: Any) -> Answer:
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            found: Answer = self.connection.added(sql, params)
        return found

    def await_commit(self, *around: contextlib.AbstractContextManager[Any]) -> None:
        """Send the rest of the transaction together with its COMMIT; around is left behind that."""
        trip = contextlib.ExitStack()
        for one in around:
            trip.enter_context(one)
        trip.enter_context(self.connection.pipeline())
        self._last_trip = trip

    def commit(self) -> None:
        """Commit; where something waits for it, as the last of its statements, so that there is one answer to all."""
        trip, self._last_trip = self._last_trip, None
        if trip is not None:
            with self.wrap_database_errors, trip:
                self.connection.execute("COMMIT", prepare=False)
        # Behind that the driver has nothing to commit.
        super().commit()

    def close(self) -> None:
        """Close; what was to go with the COMMIT of this connection goes with none of the next."""
        self._leave_last_trip()
        super().close()

    def rollback(self) -> None:
        """Roll back, also what was to be committed."""
        self._leave_last_trip()
        super().rollback()

    def _leave_last_trip(self) -> None:
        trip, self._last_trip = self._last_trip, None
        if trip is not None:
            # What its statements failed by, whoever takes them back knows, or has no use for.
            with contextlib.suppress(psycopg.Error):
                trip.close()

    def is_usable(self) -> bool:
        """Return whether the connection can be used; while the server is silent none can, and nobody waits to see."""
        if waits.in_force() is not None and pulse_of(self.alias).silent:
            return False
        if time.monotonic() - self._answered < _TRUSTED and _is_quiet(self.connection.pgconn):
            return True
        with waits.lasting(waits.CONNECT):
            usable: bool = super().is_usable()
        if usable:
            self._answered = time.monotonic()
        return usable


def _is_quiet(pgconn: Any) -> bool:
    """Return whether nothing came on a connection that asked for nothing: else it was closed, or is about to be."""
    poll = select.poll()
    try:
        poll.register(pgconn.socket, select.POLLIN | select.POLLHUP | select.POLLERR)
    except psycopg.Error:
        return False
    return not poll.poll(0)
