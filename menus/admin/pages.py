"""What the pages made for menus share: one look, the way back, and the links between them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as write
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from menus.admin import scope
from menus.models import Menu
from reservations.models import Restaurant
from reservations.scoping import Link


def page(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, template: str, title: str, **context: Any
) -> HttpResponse:
    """Render a page of the admin. crumbs, if given, are the links that lead to it."""
    shared = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts, "title": title}
    return TemplateResponse(request, f"admin/menus/{template}", {**shared, **context})


def address(name: str, *args: object) -> str:
    """Return the address of one of the pages."""
    return reverse(f"admin:menus_{name}", args=args)


def restaurant_crumbs(request: HttpRequest, restaurant: Restaurant, *more: Link) -> list[Link]:
    """Return the way to a restaurant's page, and on."""
    crumbs = []
    if request.user.has_perm("reservations.view_restaurant"):
        crumbs = [(reverse("admin:reservations_restaurant_change", args=(restaurant.pk,)), str(restaurant))]
    return [*crumbs, *more]


def menu_crumbs(request: HttpRequest, menu: Menu) -> list[Link]:
    """Return the way to a menu's page."""
    return restaurant_crumbs(request, menu.restaurant, (address("menu_change", menu.pk), str(menu)))


def restaurant_links(request: HttpRequest, restaurant: Restaurant) -> list[Link]:
    """Return the pages about a restaurant's dishes and menus that the user may use."""
    links: list[tuple[tuple[str, ...], str, str]] = [
        ((scope.SELL_OUT, scope.CHANGE_DISH), "sold_out", _("Sold out")),
        ((scope.CHANGE_MENU,), "order", _("Order of the menus")),
        ((scope.ADD_DISH,), "import", _("Import dishes")),
        ((scope.VIEW_DISH, scope.CHANGE_DISH), "export", _("Export as CSV")),
    ]
    return [(address(name, restaurant.pk), label) for needed, name, label in links if scope.may(request, *needed)]


def menu_links(request: HttpRequest, menu: Menu) -> list[Link]:
    """Return the pages about one menu that the user may use."""
    links: list[tuple[tuple[str, ...], str, str]] = [
        ((scope.VIEW_MENU, scope.CHANGE_MENU), "menu_preview", _("Preview")),
        ((scope.CHANGE_DISH,), "menu_prices", _("Change prices")),
        ((scope.CHANGE_SECTION,), "menu_order", _("Order")),
        ((scope.ADD_MENU,), "menu_copy", _("Copy")),
    ]
    return [(address(name, menu.pk), label) for needed, name, label in links if scope.may(request, *needed)]


def state_text(menu: Menu) -> str:
    """Say whether diners see a menu, or when they will, in the restaurant's time."""
    if not menu.is_published:
        return _("draft")
    if menu.is_live(timezone.now()):
        return _("live")
    return _("live from %(moment)s") % {"moment": local_text(menu.goes_live_at, menu.restaurant)}


def local_text(moment: dt.datetime | None, restaurant: Restaurant) -> str:
    """Write a moment in the restaurant's own time, such as “Fri 27 Nov 2026, 18:00 CET”."""
    if moment is None:
        return "–"
    return write(moment.astimezone(restaurant.zone), pgettext("date format", "D j M Y, H:i T"))
