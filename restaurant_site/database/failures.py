"""What an error of the database means for whoever asked, whichever database it is."""

from __future__ import annotations

import enum

from django.db import InterfaceError, OperationalError

from restaurant_site.database.azure import LOCK_TIMED_OUT, QUERY_TIMED_OUT
from restaurant_site.database.waits import Busy


class Failure(enum.Enum):
    """BUSY: a lock did not come in time; SLOW: a statement took too long; AWAY: the server can't be asked."""

    BUSY = "busy"
    SLOW = "slow"
    AWAY = "away"


# Standard SQLSTATEs of PostgreSQL: lock not available, query cancelled.
_CODES = {"55P03": Failure.BUSY, "57014": Failure.SLOW}
_TEXTS = {LOCK_TIMED_OUT: Failure.BUSY, QUERY_TIMED_OUT: Failure.SLOW}


def failure_of(error: BaseException | None) -> Failure | None:
    """Return what an exception says of the database, or None where it is about something else."""
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    if isinstance(error, Busy):
        return Failure.BUSY
    cause = error.__cause__
    if code := getattr(cause, "sqlstate", None):
        return _CODES.get(code, Failure.AWAY)
    if cause is not None and type(cause).__module__.partition(".")[0] != "psycopg":
        return next((found for text, found in _TEXTS.items() if text in str(error)), Failure.AWAY)
    return Failure.AWAY
