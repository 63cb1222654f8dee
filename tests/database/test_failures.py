"""Every driver's way to say that two transactions met, that a lock did not come, that the server is away."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, Error, IntegrityError, OperationalError, ProgrammingError, transaction

from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import ATTEMPTS, retried
from restaurant_site.database.failures import Failure, failure_of, is_collision
from tests.database.drivers import mssql_python, odbc, postgresql

DEADLOCK = (
    "Transaction (Process ID 52) was deadlocked on lock resources with another process and has been chosen as the "
    "deadlock victim. Rerun the transaction."
)
CONFLICT = (
    "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot isolation to access table "
    "'reservations_serviceday' directly or indirectly in database 'n' to update the row that has been modified."
)
MOVING = "Database 'n' on server 's' is not currently available. Please retry the connection later."
READ_ONLY = 'Failed to update database "n" because the database is read-only.'
MET = {
    "PostgreSQL: serialisation failure": postgresql("40001"),
    "PostgreSQL: deadlock": postgresql("40P01"),
    "PostgreSQL: unique": postgresql("23505"),
    "pyodbc: deadlock, a bare Error": odbc("Error", "40001", DEADLOCK, 1205),
    "pyodbc: deadlock, an OperationalError": odbc("OperationalError", "40001", DEADLOCK, 1205),
    "pyodbc: deadlock, a ProgrammingError": odbc("ProgrammingError", "42000", DEADLOCK, 1205),
    "pyodbc: deadlock in another language": odbc("Error", "40001", "Die Transaktion wurde ausgewählt", 1205),
    "pyodbc: update conflict": odbc("ProgrammingError", "42000", CONFLICT, 3960),
    "pyodbc: unique": odbc("IntegrityError", "23000", "Violation of UNIQUE KEY constraint", 2627),
    "mssql-python: serialisation failure without a number": mssql_python("40001", DEADLOCK),
    "mssql-python: the same in another language": mssql_python("40001", "Die Transaktion wurde ausgewählt"),
    "mssql-python: deadlock, a ProgrammingError": mssql_python("42000", DEADLOCK),
    "mssql-python: deadlock, no class of its own": mssql_python("4000Z", DEADLOCK),
    "mssql-python: update conflict": mssql_python("42000", CONFLICT),
    "mssql-python: unique": mssql_python("23000", "Violation of UNIQUE KEY constraint"),
}
NOT_MET = {
    # Its words hold a 1205: PostgreSQL is judged by its code alone.
    "PostgreSQL: no such table": postgresql("42P01"),
    "PostgreSQL: query cancelled": postgresql("57014"),
    "PostgreSQL: lock not available": postgresql("55P03"),
    "pyodbc: no such table": odbc("ProgrammingError", "42S02", "Invalid object name 'table12050'.", 208),
    "pyodbc: the line is cut": odbc("OperationalError", "08S01", "Communication link failure", 0),
    "mssql-python: no such table": mssql_python("42S02", "Invalid object name 'table12050'."),
    "mssql-python: the line is cut": mssql_python("08S01", "Communication link failure"),
    "Django's own": transaction.TransactionManagementError("deadlock victim 1205"),
}


@pytest.mark.parametrize("error", MET.values(), ids=MET.keys())
def test_a_collision_is_known(error: Error) -> None:
    assert is_collision(error)
    assert failure_of(error) is not Failure.BUSY


@pytest.mark.parametrize("error", NOT_MET.values(), ids=NOT_MET.keys())
def test_what_is_no_collision_is_not_done_again(error: Error) -> None:
    assert not is_collision(error)


def test_the_drivers_differ_in_their_classes() -> None:
    # So that the table is known to hold what it says.
    kinds = {type(error) for error in MET.values()}
    assert kinds == {Error, DatabaseError, OperationalError, ProgrammingError, IntegrityError}


FAILURES = [
    (postgresql("55P03"), Failure.BUSY),
    (postgresql("57014"), Failure.SLOW),
    (postgresql("57P01"), Failure.AWAY),
    # A password or token that is refused; a role that may not connect.
    (postgresql("28P01"), Failure.AWAY),
    (postgresql("28000"), Failure.AWAY),
    # As the server starts, stands by, or has no place left: for a connection, and on its disk.
    (postgresql("57P03"), Failure.AWAY),
    (postgresql("25006"), Failure.AWAY),
    (postgresql("53300"), Failure.AWAY),
    (postgresql("53100"), Failure.AWAY),
    (postgresql("08006"), Failure.AWAY),
    (postgresql("42P01"), None),
    (postgresql("23505"), None),
    (odbc("ProgrammingError", "42000", "Lock request time out period exceeded.", 1222), Failure.BUSY),
    (odbc("OperationalError", "HYT00", "Lock request time out period exceeded.", 1222), Failure.BUSY),
    (odbc("OperationalError", "HYT00", "Query timeout expired", 0), Failure.SLOW),
    (odbc("OperationalError", "HYT00", "Login timeout expired", 0), Failure.AWAY),
    (odbc("OperationalError", "08S01", "Communication link failure", 0), Failure.AWAY),
    (odbc("ProgrammingError", "42S02", "Invalid object name 'a'.", 208), None),
    (odbc("ProgrammingError", "42000", MOVING, 40613), Failure.AWAY),
    (odbc("ProgrammingError", "42000", "Der Dienst ist ausgelastet.", 40501), Failure.AWAY),
    (odbc("ProgrammingError", "25000", READ_ONLY, 3906), Failure.AWAY),
    (mssql_python("42000", MOVING), Failure.AWAY),
    (mssql_python("42000", "The service is currently busy. Retry the request after 10 seconds."), Failure.AWAY),
    (mssql_python("42000", READ_ONLY), Failure.AWAY),
    (mssql_python("42000", "Lock request time out period exceeded."), Failure.BUSY),
    (mssql_python("HYT00", "Lock request time out period exceeded."), Failure.BUSY),
    (mssql_python("HYT00", "Query timeout expired"), Failure.SLOW),
    (mssql_python("HYT01", "Connection timeout expired"), Failure.AWAY),
    (mssql_python("08001", "Login timeout expired"), Failure.AWAY),
    (mssql_python("28000", "Login failed for user '<token-identified principal>'."), Failure.AWAY),
    (mssql_python("42S02", "Invalid object name 'a'."), None),
    (ValueError("deadlock"), None),
]


@pytest.mark.parametrize(("error", "failure"), FAILURES, ids=[str(error)[:60] for error, _failure in FAILURES])
def test_what_a_visitor_is_told_of_it(error: Exception, failure: Failure | None) -> None:
    assert failure_of(error) is failure


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", MET.values(), ids=MET.keys())
def test_the_work_is_done_again_and_not_without_end(error: Error) -> None:
    done = []

    def meets_once() -> str:
        done.append(1)
        if len(done) == 1:
            raise error
        return "done"

    def meets_always() -> str:
        done.append(1)
        raise error

    assert retried(meets_once) == "done"
    assert len(done) == 2
    done.clear()
    with pytest.raises(Refused):
        retried(meets_always, exhausted=Reason.TABLES_TAKEN)
    assert len(done) == ATTEMPTS
