"""Days of which this process has just sold a table: there a look before the lock says yes, and is left out.

A hint about what costs less, never about what is granted: that is decided under
the lock. Once one is refused there, the others are refused by looks again.
"""

from __future__ import annotations

import time
from typing import Final

from reservations.engine.stuck import Day

SECONDS: Final = 1.0
"""So long a sale says that there may be more."""

_MOST: Final = 1_000
_sold: dict[Day, float] = {}


def sold(day: Day) -> None:
    """Remember that a table was granted under the day's lock."""
    if len(_sold) >= _MOST:
        _sold.clear()
    _sold[day] = time.monotonic()


def refused(day: Day) -> None:
    """Remember that nothing was to be had."""
    _sold.pop(day, None)


def sells(day: Day) -> bool:
    """Return whether the last who asked for a table of the day got one, just now."""
    return time.monotonic() - _sold.get(day, float("-inf")) < SECONDS
