"""Rows without the person: name, contact, note and need taken out, inside a transaction; what counts stays."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Sequence

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, QuerySet

from reservations.models import BookingRequest, Guest, ImportRow, Message, Reservation, WaitlistEntry

_CHUNK = 500

NO_PROFILE: dict[str, object] = {
    "name": "",
    "notes": "",
    "dietary_needs": "",
    "needs_consent_at": None,
    "thanks_consent_at": None,
    "tags": [],
}
"""What is written over what was known of a guest besides the contact."""

_BLANK: dict[str, object] = {"name": "", "email": "", "phone": "", "note": "", "browser": ""}

_NO_BOOKER: dict[str, object] = {"booker_name": "", "booker_email": ""}


def blank_guests(pks: Sequence[int], now: dt.datetime) -> None:
    """Make guests nobody: their rows stay for the visits that they count, and nobody is found by them again."""
    for pk in pks:
        Guest.objects.filter(pk=pk).update(
            **NO_PROFILE, key=secrets.token_hex(32), email="", phone="", language="", erased_at=now
        )
    _in_chunks(pks, lambda some: _blank_log(Guest, some))


def blank_reservations(pks: Sequence[int]) -> None:
    """Blank reservations and the messages about them."""

    def blank(some: Sequence[int]) -> None:
        Reservation.objects.filter(pk__in=some).update(
            **_BLANK,
            **_NO_BOOKER,
            dietary_needs="",
            occasion="",
            # Who wrote down why has perhaps named the guest.
            pacing_reason="",
            passed_over_reason="",
        )
        blank_messages(Message.objects.filter(reservation__in=some))
        _blank_log(Reservation, some)

    _in_chunks(pks, blank)


def blank_bookers(pks: Sequence[int]) -> None:
    """Take out of reservations who booked them for somebody else, and blank the messages to them."""

    def blank(some: Sequence[int]) -> None:
        blank_messages(Message.objects.filter(reservation__in=some, recipient=F("reservation__booker_email")))
        Reservation.objects.filter(pk__in=some).update(**_NO_BOOKER)

    _in_chunks(pks, blank)


def blank_entries(pks: Sequence[int]) -> None:
    """Blank entries of waitlists and the messages about them."""

    def blank(some: Sequence[int]) -> None:
        WaitlistEntry.objects.filter(pk__in=some).update(**_BLANK)
        blank_messages(Message.objects.filter(entry__in=some))
        _blank_log(WaitlistEntry, some)

    _in_chunks(pks, blank)


def blank_requests(pks: Sequence[int]) -> None:
    """Blank requests, what was answered to them, and the messages about them."""

    def blank(some: Sequence[int]) -> None:
        BookingRequest.objects.filter(pk__in=some).update(**_BLANK, dietary_needs="", occasion="", answer="")
        blank_messages(Message.objects.filter(request__in=some))
        _blank_log(BookingRequest, some)

    _in_chunks(pks, blank)


def blank_imported(rows: QuerySet[ImportRow]) -> None:
    """Blank rows of imports; nobody brings them over any more."""
    rows.update(told={}, status=ImportRow.Status.SKIPPED, reason=ImportRow.ERASED)


def blank_messages(rows: QuerySet[Message]) -> None:
    """Blank messages; those that wait go to nobody any more.

    One that is being sent at this moment is taken from its sender, who would write down what a server said of the
    address.
    """

    def blank(some: Sequence[int]) -> None:
        found = Message.objects.filter(pk__in=some)
        to_go = (Message.Status.WAITING, Message.Status.SENDING)
        found.filter(status__in=to_go).update(status=Message.Status.DROPPED, claim="")
        found.update(recipient="", data={}, error="")
        _blank_log(Message, some)

    _in_chunks(list(rows.order_by().values_list("pk", flat=True)), blank)


def _blank_log(model: type[Model], pks: Iterable[int]) -> None:
    """Take the person out of the admin's own log, which keeps what an object was called; that it was done stays."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=[str(pk) for pk in pks]
    ).update(object_repr=F("object_id"), change_message="")


def _in_chunks(pks: Sequence[int], work: Callable[[Sequence[int]], None]) -> None:
    for first in range(0, len(pks), _CHUNK):
        work(pks[first : first + _CHUNK])
