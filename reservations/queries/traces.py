"""Where one person's data lies in a restaurant's rows: what an export shows is what erasing blanks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from reservations.models import (
    BookingRequest,
    Guest,
    HistoryEvent,
    ImportRow,
    Message,
    Reservation,
    WaitlistEntry,
    contact_key,
)

TO_COME = (Reservation.Status.HELD, Reservation.Status.CONFIRMED, Reservation.Status.SEATED)

_UNRESOLVED = dt.timedelta(days=1)
"""So long after its end a visit that nobody has closed still counts as one to come."""


@dataclass(frozen=True, slots=True)
class Traces:
    """The guest rows of a person at one restaurant, those merged into it included, and the contacts that are theirs.

    Rows are theirs by the guest; rows without one by e-mail, or by phone where
    they have no e-mail: a family shares a phone. A contact that another guest
    has as well proves nothing and is left out.
    """

    restaurant_id: int
    guests: tuple[int, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]

    def reservations(self) -> QuerySet[Reservation]:
        """Return the visits and holds of the person, of every status."""
        return Reservation.objects.filter(self._own(), restaurant_id=self.restaurant_id)

    def booked(self) -> QuerySet[Reservation]:
        """Return the reservations of others that the person booked for them."""
        rows = Reservation.objects.filter(restaurant_id=self.restaurant_id, booker_email__in=self.emails)
        return rows.exclude(self._own())

    def entries(self) -> QuerySet[WaitlistEntry]:
        """Return what the person waited for, online and at the door."""
        return WaitlistEntry.objects.filter(self._own(), restaurant_id=self.restaurant_id)

    def requests(self) -> QuerySet[BookingRequest]:
        """Return the requests of the person."""
        return BookingRequest.objects.filter(
            Q(reservation__guest__in=self.guests) | self._contact(), restaurant_id=self.restaurant_id
        )

    def messages(self) -> QuerySet[Message]:
        """Return the messages about all of these, and those to the person about others."""
        return Message.objects.filter(
            Q(reservation__in=self.reservations().order_by())
            | Q(entry__in=self.entries().order_by())
            | Q(request__in=self.requests().order_by())
            | Q(recipient__in=self.emails),
            restaurant_id=self.restaurant_id,
        )

    def events(self) -> QuerySet[HistoryEvent]:
        """Return what the history tells of the person and of all of these."""
        told = Q(subject="guest", subject_number__in=self.guests)
        for subject, rows in (
            ("reservation", self.reservations()),
            ("entry", self.entries()),
            ("request", self.requests()),
        ):
            told |= Q(subject=subject, subject_number__in=rows.order_by().values("pk"))
        return HistoryEvent.objects.filter(told, restaurant_id=self.restaurant_id)

    def imported(self) -> QuerySet[ImportRow]:
        """Return the rows of imports that tell of the person and are not placed yet; a placed one tells nothing."""
        keys = [contact_key(email, "") for email in self.emails] + [contact_key("", phone) for phone in self.phones]
        unsettled = (ImportRow.Status.WAITING, ImportRow.Status.REFUSED)
        return ImportRow.objects.filter(restaurant_id=self.restaurant_id, contact__in=keys, status__in=unsettled)

    def _own(self) -> Q:
        return Q(guest__in=self.guests) | (Q(guest=None) & self._contact())

    def _contact(self) -> Q:
        return Q(email__in=self.emails) | Q(email="", phone__in=self.phones)


@dataclass(frozen=True, slots=True)
class Coming:
    """What keeps a person from being erased: visits, places in a queue and requests that are still alive."""

    reservations: list[Reservation]
    entries: list[WaitlistEntry]
    requests: list[BookingRequest]

    @property
    def any(self) -> bool:
        """Whether there is anything to come."""
        return bool(self.reservations or self.entries or self.requests)


def traces_of(restaurant_id: int, guests: Sequence[int]) -> Traces:
    """Return the traces of guests (at most 50, by number) with what was merged into them, in 5 statements.

    Their contacts are those of the rows themselves and of what they booked,
    waited for or asked for.
    """
    known = Guest.objects.filter(restaurant_id=restaurant_id)
    rows = list(known.filter(Q(pk__in=guests) | Q(merged_into__in=guests)).order_by("pk"))
    pks = tuple(row.pk for row in rows)
    found: list[tuple[str, str]] = [(row.email, row.phone) for row in rows]
    for told in (
        Reservation.objects.filter(guest__in=pks),
        WaitlistEntry.objects.filter(guest__in=pks),
        BookingRequest.objects.filter(reservation__guest__in=pks),
    ):
        of_restaurant = told.filter(restaurant_id=restaurant_id).order_by()
        found += of_restaurant.values_list("email", "phone").distinct()
    return _of_contacts(restaurant_id, pks, found)


def traces_of_contact(restaurant_id: int, email: str, phone: str) -> Traces:
    """Return the traces of somebody who is no guest yet: who only asked, waited, or began to book."""
    return _of_contacts(restaurant_id, (), [(email, phone)])


def _of_contacts(restaurant_id: int, guests: tuple[int, ...], contacts: Iterable[tuple[str, str]]) -> Traces:
    emails = {email for email, _phone in contacts if email}
    phones = {phone for _email, phone in contacts if phone}
    others = Guest.objects.filter(Q(email__in=emails) | Q(phone__in=phones), restaurant_id=restaurant_id)
    for email, phone in others.exclude(pk__in=guests).values_list("email", "phone"):
        emails.discard(email)
        phones.discard(phone)
    return Traces(restaurant_id, guests, tuple(sorted(emails)), tuple(sorted(phones)))


def coming(traces: Traces, now: dt.datetime) -> Coming:
    """Return what is still to come of a person, or has only just been, also as the booker of others."""
    live = Q(status__in=TO_COME, ends_at__gt=now - _UNRESOLVED)
    visits = Reservation.objects.filter(
        Q(pk__in=traces.reservations().order_by().values("pk")) | Q(pk__in=traces.booked().order_by().values("pk"))
    )
    waiting = (WaitlistEntry.Status.WAITING, WaitlistEntry.Status.OFFERED)
    asking = (BookingRequest.Status.OPEN, BookingRequest.Status.PROPOSED)
    return Coming(
        list(visits.filter(live).select_related("restaurant").order_by("starts_at", "pk")),
        list(traces.entries().filter(status__in=waiting, latest__gt=now).order_by("earliest", "pk")),
        list(traces.requests().filter(status__in=asking, expires_at__gt=now).order_by("starts_at", "pk")),
    )
