"""Write rules of guests: merge two, erase one, and forget those whose time is over."""

from __future__ import annotations

import datetime as dt
import time

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from reservations.engine.blanking import (
    NO_PROFILE,
    blank_bookers,
    blank_entries,
    blank_guests,
    blank_imported,
    blank_messages,
    blank_requests,
    blank_reservations,
)
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Again, retried
from reservations.history import trail
from reservations.history.trail import JOB, By, Event
from reservations.models import BookingRequest, Guest, Reservation, Restaurant, WaitlistEntry
from reservations.queries.traces import Traces, coming, traces_of

__all__ = ["erase", "erase_contact", "forget_old", "merge"]

RUN_SECONDS = 2.0
"""So long a run goes on with the next: many came on one day, and the loop has other jobs."""
_CHUNK = 500
_GROUP = 50
_BOOKER = ("booker_email", "booker_name")


def merge(*, keep: Guest, other: Guest, by: By) -> None:
    """Make two guests one: keep takes the other's visits, and what it does not know itself.

    The other stays as a sign with its e-mail and phone that points to keep, so
    that both contacts and its history lead there. Raises `Refused`
    (OTHER_GUEST) where they are of two restaurants, the same, erased or merged
    already.
    """

    def work() -> None:
        # By number, so that two merges at once wait for each other and never in a ring.
        rows = Guest.objects.filter(pk__in=(keep.pk, other.pk)).order_by("pk").select_for_update()
        both = {row.pk: row for row in rows}
        if len(both) != 2 or keep.restaurant_id != other.restaurant_id:
            raise Refused(Reason.OTHER_GUEST)
        one, two = both[keep.pk], both[other.pk]
        if any(row.merged_into_id or row.erased_at for row in (one, two)):
            raise Refused(Reason.OTHER_GUEST)
        if not one.dietary_needs:
            one.needs_consent_at = two.needs_consent_at
        for name in ("name", "email", "phone", "language", "dietary_needs", "thanks_consent_at"):
            setattr(one, name, getattr(one, name) or getattr(two, name))
        # Nothing of either is cut off, also where both are longer than the form takes.
        one.notes = "\n".join(text for text in (one.notes, two.notes) if text)
        one.tags = list(dict.fromkeys([*one.tags, *two.tags]))
        one.created_at = min(one.created_at, two.created_at)
        one.save()
        _hand_over(two.pk, one.pk)
        Guest.objects.filter(merged_into=two).update(merged_into=one)
        Guest.objects.filter(pk=two.pk).update(**NO_PROFILE, merged_into=one)
        event = Event("merged", "guest", one.pk, one.pk, {"from": two.pk})
        trail.note(one.restaurant_id, [event], by, timezone.now())

    retried(work)
    keep.refresh_from_db()
    other.refresh_from_db()


def _hand_over(old: int, new: int) -> None:
    Reservation.objects.filter(guest=old).update(guest=new)
    WaitlistEntry.objects.filter(guest=old).update(guest=new)


def erase(*, guest: Guest, by: By) -> bool:
    """Erase a guest's name, contacts, notes and needs everywhere; visits and no-shows stay as numbers.

    What was merged into the guest goes too, and a merged guest with the one it
    is part of. Returns False where it was erased already. The history names
    guests by number alone and is not touched. Raises `Refused` (UPCOMING_VISIT)
    while a visit, a place in a queue or a request is to come: end it first
    (`queries.traces.coming` says which).
    """

    def work() -> bool:
        pk = Guest.objects.values_list("merged_into", flat=True).get(pk=guest.pk) or guest.pk
        kept = next(row for row in _locked([pk]) if row.pk == pk)
        if kept.erased_at:
            return False
        if kept.merged_into_id:
            raise Again
        traces = traces_of(kept.restaurant_id, [pk])
        _own, booked = _erase(traces)
        blank_guests(traces.guests, timezone.now())
        trail.note(kept.restaurant_id, [Event("erased", "guest", pk, pk), *booked], by, timezone.now())
        return True

    erased = retried(work)
    guest.refresh_from_db()
    return erased


def erase_contact(*, traces: Traces, by: By) -> None:
    """Erase what is kept of somebody who is no guest (`traces_of_contact`), with the refusal of `erase`.

    The history names what was erased by number, since there is no guest to name.
    """

    def work() -> None:
        own, booked = _erase(traces)
        trail.note(traces.restaurant_id, [*own, *booked], by, timezone.now())

    retried(work)


def _locked(guests: list[int]) -> list[Guest]:
    """Lock guests and what was merged into them, by number: who books for one of them now waits."""
    rows = Guest.objects.filter(Q(pk__in=guests) | Q(merged_into__in=guests))
    return list(rows.order_by("pk").select_for_update())


def _erase(traces: Traces) -> tuple[list[Event], list[Event]]:
    """Erase a person, and return what there is to tell: of their own rows, and of those of others that they booked."""
    if coming(traces, timezone.now()).any:
        raise Refused(Reason.UPCOMING_VISIT)
    blank_imported(traces.imported())
    booked = dict(traces.booked().order_by().values_list("pk", "guest_id"))
    own = _blank(traces, Q(), Q())
    blank_bookers(list(booked))
    return own, [Event("changed", "reservation", pk, guest, {"told": list(_BOOKER)}) for pk, guest in booked.items()]


