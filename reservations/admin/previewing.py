"""What a change of hours touches is shown before it is saved: a second step lists the reservations, which all stand."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import ngettext

from reservations.admin import pages
from reservations.admin.base import SiteAdmin
from reservations.admin.formats import local_text
from reservations.models import Reservation, Restaurant
from reservations.queries.hours import Touched

T = TypeVar("T", bound=Model)

MOST = 100
"""So many are listed; the count is of all."""


class Previewed(Exception):  # noqa: N818 - a signal to the view, not an error
    """The change would touch reservations that the page has not shown: it is taken back, and they are shown."""

    def __init__(self, touched: Sequence[Touched]) -> None:
        super().__init__(len(touched))
        self.touched = touched


@dataclass(frozen=True, slots=True)
class Line:
    """A reservation in the list; outside says that no service offers its time after the change."""

    reservation: Reservation
    start: str
    covers: str
    outside: bool


class TouchingAdmin(SiteAdmin[T]):
    """Rows that decide what can be booked: the page of deleting them names the reservations that they bear on."""

    def touched(self, obj: T) -> list[Touched]:
        """Return the reservations to come that a row bears on as it stands in this transaction."""
        raise NotImplementedError

    def get_deleted_objects(
        self, objs: Sequence[T] | QuerySet[T], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Add the reservations that deleting touches to what the page of deleting lists."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        rows = {one.reservation.pk: one.reservation for obj in objs for one in self.touched(obj)}
        if rows and not protected:
            listed = [_linked(request, row) for row in list(rows.values())[:MOST]]
            nested: Any = [_count_text(len(rows)), listed]
            deleted = [*deleted, *nested]
        return deleted, counts, lacking, protected


class PreviewedAdmin(TouchingAdmin[T]):
    """Rows that decide what can be booked. Saving is two steps where a change touches reservations.

    The first saves in a transaction that is taken back, so that what is shown
    is what would be; the second names what was shown, and is asked again where
    another booking has come since.
    """

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form, or show first what saving touches."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Previewed as preview:
            return show_touched(self.admin_site, request, self.opts, preview.touched)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Save, and take it back where reservations are touched that nobody has been shown."""
        super().save_related(request, form, formsets, change)
        if not form.has_changed() and not any(formset.has_changed() for formset in formsets):
            return
        refuse_unseen(request, [*self.left(form), *self.touched(form.instance)])

    def left(self, form: Any) -> list[Touched]:
        """Return what the row bore on before it was changed and does no more, such as its earlier date."""
        return []


def refuse_unseen(request: HttpRequest, touched: Iterable[Touched]) -> None:
    """Raise `Previewed` where a change, saved in this transaction, touches what the request does not say was shown."""
    found = {one.reservation.pk: one for one in touched}
    rows = [found[pk] for pk in sorted(found)]
    if rows and request.POST.get("previewed") != _fingerprint(rows):
        raise Previewed(rows)


def show_touched(
    site: admin.AdminSite, request: HttpRequest, opts: Options[Any], touched: Sequence[Touched]
) -> HttpResponse:
    """Show what a posted form touches, with a button that sends it once more and says that this was shown."""
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "previewed")
        for value in values
    ]
    lines = [
        Line(
            one.reservation,
            local_text(one.reservation.starts_at, one.reservation.restaurant.zone),
            pages.covers_text(one.reservation.party_size),
            one.outside,
        )
        for one in touched[:MOST]
    ]
    context = {
        **site.each_context(request),
        "title": _count_text(len(touched)),
        "opts": opts,
        "kept": kept,
        "lines": lines,
        "more": max(len(touched) - MOST, 0),
        "outside": sum(one.outside for one in touched),
        "fingerprint": _fingerprint(touched),
        "again": bool(request.POST.get("previewed")),
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/reservations/preview.html", context)


def first_touched(restaurant: Restaurant) -> dt.date:
    """Return the first service date that a change of hours can touch: yesterday's may still run."""
    return timezone.now().astimezone(restaurant.zone).date() - dt.timedelta(days=1)


def _fingerprint(touched: Iterable[Touched]) -> str:
    """Return a name for just these reservations and how they would stand."""
    text = ",".join(f"{one.reservation.pk}:{one.outside:d}" for one in touched)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _count_text(count: int) -> str:
    return ngettext(
        "This change touches %(count)d reservation", "This change touches %(count)d reservations", count
    ) % {"count": count}


def _linked(request: HttpRequest, row: Reservation) -> str:
    return format_html("{}, {}", local_text(row.starts_at, row.restaurant.zone), pages.link_to(request, row))
