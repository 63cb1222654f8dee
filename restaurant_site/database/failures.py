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
    """BUSY: a lock did not come in time; SLOW: a statement took too long; AWAY: the server can't be asked."""

    BUSY = "busy"
    SLOW = "slow"
    AWAY = "away"


# Standard SQLSTATEs of PostgreSQL: lock not available, query cancelled.
_CODES = {"55P03": Failure.BUSY, "57014": Failure.SLOW}
# Azure SQL's 1222. A query's timeout is the driver's own; a login's is another matter.
_BUSY = re.compile(r"lock request time out|\(1222\)", re.IGNORECASE)
_SLOW = re.compile(r"query timeout expired|error: timeout expired(?!.*login timeout)", re.IGNORECASE | re.DOTALL)

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
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        code = getattr(cause, "sqlstate", None)
        return _CODES.get(code or "", Failure.AWAY)
    # By its words, whatever its class: a lock that did not come may be a ProgrammingError.
    if _BUSY.search(str(error)):
        return Failure.BUSY
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


def _is_postgresql(cause: BaseException | None) -> bool:
    return isinstance(cause, psycopg.Error)
