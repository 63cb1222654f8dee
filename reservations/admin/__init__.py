"""The admin of restaurants and reservations. Every time in it is the restaurant's own, with the zone's abbreviation."""

from reservations.admin import (
    block,
    bringing,
    guest,
    history,
    hours,
    membership,
    message,
    requests,
    reservation,
    tables,
    user,
    venue,
    waitlist,
)

__all__ = [
    "block",
    "bringing",
    "guest",
    "history",
    "hours",
    "membership",
    "message",
    "requests",
    "reservation",
    "tables",
    "user",
    "venue",
    "waitlist",
]
