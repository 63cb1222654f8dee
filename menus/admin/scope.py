"""Whose menus a user may see and change: those of the restaurants that the restaurants' own admin shows them."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django import forms
from django.db import models
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from menus.models import Menu, Section
from reservations import access
from reservations.models import Restaurant, User

M = TypeVar("M", bound=Model)

ADD_SECTION, ADD_DISH = "menus.add_section", "menus.add_dish"
VIEW_DISH, DELETE_DISH = "menus.view_dish", "menus.delete_dish"
SELL_OUT = "menus.sell_out_dish"
ADD_MENU, VIEW_MENU = "menus.add_menu", "menus.view_menu"
CHANGE_MENU, CHANGE_SECTION, CHANGE_DISH = "menus.change_menu", "menus.change_section", "menus.change_dish"

FORM_FIELDS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    # Django's admin widgets speak of the server's today; here every date is the restaurant's.
    models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
}


def staff_of(request: HttpRequest) -> User:
    """Return who is signed in; the admin lets nobody else this far."""
    return cast("User", request.user)


def may(request: HttpRequest, *permissions: str) -> bool:
    """Return whether the user has one of the permissions."""
    return any(request.user.has_perm(permission) for permission in permissions)


def need(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied unless the user has one of the permissions, at the page's restaurant once it is known."""
    access.need(request.user, *permissions)


def may_sell_out(request: HttpRequest) -> bool:
    """Return whether the user may take dishes off and bring them back."""
    return may(request, SELL_OUT, CHANGE_DISH)


def restaurants(request: HttpRequest, *permissions: str) -> QuerySet[Restaurant]:
    """Return the restaurants that the user may see, or where one of the permissions is granted."""
    return access.restaurants_of(staff_of(request), *permissions)


def own(request: HttpRequest, rows: QuerySet[M]) -> QuerySet[M]:
    """Return those of the rows, which have a restaurant, that belong to a restaurant of the user's."""
    return access.visible(rows, staff_of(request))


def restaurant_of(request: HttpRequest, pk: int) -> Restaurant:
    """Return the restaurant that a page is about, or raise Http404; from then on `may` and `need` are about it."""
    found = restaurants(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    access.enter(request.user, found.pk)
    return found


def menu_of(request: HttpRequest, pk: int) -> Menu:
    """Return the menu that a page is about, or raise Http404; from then on permissions are those at its restaurant."""
    return _found(request, Menu.objects.select_related("restaurant"), pk)


def section_of(request: HttpRequest, pk: int) -> Section:
    """Return the section that a page is about, as `menu_of` does."""
    return _found(request, Section.objects.select_related("menu__restaurant"), pk)


def _found(request: HttpRequest, rows: QuerySet[M], pk: int) -> M:
    found = own(request, rows).filter(pk=pk).first()
    if found is None:
        raise Http404
    access.enter(request.user, access.place_of(found))
    return found
