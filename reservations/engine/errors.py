"""Reasons for which a booking is refused, and the exception that carries one. Pure."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """Why a time can't be booked, in the order in which the rules are asked."""

    ONLINE_BOOKING_OFF = "ONLINE_BOOKING_OFF"
    HOURS_UNKNOWN = "HOURS_UNKNOWN"
    CLOSED = "CLOSED"
    NO_SERVICE = "NO_SERVICE"
    NOT_A_TIME = "NOT_A_TIME"
    PAST = "PAST"
    PAUSED = "PAUSED"
    TOO_LATE = "TOO_LATE"
    TOO_FAR = "TOO_FAR"
    PARTY_TOO_SMALL = "PARTY_TOO_SMALL"
    PARTY_TOO_LARGE = "PARTY_TOO_LARGE"
    PACING_FULL = "PACING_FULL"
    NO_TABLE = "NO_TABLE"
    TABLES_TAKEN = "TABLES_TAKEN"
    NO_STEP_FREE_TABLE = "NO_STEP_FREE_TABLE"
    HOLD_LAPSED = "HOLD_LAPSED"
    ALREADY_EXTENDED = "ALREADY_EXTENDED"
    CUTOFF_PASSED = "CUTOFF_PASSED"
    ALREADY_STARTED = "ALREADY_STARTED"
    NOT_STARTED = "NOT_STARTED"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    NOT_SEATED = "NOT_SEATED"
    CHANGED_MEANWHILE = "CHANGED_MEANWHILE"
    NOT_FEWER = "NOT_FEWER"
    WRONG_TABLES = "WRONG_TABLES"
    NOT_WAITING = "NOT_WAITING"
    WAITLIST_OFF = "WAITLIST_OFF"
    STILL_FREE = "STILL_FREE"
    REQUESTS_OFF = "REQUESTS_OFF"
    ALREADY_ANSWERED = "ALREADY_ANSWERED"
    UNDECIDED = "UNDECIDED"
    UPCOMING_VISIT = "UPCOMING_VISIT"
    OTHER_GUEST = "OTHER_GUEST"
    ALREADY_STAFF = "ALREADY_STAFF"
    NOT_TO_BE_ADDED = "NOT_TO_BE_ADDED"
    LAST_OWNER = "LAST_OWNER"
    NOTHING_TO_UNDO = "NOTHING_TO_UNDO"
    NOTE_TOO_LONG = "NOTE_TOO_LONG"
    TOO_MANY_HOLDS = "TOO_MANY_HOLDS"
    BY_PHONE = "BY_PHONE"
    TOO_MANY_MAILS = "TOO_MANY_MAILS"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A write rule said no. Nothing was written; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class NotAnswered(Refused):
    """A no to a key that has had no answer yet, as was read after what it goes by: it need not be looked for again."""
