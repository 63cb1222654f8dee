"""What an error of the database means for whoever asked, whichever database and driver it comes from.

PostgreSQL's driver gives SQLSTATEs. Of Azure SQL's, pyodbc puts the SQLSTATE
and the server's number into the text, and Microsoft's own gives the server's
words with some of its own for the SQLSTATE, under whatever class that maps to.
"""

from __future__ import annotations

import enum
import re

import psycopg
from django.db import Error, IntegrityError, InterfaceError, OperationalError

from restaurant_site.database.waits import Busy


class Failure(enum.Enum):
    """BUSY: a lock did not come in time; SLOW: a statement took too long; AWAY: the server can't be asked as it is."""

    BUSY = "busy"
    SLOW = "slow"
    AWAY = "away"


# Standard SQLSTATEs of PostgreSQL: lock not available, query cancelled, and a server that takes no writes at
# the moment, as Azure's while the disk is nearly full, or one that another has taken over from.
_CODES = {"55P03": Failure.BUSY, "57014": Failure.SLOW, "25006": Failure.AWAY}
# Azure SQL's 1222. A query's timeout is the driver's own; a login's is another matter.
_BUSY = re.compile(r"lock request time out|\(1222\)", re.IGNORECASE)
_SLOW = re.compile(r"query timeout expired|error: timeout expired(?!.*login timeout)", re.IGNORECASE | re.DOTALL)
# Azure SQL's, under classes that say something else: moving to another machine, overloaded, out of workers or
# sessions, read-only, full.
_AWAY = re.compile(
    r"\((?:3906|10928|10929|40197|40501|40544|40613|49918|49919|49920)\)|is not currently available"
    r"|service is currently busy|service has encountered an error processing|minimum guarantee is"
    r"|limit for the database|because the database is read-only|reached its size quota",
    re.IGNORECASE,
)

# A serialisation failure by the standard, and PostgreSQL's own for a deadlock.
_COLLISION_CODES = ("40001", "40P01")
# Azure SQL's deadlock (1205), an update of what another has changed under
# snapshot isolation (3960), and the standard's SQLSTATE; by number or in words.
_COLLISION = re.compile(
    r"\b40001\b|\b1205\b|\b3960\b|deadlock victim|deadlocked on|serialization failure"
    r"|snapshot isolation transaction aborted due to update conflict",
    re.IGNORECASE,
)


def failure_of(error: BaseException | None) -> Failure | None:
    """Return what an exception says of the database, or None where it is about something else."""
    if not isinstance(error, Error):
        return None
    if isinstance(error, Busy):
        return Failure.BUSY
    cause = error.__cause__
    if _is_postgresql(cause):
        if is_outdated(cause):
            return Failure.AWAY
        code = getattr(cause, "sqlstate", None)
        is_of_the_server = isinstance(error, OperationalError | InterfaceError)
        return _CODES.get(code or "", Failure.AWAY if is_of_the_server else None)
    # By its words, whatever its class: a lock that did not come may be a ProgrammingError.
    if _BUSY.search(str(error)):
        return Failure.BUSY
    if _AWAY.search(str(error)):
        return Failure.AWAY
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    return Failure.SLOW if _SLOW.search(str(error)) else Failure.AWAY


def is_collision(error: Error) -> bool:
    """Return whether a database error says that two transactions met, so that doing it again may succeed."""
    if isinstance(error, IntegrityError):
        return True
    cause = error.__cause__
    if _is_postgresql(cause):
        return getattr(cause, "sqlstate", None) in _COLLISION_CODES
    # Without a driver's error behind it it is Django's own, of code that is wrong.
    return cause is not None and _COLLISION.search(str(error)) is not None


def is_outdated(error: BaseException | None) -> bool:
    """Return whether a statement failed only because it had been prepared: done again by a new name it may succeed.

    A migration that widens a column changes what a statement gives back, and a pooler may have lost the statement.
    """
    cause = error if _is_postgresql(error) else getattr(error, "__cause__", None)
    if isinstance(cause, psycopg.errors.FeatureNotSupported):
        # By the function of the server that says so, in whichever language: other things are not supported for good.
        return cause.diag.source_function == "RevalidateCachedQuery"
    return isinstance(cause, psycopg.errors.InvalidSqlStatementName)


def _is_postgresql(cause: BaseException | None) -> bool:
    return isinstance(cause, psycopg.Error)
