"""A statement on a trip without a cursor is what it would be with one: its answer, its errors, who sees it."""

from __future__ import annotations

import datetime as dt
import decimal
import zoneinfo
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, DataError, IntegrityError, ProgrammingError, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from psycopg.types.json import Jsonb

from reservations.engine.inserts import insert
from reservations.models import Reservation, ServiceDay
from reservations.queries.prepared import Prepared, one_trip, together
from restaurant_site.database import dialect
from restaurant_site.database.postgresql.driver import Connection
from restaurant_site.database.postgresql.trips import Answer
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql("the driver's pipeline")]

VALUES: list[Any] = [
    *[0, 1, -1, 32_767, 32_768, 2**31 - 1, 2**31, -(2**63), 2**63 - 1],
    *["", "x", "Zoë 東京 %s %% $1 \\ ' \"", None, True, False],
    *[dt.date(2026, 3, 29), dt.time(23, 30), decimal.Decimal("12.50"), b"\x00\xff", [1, 2], ["a", None]],
    dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    dt.timedelta(minutes=-90),
    Reservation.Status.CONFIRMED,
    Jsonb({"a": [1, None, "%s"]}),
]
CASTS = {type(None): "::text", str: "::text", Reservation.Status: "::text", list: "::text[]"}


def there(name: str = "") -> set[str]:
    """Return the statements that are prepared, without preparing more."""
    driver = connection.connection
    found = driver.execute("SELECT statement FROM pg_prepared_statements", prepare=False)
    return {statement for (statement,) in found.fetchall() if name in statement}


def ask(sql: str, *params: Any) -> dialect.Answer:
    return dialect.sent(connection, sql, params)


def ask_alone(sql: str, *params: Any) -> dialect.Answer:
    with one_trip():
        return ask(sql, *params)


def test_its_rows_are_those_of_a_cursor() -> None:
    for value in VALUES:
        sql = f"SELECT %s{CASTS.get(type(value), '')}, 'a %% sign', pg_typeof(%s{CASTS.get(type(value), '')})::text"
        for _time in range(3):
            with connection.cursor() as cursor:
                cursor.execute(sql, [value, value])
                expected = cursor.fetchall()
            answer = ask_alone(sql, value, value)
            assert isinstance(answer, Answer)
            assert repr(answer.rows()) == repr(expected)


def test_order_is_kept_among_those_with_a_cursor() -> None:
    place = make.make_restaurant()
    dates = [dt.date(2027, 6, day) for day in range(1, 5)]
    with transaction.atomic(), one_trip():
        insert(ServiceDay(restaurant=place, date=dates[0]))
        made = [ask("SELECT count(*) FROM reservations_serviceday")]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO reservations_serviceday (restaurant_id, date) VALUES (%s, %s)", [place.pk, dates[1]]
            )
        made.append(ask("SELECT count(*) FROM reservations_serviceday"))
        # Who asks before the end gets an answer to all so far.
        assert made[1].rows() == [(2,)]
        assert ServiceDay.objects.count() == 2
        moved = ask("UPDATE reservations_serviceday SET date = date + 9 WHERE restaurant_id = %s", place.pk)
    assert [answer.rows() for answer in made] == [[(1,)], [(2,)]]
    assert moved.count() == 2


def test_it_is_prepared_from_its_first_time_on_and_a_long_one_when_it_comes_again() -> None:
    ask_alone("SELECT %s::int AS short", 1)
    assert there("short") == {"SELECT $1::int AS short"}
    assert ask_alone("SELECT %s::int AS short", 2).rows() == [(2,)]
    long = f"SELECT {' + '.join(['%s'] * 150)} AS long"
    for times in range(4):
        assert ask_alone(long, *range(150)).rows() == [(sum(range(150)),)]
        assert bool(there("long")) == (times >= 2)


def test_it_is_not_prepared_where_the_url_says_so() -> None:
    connection.ensure_connection()
    info = connection.connection.info
    options = {"host": info.host, "port": info.port, "user": info.user, "dbname": info.dbname}
    with Connection.connect(**options, password=info.password, autocommit=True, prepare_threshold=None) as other:
        for _time in range(5):
            with other.pipeline():
                answer = other.added("SELECT %s::int", [7])
            assert answer is not None
            assert answer.rows() == [(7,)]
        assert other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)


def test_more_are_prepared_than_a_connection_keeps() -> None:
    connection.ensure_connection()
    for number in range(130):
        assert ask_alone(f"SELECT %s::int AS many{number}", number).rows() == [(number,)]
    # What is dropped is told to the server with the next statement.
    assert ask_alone("SELECT %s::int AS many0", 5).rows() == [(5,)]
    assert 90 < len(there()) <= 102


@pytest.mark.parametrize("inside", [True, False], ids=["in a transaction", "by itself"])
def test_an_error_comes_at_the_end_of_its_kind_and_nothing_is_done(inside: bool) -> None:
    place = make.make_restaurant()

    def write_twice() -> None:
        with one_trip():
            for _time in range(2):
                ask(
                    "INSERT INTO reservations_serviceday (restaurant_id, date) VALUES (%s, %s)",
                    place.pk,
                    dt.date(2027, 6, 1),
                )
            later.append(ask("SELECT 1"))

    later: list[Any] = []
    for _time in range(3):
        if inside:
            with pytest.raises(IntegrityError), transaction.atomic():
                write_twice()
        else:
            with pytest.raises(IntegrityError):
                write_twice()
    with pytest.raises(psycopg.InterfaceError, match="without an answer"):
        later[0].rows()
    assert not ServiceDay.objects.exists()
    assert ask_alone("SELECT %s::int", 4).rows() == [(4,)]


def test_an_error_that_is_asked_for_within_is_of_djangos_kind() -> None:
    with pytest.raises(DataError), one_trip():
        ask("SELECT 12 / %s::int", 0).rows()
    assert not connection.connection.info.pipeline_status


@pytest.mark.parametrize(
    ("sql", "params", "error"),
    [
        ("SELECT %s::text", ["\0"], DataError),
        ("SELECT %s", [object()], ProgrammingError),
        ("SELECT nothing", [], ProgrammingError),
    ],
)
def test_what_can_be_no_statement_is_told_as_ever(sql: str, params: list[Any], error: type[DatabaseError]) -> None:
    with pytest.raises(error), connection.cursor() as cursor:
        cursor.execute(sql, params)
    with pytest.raises(error):
        ask_alone(sql, *params)
    assert ask_alone("SELECT %s::int", 4).rows() == [(4,)]


def test_in_a_broken_transaction_it_is_refused() -> None:
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            ask_alone("SELECT 1")


def test_who_watches_the_connection_sees_it() -> None:
    seen: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, list(params)))
        assert context["connection"] is connections["default"]
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        ask_alone("SELECT %s::int", 4)
    assert seen == [("SELECT %s::int", [4])]


def test_a_log_of_statements_has_it() -> None:
    question = Prepared(lambda: ServiceDay.objects.order_by("pk").values_list("pk"))
    with CaptureQueriesContext(connection) as log:
        assert together(question.asked(), question.asked()) == [[], []]
    assert len(log) == 2


def test_where_values_stand_in_the_statement_it_has_a_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "server_side_binding", False)
    assert not isinstance(ask_alone("SELECT %s::int", 4), Answer)
