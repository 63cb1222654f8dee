"""Write rules of guests: merge two, erase one, and forget those whose time is over."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import retried
from reservations.history import trail
from reservations.history.trail import JOB, By, Event
from reservations.models import BookingRequest, Guest, Message, Reservation, Restaurant, WaitlistEntry

__all__ = ["erase", "forget_old", "merge"]

Status = Reservation.Status
UPCOMING = (Status.HELD, Status.CONFIRMED, Status.SEATED)

_CHUNK = 500

_BLANK: dict[str, object] = {"name": "", "email": "", "phone": "", "note": ""}


def merge(*, keep: Guest, other: Guest, by: By) -> None:
    """Make two guests one: keep takes the other's visits, and what it does not know itself.

    The other stays as a sign that points to keep, so that its contact and its
    history lead there. Raises `Refused` (OTHER_GUEST) where they are of two
    restaurants, the same, erased or merged already.
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
        for name in ("name", "email", "phone", "language", "dietary_needs"):
            setattr(one, name, getattr(one, name) or getattr(two, name))
        one.notes = "\n".join(text for text in (one.notes, two.notes) if text)[:2000]
        one.tags = list(dict.fromkeys([*one.tags, *two.tags]))
        one.save()
        _hand_over(two.pk, one.pk)
        Guest.objects.filter(merged_into=two).update(merged_into=one)
        Guest.objects.filter(pk=two.pk).update(
            merged_into=one, name="", email="", phone="", notes="", dietary_needs="", tags=[]
        )
        event = Event("merged", "guest", one.pk, one.pk, {"from": two.pk})
        trail.note(one.restaurant_id, [event], by, timezone.now())

    retried(work)
    keep.refresh_from_db()
    other.refresh_from_db()


def _hand_over(old: int, new: int) -> None:
    Reservation.objects.filter(guest=old).update(guest=new)
    WaitlistEntry.objects.filter(guest=old).update(guest=new)


def erase(*, guest: Guest, by: By) -> None:
    """Erase a guest's name, contacts, notes and needs everywhere; visits and no-shows stay as numbers.

    The history names guests by number alone and is not touched. Raises
    `Refused` (UPCOMING_VISIT) while a visit is to come: cancel it first.
    """

    def work() -> None:
        if Reservation.objects.filter(guest=guest, status__in=UPCOMING).exists():
            raise Refused(Reason.UPCOMING_VISIT)
        _erase(guest.restaurant_id, [guest.pk], by)

    retried(work)
    guest.refresh_from_db()


def _erase(restaurant_id: int, guests: list[int], by: By) -> None:
    """Erase guests, and those that were merged into them, inside a transaction."""
    rows = Guest.objects.filter(Q(pk__in=guests) | Q(merged_into__in=guests), restaurant_id=restaurant_id)
    pks = list(rows.values_list("pk", flat=True))
    emails = [email for email in rows.values_list("email", flat=True) if email]
    of_them = Q(guest__in=pks)
    visits = list(
        Reservation.objects.filter(of_them, restaurant_id=restaurant_id)
        .exclude(status__in=UPCOMING)
        .values_list("pk", flat=True)
    )
    _blank_reservations(visits)
    _blank_entries(WaitlistEntry.objects.filter(of_them, restaurant_id=restaurant_id))
    _blank_requests(
        BookingRequest.objects.filter(Q(reservation__guest__in=pks) | Q(email__in=emails), restaurant_id=restaurant_id)
    )
    for pk in pks:
        Guest.objects.filter(pk=pk).update(
            key=secrets.token_hex(32),
            name="",
            email="",
            phone="",
            language="",
            notes="",
            dietary_needs="",
            tags=[],
            erased_at=timezone.now(),
        )
    _blank_log(Guest, pks)
    trail.note(restaurant_id, [Event("erased", "guest", pk, pk) for pk in guests], by, timezone.now())


def _blank_reservations(pks: list[int]) -> None:
    for first in range(0, len(pks), _CHUNK):
        some = pks[first : first + _CHUNK]
        Reservation.objects.filter(pk__in=some).update(
            **_BLANK, booker_name="", booker_email="", dietary_needs="", occasion="", browser=""
        )
        _blank_messages(Message.objects.filter(reservation__in=some))
        _blank_log(Reservation, some)


