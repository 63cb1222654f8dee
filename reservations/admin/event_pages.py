"""Two pages of the history: what happened lately at a restaurant, and everything that happened to one reservation."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from reservations.admin.chooser import FILTER
from reservations.admin.event_lines import chain_text, lines
from reservations.admin.pages import enter, restaurant_of
from reservations.history import reading
from reservations.history.cached import recent_activity
from reservations.history.reading import Activity
from reservations.history.trail import OTHER, check
from reservations.models import HistoryEvent, Reservation, Restaurant

if TYPE_CHECKING:
    from reservations.admin.history import HistoryEventAdmin

MOST_CHAINS = 50
"""So many service dates are verified on one page; a reservation is hardly ever moved to a third."""

Verdict = tuple[str, list[str]]
"""A chain in words, and what is wrong with it."""


def of_restaurant(model_admin: HistoryEventAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show a restaurant's recent activity, newest first."""
    _may_view(model_admin, request)
    restaurant = restaurant_of(request, pk)
    return _page(
        model_admin,
        request,
        restaurant,
        recent_activity(restaurant.pk),
        title=_("Recent activity"),
        subtitle=str(restaurant),
        back=(reverse("admin:reservations_restaurant_change", args=(pk,)), str(restaurant)),
        everything=f"{reverse('admin:reservations_historyevent_changelist')}?{urlencode({FILTER: pk})}",
    )


def of_reservation(model_admin: HistoryEventAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show what happened to a reservation, oldest first, and whether the chains of its days are whole."""
    _may_view(model_admin, request)
    reservation = Reservation.objects.select_related("restaurant").filter(pk=pk).first()
    if reservation is None or not model_admin.allowed(request, "view", reservation):
        raise Http404
    enter(request, reservation)
    found = reading.of_subject(reservation.restaurant_id, "reservation", pk)
    chains = {event.chain for event in found.events} | {reservation.service_date.isoformat()}
    return _page(
        model_admin,
        request,
        reservation.restaurant,
        found,
        title=_("What happened"),
        # The reference alone: whoever may see events may not see guests for that.
        subtitle=reservation.reference,
        back=(reverse("admin:reservations_reservation_change", args=(pk,)), reservation.reference),
        verdicts=_verdicts(reservation.restaurant_id, chains),
    )


def _may_view(model_admin: HistoryEventAdmin, request: HttpRequest) -> None:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied


def _verdicts(restaurant_id: int, chains: set[str]) -> list[Verdict]:
    """Verify the chains of service dates, in one statement; what belongs to no date is as long as the years."""
    dated = sorted(chains - {OTHER})[:MOST_CHAINS]
    rows = HistoryEvent.objects.filter(restaurant_id=restaurant_id, chain__in=dated, position__gt=0)
    found = {chain: check(events) for chain, events in groupby(rows.order_by("chain", "position"), lambda e: e.chain)}
    return [(chain_text(chain), found.get(chain, [])) for chain in dated]


def _page(
    model_admin: HistoryEventAdmin, request: HttpRequest, restaurant: Restaurant, found: Activity, **more: Any
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "restaurant": restaurant,
        "lines": lines(request, restaurant, found.events),
        "store_away": found.store_away,
        **more,
    }
    return TemplateResponse(request, "admin/reservations/historyevent/events.html", context)
