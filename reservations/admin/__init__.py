"""The admin of restaurants and reservations. Every time in it is the restaurant's own, with the zone's abbreviation."""

from reservations.admin import hours, message, reservation, user, venue

__all__ = ["hours", "message", "reservation", "user", "venue"]