def _blank(traces: Traces, dated: Q, about: Q) -> list[Event]:
    """Blank the rows of a person whose dates are meant, and the messages of those and of what else is meant.

    Returns what may be told of it where the person is no guest.
    """
    # All found before any is blanked: by its contact a blank row is nobody's.
    visits = list(traces.reservations().filter(dated).order_by().values_list("pk", flat=True))
    entries = list(traces.entries().filter(dated).order_by().values_list("pk", flat=True))
    requests = list(traces.requests().filter(dated).order_by().values_list("pk", flat=True))
    blank_messages(traces.messages().filter(about))
    blank_reservations(visits)
    blank_entries(entries)
    blank_requests(requests)
    blanked = {"reservation": visits, "entry": entries, "request": requests}
    return [Event("erased", subject, pk) for subject, pks in blanked.items() for pk in pks]


def forget_old(now: dt.datetime | None = None) -> int:
    """Erase who has not come for as long as the restaurant keeps guests, and names without a guest; return how many.

    By the date of the last visit or of what was last waited for, or the day on
    which the guest was written down. For the job loop: in bounded steps for some
    seconds, any number of copies.
    """
    now = now or timezone.now()
    until = time.monotonic() + RUN_SECONDS
    kept = list(Restaurant.objects.order_by().values_list("retention_days", flat=True).distinct())
    count = 0
    # Some of each in turn, so that those of one retention do not bar the others.
    while some := sum(_forget_some(days, now) for days in kept):
        count += some
        if time.monotonic() > until:
            break
    return count


def _forget_some(days: int, now: dt.datetime) -> int:
    # A day more, since it is another date elsewhere on earth.
    last = now.date() - dt.timedelta(days=days + 1)
    return _forget_guests(days, last) + _forget_names(days, last)


def _forgettable(days: int, last: dt.date) -> QuerySet[Guest]:
    """Return the guests with nothing since a date. A visit before it that nobody has closed keeps nobody."""
    visits = Reservation.objects.filter(guest=OuterRef("pk"), service_date__gte=last)
    waits = WaitlistEntry.objects.filter(guest=OuterRef("pk"), service_date__gte=last)
    # A request has no guest before it is booked: it is by the address of the guest, or of who was merged into them.
    own = Guest.objects.filter(Q(pk=OuterRef(OuterRef("pk"))) | Q(merged_into=OuterRef(OuterRef("pk"))))
    asks = BookingRequest.objects.filter(
        Exists(own.filter(email=OuterRef("email")).order_by()),
        restaurant=OuterRef("restaurant"),
        service_date__gte=last,
    ).exclude(email="")
    return Guest.objects.filter(
        ~Exists(visits),
        ~Exists(waits),
        ~Exists(asks),
        restaurant__retention_days=days,
        erased_at=None,
        merged_into=None,
        created_at__lt=dt.datetime.combine(last, dt.time(), tzinfo=dt.UTC),
    ).order_by("restaurant", "pk")


def _forget_guests(days: int, last: dt.date) -> int:
    found = list(_forgettable(days, last).values_list("restaurant_id", "pk")[:_CHUNK])
    count = 0
    for restaurant_id in dict.fromkeys(restaurant for restaurant, _pk in found):
        of_restaurant = [pk for restaurant, pk in found if restaurant == restaurant_id]
        for first in range(0, len(of_restaurant), _GROUP):
            some = of_restaurant[first : first + _GROUP]

            def work(restaurant_id: int = restaurant_id, some: list[int] = some) -> int:
                _locked(some)
                # Once more: one of them may have booked meanwhile.
                pks = list(_forgettable(days, last).filter(pk__in=some).values_list("pk", flat=True))
                traces = traces_of(restaurant_id, pks)
                # What is newer is another's, or will be forgotten by its own date.
                about = (
                    Q(reservation__service_date__lt=last)
                    | Q(entry__service_date__lt=last)
                    | Q(request__service_date__lt=last)
                )
                _blank(traces, Q(service_date__lt=last), about)
                blank_guests(traces.guests, timezone.now())
                events = [Event("erased", "guest", pk, pk) for pk in pks]
                trail.note(restaurant_id, events, JOB, timezone.now())
                return len(pks)

            count += retried(work)
    return count


def _forget_names(days: int, last: dt.date) -> int:
    """Blank what was written down without a guest: a name alone, a door list, a request that came to nothing.

    And who booked a visit for a guest who still comes: by the date of that visit, since it was not theirs.
    """
    old = {"restaurant__retention_days": days, "service_date__lt": last}
    rows = Reservation.objects.filter(**old).order_by("pk").values_list("pk", flat=True)
    nobody = Q(guest=None) | Q(guest__erased_at__isnull=False)
    visits = list(
        rows.filter(
            _told("name", "email", "phone", "note", "dietary_needs", *_BOOKER, "pacing_reason", "passed_over_reason"),
            nobody,
        )[:_CHUNK]
    )
    booked = list(rows.filter(_told(*_BOOKER), ~nobody)[:_CHUNK])
    told = _told("name", "email", "phone", "note")
    entries = list(WaitlistEntry.objects.filter(told, **old).order_by("pk").values_list("pk", flat=True)[:_CHUNK])
    requests = list(
        BookingRequest.objects.filter(told | _told("dietary_needs", "answer"), **old)
        .order_by("pk")
        .values_list("pk", flat=True)[:_CHUNK]
    )

    def work() -> None:
        blank_reservations(visits)
        blank_bookers(booked)
        blank_entries(entries)
        blank_requests(requests)

    if visits or booked or entries or requests:
        retried(work)
    return len(visits) + len(booked) + len(entries) + len(requests)


def _told(*names: str) -> Q:
    """Return the condition that any of the columns holds something."""
    return ~Q(**dict.fromkeys(names, ""))
