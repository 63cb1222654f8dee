"""Closing the night: each party that is not settled is finished, or did not come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.admin import pages, ways
from reservations.admin.formats import date_text, local_text
from reservations.engine.closing import Outcome, close_night
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant
from reservations.numbers import read_number
from reservations.queries.evening import unsettled
from reservations.queries.floor import running, table_names, unresolved
from reservations.reasons import staff_text
from reservations.scoping import Link

_UNSETTLED = (Reservation.Status.CONFIRMED, Reservation.Status.SEATED)
_OUTCOMES: dict[str, Outcome] = {"finished": "finished", "no_show": "no_show"}


@dataclass(frozen=True, slots=True)
class Row:
    """A party that is not settled, and the outcome that is chosen as the page opens."""

    reservation: Reservation
    start: str
    covers: str
    tables: str
    outcomes: list[tuple[str, str, bool]]
    """Each outcome: its value, what it says, and whether it is chosen."""
    seen: str
    """How it stands, which the page sends back."""


def show(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """List what a service date left open, and settle what is chosen."""
    pages.need(request, pages.CHANGE)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    restaurant = pages.restaurant_of(request, pk)
    now = timezone.now()
    open_dates = unsettled(pk, now)
    date = _asked(request) or next(iter(open_dates), now.astimezone(restaurant.zone).date())
    if request.method == "POST":
        _settle(request, restaurant, date)
        return redirect(address(pk, date))
    floor_page = reverse("admin:reservations_restaurant_floor", args=(pk,))
    return pages.page(
        model_admin,
        request,
        "restaurant/night.html",
        _("Close the night"),
        subtitle=f"{restaurant}, {date_text(date)}",
        crumbs=pages.restaurant_crumbs(request, restaurant, (floor_page, _("Floor"))),
        object_links=[*ways.evening_links(request, restaurant, date), *_other_dates(pk, date, open_dates)],
        rows=_rows(restaurant, date, now),
        back=floor_page,
    )


def address(pk: int, date: dt.date) -> str:
    """Return the address of a night's page."""
    return f"{reverse('admin:reservations_restaurant_night', args=(pk,))}?{urlencode({'date': date})}"


def _asked(request: HttpRequest) -> dt.date | None:
    try:
        return parse_date(request.GET.get("date", ""))
    except ValueError:
        return None


def _other_dates(pk: int, date: dt.date, open_dates: dict[dt.date, int]) -> list[Link]:
    return [
        (address(pk, other), f"{date_text(other)} ({count})") for other, count in open_dates.items() if other != date
    ]


def _rows(restaurant: Restaurant, date: dt.date, now: dt.datetime) -> list[Row]:
    here = running(restaurant, now)
    goes_on = here.date == date and here.service is not None
    names = table_names(restaurant.pk)
    found = []
    for row in unresolved(restaurant.pk, date, now):
        is_seated = row.status == Reservation.Status.SEATED
        # While the service goes on, who still has time left is not sent home by the page's own choice.
        chosen = "finished" if is_seated and (not goes_on or row.ends_at <= now) else ""
        values = [("finished", _("finished")), *([] if is_seated else [("no_show", _("no-show"))]), ("", _("leave"))]
        # Nothing is chosen for who was expected: whether they came, only staff know.
        marks = {chosen} if is_seated else set()
        found.append(
            Row(
                reservation=row,
                start=local_text(row.starts_at, restaurant.zone),
                covers=pages.covers_text(row.party_size),
                tables=pages.names_text(row.table_ids, names),
                outcomes=[(value, label, value in marks) for value, label in values],
                seen=pages.standing(row),
            )
        )
    return found


def _settle(request: HttpRequest, restaurant: Restaurant, date: dt.date) -> None:
    """Settle what is chosen, and say what was done and what was refused."""
    outcomes: dict[int, Outcome] = {}
    for name, value in request.POST.items():
        prefix, _underscore, number = name.partition("_")
        if prefix == "outcome" and (pk := read_number(number)) and str(value) in _OUTCOMES:
            outcomes[pk] = _OUTCOMES[str(value)]
    changed = _changed(request, restaurant, outcomes)
    for row in changed:
        del outcomes[row.pk]
    due: set[int] = set(unresolved(restaurant.pk, date, timezone.now()).values_list("pk", flat=True))
    refused = close_night(restaurant=restaurant, date=date, outcomes=outcomes, by=pages.by(request))
    done = len(due & set(outcomes)) - len(refused)
    for row, reason in [*refused, *((row, Reason.CHANGED_MEANWHILE) for row in changed)]:
        link = pages.link_to(request, row)
        state: Any = _("arrived") if pages.standing(row) == pages.ARRIVED else row.get_status_display()
        messages.error(request, format_html("{}: {} {}", link, staff_text(reason), _("Now: %s.") % state))
    others = sorted(set(outcomes) - due)
    for row in Reservation.objects.filter(restaurant=restaurant, pk__in=others[:1000]):
        text = _("{reservation} was settled by somebody else meanwhile: {status}.")
        link = pages.link_to(request, row)
        messages.warning(request, format_html(text, reservation=link, status=row.get_status_display()))
    if done:
        messages.success(
            request, ngettext("%(count)d party is settled.", "%(count)d parties are settled.", done) % {"count": done}
        )
    elif not outcomes and not changed:
        messages.warning(request, _("Nothing was chosen."))


def _changed(request: HttpRequest, restaurant: Restaurant, outcomes: dict[int, Outcome]) -> list[Reservation]:
    """Return who stood otherwise on the page than now: whoever has come since is no no-show."""
    rows = Reservation.objects.filter(restaurant=restaurant, pk__in=[*outcomes][:1000], status__in=_UNSETTLED)
    seen = {row: request.POST.get(f"seen_{row.pk}") for row in rows}
    return [row for row, standing in seen.items() if standing and standing != pages.standing(row)]
