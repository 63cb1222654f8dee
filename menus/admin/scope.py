"""Whose menus a user may see and change: those of the restaurants that the restaurants' own admin shows them."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from menus.models import Menu
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
    """Raise PermissionDenied unless the user has one of the permissions."""
    if not may(request, *permissions):
        raise PermissionDenied


def may_sell_out(request: HttpRequest) -> bool:
    """Return whether the user may take dishes off and bring them back."""
    return may(request, SELL_OUT, CHANGE_DISH)


def restaurants(request: HttpRequest) -> QuerySet[Restaurant]:
    """Return the restaurants that the user may see."""
    return admin.site.get_model_admin(Restaurant).get_queryset(request)


def own(request: HttpRequest, rows: QuerySet[M]) -> QuerySet[M]:
    """Return those of the rows, which have a restaurant, that belong to a restaurant of the user's."""
    if staff_of(request).is_superuser:
        return rows
    return rows.filter(restaurant__in=restaurants(request).order_by().values("pk"))


def restaurant_of(request: HttpRequest, pk: int) -> Restaurant:
    """Return a restaurant that the user may see, or raise Http404."""
    found = restaurants(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def menu_of(request: HttpRequest, pk: int) -> Menu:
    """Return a menu of a restaurant that the user may see, or raise Http404."""
    found = own(request, Menu.objects.select_related("restaurant")).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
