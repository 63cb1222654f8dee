"""A pipeline's statements go to the server in one piece, and their answers are those of statements sent one by one."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg.pq import TransactionStatus

from restaurant_site.database import waits
from restaurant_site.database.postgresql.driver import Connection
from restaurant_site.database.postgresql.trips import Trip

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql("the driver's pipeline")]


class Passage:
    """Stands between driver and server, and counts the pieces that the driver sends."""

    def __init__(self, server: str) -> None:
        self.pieces: list[bytes] = []
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _address = self._listener.accept()
        if self._server.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
        else:
            host, _colon, port = self._server.rpartition(":")
            server = socket.create_connection((host, int(port)))
        self._ends = client, server
        # Each way by itself: either side may have more to say than the other reads.
        back = threading.Thread(target=self._pass_on, args=(server, client, []), daemon=True)
        back.start()
        with client, server:
            self._pass_on(client, server, self.pieces)
            back.join()

    def _pass_on(self, source: socket.socket, goal: socket.socket, pieces: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 20):
                pieces.append(data)
                goal.sendall(data)
        for one in (source, goal):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Hang up."""
        for one in self._ends:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up, and take no more."""
        self.cut()
        self._listener.close()
        self._thread.join()


@pytest.fixture
def passage() -> Iterator[Passage]:
    connection.ensure_connection()
    info = connection.connection.info
    passage = Passage(f"{info.host}/.s.PGSQL.{info.port}" if info.host.startswith("/") else f"{info.host}:{info.port}")
    yield passage
    passage.close()


@pytest.fixture
def driver(passage: Passage) -> Iterator[Connection]:
    """Connect through the passage as the site does, in autocommit."""
    info = connection.connection.info
    with contextlib.closing(
        Connection.connect(
            host="127.0.0.1",
            port=passage.port,
            user=info.user,
            password=info.password or os.environ.get("PGPASSWORD", ""),
            dbname=info.dbname,
            autocommit=True,
            sslmode="disable",
            gssencmode="disable",
        )
    ) as found:
        passage.pieces.clear()
        yield found


@pytest.fixture(params=[None, waits.WEB], ids=["command", "web"])
def kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """In a command, which waits without end, and in a web worker."""
    before = waits.in_force()
    waits.bound(request.param)
    yield
    waits.bound(before)


def ask(driver: Connection, *numbers: int) -> list[psycopg.Cursor[Any]]:
    cursors = [driver.cursor() for _number in numbers]
    for cursor, number in zip(cursors, numbers, strict=True):
        cursor.execute("SELECT 12 / %s::int", [number])
    return cursors


def status(driver: Connection) -> TransactionStatus:
    return driver.info.transaction_status


def test_its_statements_are_one_piece(kind: None, driver: Connection, passage: Passage) -> None:
    with driver.pipeline() as pipeline:
        cursors = ask(driver, 1, 2, 3, 4)
        assert isinstance(pipeline, Trip)
        assert not passage.pieces
    assert [cursor.fetchall() for cursor in cursors] == [[(12,)], [(6,)], [(4,)], [(3,)]]
    assert len(passage.pieces) == 1
    # One by one they are four: what is counted here are pieces.
    passage.pieces.clear()
    ask(driver, 1, 2, 3, 4)
    assert len(passage.pieces) >= 4


def test_an_answer_that_is_asked_for_within_is_there(kind: None, driver: Connection, passage: Passage) -> None:
    with driver.pipeline():
        (first,) = ask(driver, 3)
        assert first.fetchone() == (4,)
        (second,) = ask(driver, 2)
        with driver.pipeline():
            (third,) = ask(driver, 6)
        assert (second.fetchone(), third.fetchone()) == ((6,), (2,))


def test_an_error_comes_at_the_end_and_what_stands_behind_it_is_not_done(kind: None, driver: Connection) -> None:
    driver.execute("CREATE TEMPORARY TABLE told (number int)")

    def tell() -> None:
        with driver.pipeline():
            driver.execute("INSERT INTO told VALUES (1)")
            ask(driver, 0)
            driver.execute("INSERT INTO told VALUES (2)")

    with pytest.raises(psycopg.errors.DivisionByZero):
        tell()
    assert driver.execute("SELECT * FROM told").fetchall() == []
    with driver.pipeline():
        driver.execute("INSERT INTO told VALUES (3)")
    assert driver.execute("SELECT * FROM told").fetchall() == [(3,)]


def test_more_than_the_socket_takes_goes_through(kind: None, driver: Connection) -> None:
    driver.execute("CREATE TEMPORARY TABLE told (words text)")
    with driver.pipeline():
        for _number in range(30):
            driver.execute("INSERT INTO told VALUES (%s)", ["x" * 500_000])
        answer = driver.execute("SELECT sum(length(words)) FROM told")
    assert answer.fetchone() == (15_000_000,)


def test_as_large_an_answer_does_not_stop_what_is_sent(kind: None, driver: Connection) -> None:
    with driver.pipeline():
        answers = [driver.execute("SELECT repeat('x', 500000), %s", ["y" * 500_000]) for _number in range(20)]
    assert all(len(row[0]) == len(row[1]) == 500_000 for row in (answer.fetchone() for answer in answers) if row)


def test_a_transaction_begins_with_its_first_trip(kind: None, driver: Connection, passage: Passage) -> None:
    driver.autocommit = False
    for _time in range(3):
        passage.pieces.clear()
        with driver.pipeline():
            (first,) = ask(driver, 3)
            second = driver.added("SELECT 12 / %s::int", [2])
        assert second is not None
        assert (first.fetchall(), second.rows()) == ([(4,)], [(6,)])
        assert len(passage.pieces) == 1
        assert passage.pieces[0].count(b"BEGIN") == 1
        # The next one begins none.
        with driver.pipeline():
            ask(driver, 1)
        assert b"BEGIN" not in passage.pieces[1]
        assert status(driver) == TransactionStatus.INTRANS
        driver.rollback()
        assert status(driver) == TransactionStatus.IDLE


@pytest.mark.parametrize("end", [Connection.commit, Connection.rollback])
def test_a_transaction_that_ends_within_a_trip_is_followed_by_another(
    kind: None, driver: Connection, end: Callable[[Connection], None]
) -> None:
    driver.execute("CREATE TEMPORARY TABLE told (number int)")
    driver.autocommit = False
    with driver.pipeline():
        driver.added("INSERT INTO told VALUES (%s)", [1])
        end(driver)
        driver.added("INSERT INTO told VALUES (%s)", [2])
    assert status(driver) == TransactionStatus.INTRANS
    driver.rollback()
    assert driver.execute("SELECT number FROM told").fetchall() == ([(1,)] if end is Connection.commit else [])


def test_a_connection_that_is_lost_is_an_error_and_leaves_no_pipeline(driver: Connection) -> None:
    driver.close()
    with pytest.raises(psycopg.OperationalError), driver.pipeline():
        pass
    assert driver._pipeline is None


def test_one_that_is_cut_in_the_middle_is_an_error(kind: None, driver: Connection, passage: Passage) -> None:
    driver.execute("SELECT 1")

    def be_cut() -> None:
        with driver.pipeline():
            ask(driver, 1)
            passage.cut()

    with pytest.raises(psycopg.OperationalError):
        be_cut()
    assert driver._pipeline is None
