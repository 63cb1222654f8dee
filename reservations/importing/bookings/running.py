"""An import while it runs: row by row through the write rules, in pieces, as often as it takes."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from reservations.engine.booking import Details, Wish
from reservations.engine.bringing import bring_booking, bring_guest
from reservations.engine.errors import Refused
from reservations.history.trail import By
from reservations.importing.bookings.problems import Problem
from reservations.importing.bookings.wishes import Plans, details_of, profile_of
from reservations.models import BookingImport, ImportRow, Reservation, User

Status = ImportRow.Status

_CHUNK = 50
_KEPT = dt.timedelta(days=30)
_UNBEGUN = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows there are, and how many of each status."""

    total: int
    counts: Counter[str]

    @property
    def done(self) -> int:
        """How many rows wait no more."""
        return self.total - self.counts[Status.WAITING]


def progress(batch: BookingImport) -> Progress:
    """Return how far an import is, in one statement."""
    counted = batch.rows.order_by().values_list("status").annotate(Count("pk"))
    counts = Counter(dict(counted))
    return Progress(counts.total(), counts)


def run(
    batch: BookingImport,
    *,
    by: By,
    user: User | None,
    seconds: float,
    report: Callable[[ImportRow], None] | None = None,
) -> bool:
    """Bring rows over for so many seconds at most, and return whether none is left waiting.

    May be called again at any time, by several at once, after a crash: each row
    is brought over once. report is called with each row that is settled.
    """
    end = time.monotonic() + seconds
    plans = Plans(batch.restaurant)
    while True:
        waiting = list(batch.rows.filter(status=Status.WAITING).order_by("line")[:_CHUNK])
        for row in waiting:
            _carry(batch, row, plans, by, user)
            if report:
                report(row)
            if time.monotonic() >= end:
                break
        if not waiting:
            running = BookingImport.objects.filter(pk=batch.pk, status=BookingImport.Status.RUNNING)
            running.update(status=BookingImport.Status.DONE, finished_at=timezone.now())
            batch.refresh_from_db()
            return True
        if time.monotonic() >= end:
            return False


def place_by_hand(
    row: ImportRow,
    *,
    wish: Wish,
    details: Details,
    by: By,
    user: User,
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    language: str = "",
    tell: bool = False,
) -> Reservation:
    """Bring a row over that could not be placed as it was, as staff have changed it; raises `Refused`."""
    reservation, _new = bring_booking(
        wish=wish,
        details=details,
        profile=profile_of(row.told),
        key=row.key,
        by=by,
        user=user,
        language=language,
        exceed_pacing=exceed_pacing,
        pacing_reason=pacing_reason,
        tell=tell,
    )
    _settle(row, Status.REFUSED, Status.PLACED, reservation=reservation, guest_id=reservation.guest_id)
    return reservation


def forget_rows() -> int:
    """Blank what files said that were not begun for a week, and rows that nobody placed for a month; return how many.

    For the job loop.
    """
    now = timezone.now()
    files = BookingImport.objects.filter(status=BookingImport.Status.READ, created_at__lt=now - _UNBEGUN)
    forgotten = files.exclude(text="").update(text="", status=BookingImport.Status.DONE, finished_at=now)
    old = BookingImport.objects.filter(created_at__lt=now - _KEPT).order_by().values("pk")
    rows = ImportRow.objects.filter(batch__in=old, status__in=(Status.REFUSED, Status.WAITING))
    return forgotten + rows.update(status=Status.SKIPPED, reason=Problem.FORGOTTEN, told={})


def unplaced(batch: BookingImport) -> QuerySet[ImportRow]:
    """Return the rows that could not be placed."""
    return batch.rows.filter(status=Status.REFUSED).order_by("line")


def _carry(batch: BookingImport, row: ImportRow, plans: Plans, by: By, user: User | None) -> None:
    """Bring a row over, or settle why not. Brought over before, also by another file, it is not brought again."""
    told = row.told
    if _brought_before(row):
        _settle(row, Status.WAITING, Status.KNOWN)
        return
    try:
        if "date" not in told:
            guest = bring_guest(
                restaurant_id=row.restaurant_id,
                details=details_of(told),
                profile=profile_of(told),
                by=by,
                language=told.get("language", ""),
            )
            _settle(row, Status.WAITING, Status.PLACED, guest_id=guest)
            return
        reservation, _new = bring_booking(
            wish=plans.wish(told),
            details=details_of(told),
            profile=profile_of(told),
            key=row.key,
            by=by,
            user=user,
            language=told.get("language", "") or batch.restaurant.language,
            exceed_pacing=batch.exceeds_pacing,
            pacing_reason=_("Brought over from another system."),
            tell=batch.tells,
        )
    except Refused as refusal:
        _settle(row, Status.WAITING, Status.REFUSED, reason=str(refusal.reason))
    else:
        _settle(row, Status.WAITING, Status.PLACED, reservation=reservation, guest_id=reservation.guest_id)


def _brought_before(row: ImportRow) -> bool:
    others = ImportRow.objects.filter(restaurant_id=row.restaurant_id, key=row.key, status=Status.PLACED)
    return others.exclude(pk=row.pk).exists()


def _settle(row: ImportRow, before: Status, status: Status, **values: Any) -> None:
    """Write what became of a row by compare-and-set; what it told is kept only as long as staff may need it."""
    values = {"reason": "", **values, "status": status}
    if status != Status.REFUSED:
        values["told"] = {}
    ImportRow.objects.filter(pk=row.pk, status=before).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
