"""The page for service: every dish with one button that takes it off, or brings it back."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from menus.admin import pages, scope
from menus.models import Dish, Menu
from menus.selling import State, sell, state_of
from reservations.models import Restaurant
from reservations.numbers import read_number

MOST = 500
"""So many dishes stand on the page; more are found by searching."""


@dataclass(frozen=True, slots=True)
class Row:
    """A dish on the page; undo is the state from which somebody has just taken it."""

    dish: Dish
    state: State
    until: str
    undo: State | None


def show(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """List the dishes of the published menus, or do what a button says."""
    scope.need(request, scope.SELL_OUT, scope.CHANGE_DISH)
    restaurant = scope.restaurant_of(request, pk)
    if request.method == "POST":
        return _touch(request, restaurant)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    now = timezone.now()
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:80]
    only_off = request.GET.get("off") == "1"
    found = list(_dishes(restaurant, query, now, only_off=only_off)[: MOST + 1])
    return pages.page(
        model_admin,
        request,
        "sold_out.html",
        _("Sold out"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant),
        object_links=[link for link in pages.restaurant_links(request, restaurant) if link[0] != request.path],
        rows=[_row(dish, restaurant, now) for dish in found[:MOST]],
        query=query,
        only_off=only_off,
        most=MOST if len(found) > MOST else 0,
    )


def _dishes(restaurant: Restaurant, query: str, now: dt.datetime, *, only_off: bool) -> QuerySet[Dish]:
    rows = Dish.objects.filter(restaurant=restaurant, section__menu__is_published=True)
    if query:
        rows = rows.filter(Q(name__icontains=query) | Q(section__name__icontains=query))
    if only_off:
        rows = rows.filter(Q(is_available=False) | Q(off_until__gt=now))
    order = ("section__menu__position", "section__menu", "section__position", "section", "position", "pk")
    return rows.select_related("section__menu").order_by(*order)


def _touch(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Do what the button says and show the dish anew: alone where htmx asks, or with the whole page."""
    state = next((state for state in State if state in request.POST), State.ON)
    dish = _dish(restaurant, request.POST.get(state, ""))
    said, row = _("This dish is no longer there."), None
    # Another may delete it at the same moment.
    with contextlib.suppress(Dish.DoesNotExist):
        if dish is not None:
            before = sell(dish=dish, restaurant=restaurant, state=state, user=scope.staff_of(request))
            dish.refresh_from_db()
            row = _row(dish, restaurant, timezone.now(), undo=before)
            said = _said(row)
    if request.headers.get("HX-Request") == "true":
        return render(request, "admin/menus/_sold_out_answer.html", {"row": row, "said": said})
    messages.add_message(request, messages.SUCCESS if row else messages.ERROR, said)
    return HttpResponseRedirect(f"{request.get_full_path()}{f'#dish-{row.dish.pk}' if row else ''}")


def _dish(restaurant: Restaurant, number: str) -> Dish | None:
    return Dish.objects.filter(pk=read_number(number), restaurant=restaurant).select_related("section__menu").first()


def _row(dish: Dish, restaurant: Restaurant, now: dt.datetime, undo: State | None = None) -> Row:
    state = state_of(dish, now)
    until = pages.local_text(dish.off_until, restaurant) if state == State.SOLD_OUT else ""
    return Row(dish, state, until, undo if undo != state else None)


def _said(row: Row) -> str:
    name = row.dish.name
    if row.state == State.ON:
        return _("%(dish)s is back.") % {"dish": name}
    if row.state == State.KEPT_OFF:
        return _("%(dish)s is off until somebody brings it back.") % {"dish": name}
    return _("%(dish)s is sold out until %(moment)s.") % {"dish": name, "moment": row.until}
