"""What a write rule decides by: the covers that arrive at a start, and the tables taken around it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import models
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Now

from reservations.models import Reservation, TableClaim
from reservations.models.reservation import BY_ONLINE_RULES, COUNTED
from reservations.queries.prepared import Param, Prepared, Question, together


@dataclass(frozen=True, slots=True)
class Window:
    """What a write rule decides by: covers arriving at a start, and the tables taken from start to end.

    neighbours are the other service dates whose lapsed holds still claim a
    table here; only whoever locks such a day may expire them.
    """

    covers: tuple[int, int]
    taken: frozenset[int]
    neighbours: frozenset[dt.date]


def window(
    restaurant_id: int,
    date: dt.date,
    start: dt.datetime,
    end: dt.datetime,
    *,
    locked: bool,
    except_reservation: int = 0,
    except_browser: str = "",
    answers: list[Any] | None = None,
) -> Window:
    """Return the covers of a start (UTC) and the tables taken until end (UTC), in two statements.

    answers are those to `windowing`, where it was asked already.

    Unlocked, holds that have lapsed by the database's clock take nothing. Under
    the day's lock, which has just expired them, every hold that is left counts:
    one that lapses this moment may be being confirmed by a transaction that
    this one can't see yet.
    """
    questions = windowing(
        restaurant_id,
        date,
        start,
        end,
        locked=locked,
        except_reservation=except_reservation,
        except_browser=except_browser,
    )
    parties, claimed = answers or together(*questions)
    total = online = 0
    for party, source in parties:
        total += party
        online += party if source in BY_ONLINE_RULES else 0
    taken: set[int] = set()
    neighbours: set[dt.date] = set()
    for table_id, lapsed, service_date in claimed:
        if lapsed and service_date != date:
            neighbours.add(service_date)
        elif locked or not lapsed:
            taken.add(table_id)
    return Window((total, online), frozenset(taken), frozenset(neighbours))


def windowing(
    restaurant_id: int,
    date: dt.date,
    start: dt.datetime,
    end: dt.datetime,
    *,
    locked: bool,
    except_reservation: int = 0,
    except_browser: str = "",
) -> tuple[Question, Question]:
    """Return the two questions of `window`, to be asked together with others."""
    asked = {"restaurant": restaurant_id, "start": start, "except": except_reservation, "browser": except_browser}
    arriving, claims = _STATEMENTS[locked, bool(except_browser)]
    return arriving.asked(**asked, date=date), claims.asked(**asked, end=end)


_RESTAURANT = Param("restaurant", models.BigIntegerField())
_START = Param("start", models.DateTimeField())
_EXCEPT = Param("except", models.BigIntegerField())


def _held_by_browser(path: str = "") -> Q:
    return Q(
        **{f"{path}status": Reservation.Status.HELD, f"{path}browser": Param("browser", models.CharField())},
        **{f"{path}asked": ""},
    )


def _arriving(locked: bool, browser: bool) -> QuerySet[Reservation, Any]:
    rows = Reservation.objects.filter(
        restaurant_id=_RESTAURANT,
        service_date=Param("date", models.DateField()),
        starts_at=_START,
        status__in=COUNTED,
    ).exclude(pk=_EXCEPT)
    if not locked:
        rows = rows.filter(~Q(status=Reservation.Status.HELD) | Q(held_until__gt=Now()))
    if browser:
        rows = rows.exclude(_held_by_browser())
    return rows.order_by().values_list("party_size", "source")


def _claims(browser: bool) -> QuerySet[TableClaim, Any]:
    lapsed = When(reservation__status=Reservation.Status.HELD, reservation__held_until__lte=Now(), then=Value(1))
    rows = TableClaim.objects.filter(
        restaurant_id=_RESTAURANT, slot_start__gte=_START, slot_start__lt=Param("end", models.DateTimeField())
    ).exclude(reservation=_EXCEPT)
    if browser:
        rows = rows.exclude(_held_by_browser("reservation__"))
    return (
        rows.order_by()
        .annotate(lapsed=Case(lapsed, default=Value(0)))
        .values_list("table_id", "lapsed", "reservation__service_date")
        .distinct()
    )


_STATEMENTS = {
    (locked, browser): (
        Prepared(partial(_arriving, locked, browser)),
        Prepared(partial(_claims, browser)),
    )
    for locked in (False, True)
    for browser in (False, True)
}
