"""Pages on which menus, sections or dishes are put in order: by dragging, by the keyboard, or by numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _

from menus import ordering
from menus.admin import pages, scope
from menus.locking import StaleError
from menus.models import Dish, Menu, Section
from reservations.models import Restaurant
from reservations.numbers import is_number
from reservations.scoping import Link


def menus(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Put a restaurant's menus in order."""
    scope.need(request, scope.CHANGE_MENU)
    restaurant = scope.restaurant_of(request, pk)
    rows = Menu.objects.filter(restaurant=restaurant)
    crumbs = pages.restaurant_crumbs(request, restaurant)
    return _show(model_admin, request, rows, restaurant, restaurant, _("Order of the menus"), crumbs)


def sections(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Put a menu's sections in order; each leads to its dishes."""
    scope.need(request, scope.CHANGE_SECTION)
    menu = scope.menu_of(request, pk)
    rows = Section.objects.filter(menu=menu)
    crumbs = pages.menu_crumbs(request, menu)
    return _show(model_admin, request, rows, menu, menu.restaurant, _("Order of the sections"), crumbs)


def dishes(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Put a section's dishes in order."""
    scope.need(request, scope.CHANGE_DISH)
    section = scope.section_of(request, pk)
    rows = Dish.objects.filter(section=section)
    menu = section.menu
    crumbs = [*pages.menu_crumbs(request, menu), (pages.address("menu_order", menu.pk), _("Order of the sections"))]
    return _show(model_admin, request, rows, section, menu.restaurant, _("Order of the dishes"), crumbs)


def _show(
    model_admin: admin.ModelAdmin[Menu],
    request: HttpRequest,
    rows: QuerySet[Any],
    parent: Model,
    restaurant: Restaurant,
    title: str,
    crumbs: list[Link],
) -> HttpResponse:
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    refused = ""
    if request.method == "POST":
        try:
            changed = ordering.put_in_order(
                restaurant_id=restaurant.pk,
                rows=rows,
                places=_places(request),
                seen=request.POST.get("seen", ""),
                parent=parent,
                user=scope.staff_of(request),
            )
        except StaleError:
            refused = _("Somebody changed this list meanwhile. Nothing was saved: this is how it is now.")
        else:
            messages.success(request, _("The order is saved.") if changed else _("The order is as it was."))
            return HttpResponseRedirect(request.path)
    found = ordering.in_order(rows)
    too_many = len(found) > ordering.MOST
    may_dishes = scope.may(request, scope.CHANGE_DISH)
    return pages.page(
        model_admin,
        request,
        "order.html",
        title,
        subtitle=str(parent),
        crumbs=crumbs,
        refused=refused,
        rows=[] if too_many else [(row, _inner(row) if may_dishes else "") for row in found],
        too_many=too_many,
        seen=ordering.digest(found),
        back=crumbs[-1][0] if crumbs else pages.address("menu_changelist"),
    )


def _inner(row: Any) -> str:
    """Return where what is in a row is put in order."""
    if isinstance(row, Dish):
        return ""
    return pages.address("menu_order" if isinstance(row, Menu) else "section_order", row.pk)


def _places(request: HttpRequest) -> dict[int, int]:
    """Return the places that were typed, by the number of their row; what is no place is left out."""
    found = {}
    for name, value in request.POST.items():
        number, text = name.removeprefix("place_"), str(value).strip()
        if name.startswith("place_") and is_number(number) and is_number(text):
            found[int(number)] = int(text)
    return found
