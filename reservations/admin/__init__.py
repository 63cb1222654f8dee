"""The admin of restaurants and reservations. Every time in it is the restaurant's own, with the zone's abbreviation."""

from reservations.admin import history, hours, message, reservation, user, venue

__all__ = ["history", "hours", "message", "reservation", "user", "venue"]