def _blank_entries(rows: models.QuerySet[WaitlistEntry]) -> None:
    pks = list(rows.values_list("pk", flat=True))
    for first in range(0, len(pks), _CHUNK):
        some = pks[first : first + _CHUNK]
        WaitlistEntry.objects.filter(pk__in=some).update(**_BLANK, browser="")
        _blank_messages(Message.objects.filter(entry__in=some))


def _blank_requests(rows: models.QuerySet[BookingRequest]) -> None:
    pks = list(rows.values_list("pk", flat=True).distinct())
    for first in range(0, len(pks), _CHUNK):
        some = pks[first : first + _CHUNK]
        BookingRequest.objects.filter(pk__in=some).update(
            **_BLANK, dietary_needs="", occasion="", answer="", browser=""
        )
        _blank_messages(Message.objects.filter(request__in=some))


def _blank_messages(rows: models.QuerySet[Message]) -> None:
    rows.filter(status=Message.Status.WAITING).update(status=Message.Status.DROPPED)
    rows.update(recipient="", data={}, error="")


def _blank_log(model: type[models.Model], pks: Iterable[int]) -> None:
    """Take the names out of the admin's own log, which keeps what an object was called."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=[str(pk) for pk in pks]
    ).update(object_repr=F("object_id"))


def forget_old(now: dt.datetime | None = None) -> int:
    """Erase who has not come for as long as the restaurant keeps guests, and names without a guest; return how many.

    By the date of the last visit, or the day on which the guest was written
    down. For the job loop: in bounded steps, any number of copies.
    """
    now = now or timezone.now()
    count = 0
    for days in list(Restaurant.objects.order_by().values_list("retention_days", flat=True).distinct()):
        # A day more, since it is another date elsewhere on earth.
        last = now.date() - dt.timedelta(days=days + 1)
        count += _forget_guests(days, last) + _forget_names(days, last)
    return count


def _forget_guests(days: int, last: dt.date) -> int:
    later = Reservation.objects.filter(guest=OuterRef("pk")).filter(Q(service_date__gte=last) | Q(status__in=UPCOMING))
    old = Guest.objects.filter(
        ~Exists(later),
        restaurant__retention_days=days,
        erased_at=None,
        merged_into=None,
        created_at__lt=dt.datetime.combine(last, dt.time(), tzinfo=dt.UTC),
    ).order_by("pk")
    found = list(old.values_list("restaurant_id", "pk")[:_CHUNK])
    for restaurant_id in sorted({restaurant for restaurant, _pk in found}):
        pks = [pk for restaurant, pk in found if restaurant == restaurant_id]

        def work(restaurant_id: int = restaurant_id, pks: list[int] = pks) -> None:
            _erase(restaurant_id, pks, JOB)

        retried(work)
    return len(found)


def _forget_names(days: int, last: dt.date) -> int:
    """Blank what was written down without a guest: a name alone, a door list, a request that came to nothing."""
    named = ~Q(name="")
    kept = {"restaurant__retention_days": days}
    visits = list(
        Reservation.objects.filter(named, guest=None, service_date__lt=last, **kept)
        .exclude(status__in=UPCOMING)
        .order_by("pk")
        .values_list("pk", flat=True)[:_CHUNK]
    )
    entries = list(
        WaitlistEntry.objects.filter(named, service_date__lt=last, **kept)
        .order_by("pk")
        .values_list("pk", flat=True)[:_CHUNK]
    )
    requests = list(
        BookingRequest.objects.filter(named, service_date__lt=last, **kept)
        .order_by("pk")
        .values_list("pk", flat=True)[:_CHUNK]
    )

    def work() -> None:
        _blank_reservations(visits)
        _blank_entries(WaitlistEntry.objects.filter(pk__in=entries))
        _blank_requests(BookingRequest.objects.filter(pk__in=requests))

    if visits or entries or requests:
        retried(work)
    return len(visits) + len(entries) + len(requests)
