"""What the pages of the guide share: who may, how they look, and where they lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from reservations.admin import pages
from reservations.admin.venue import RestaurantAdmin
from reservations.models import Restaurant
from restaurant_site.guide.steps import LABELS, Step, address, beside, progress

ADD = "reservations.add_restaurant"
CHANGE = "reservations.change_restaurant"

OWNERS = "reservations.set_booking"
"""How diners book is the owner's: superusers have it where there are no roles."""

Page = Callable[[HttpRequest, Restaurant], HttpResponse]


def guarded(request: HttpRequest, pk: int, page: Page, *, for_owners: bool = False) -> HttpResponse:
    """Answer with a page of a restaurant that the user may change; 403, 404 or 405 otherwise."""
    pages.need(request, CHANGE)
    if for_owners:
        pages.need(request, OWNERS)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    return page(request, pages.restaurant_of(request, pk))


def show(
    request: HttpRequest, step: Step | None, restaurant: Restaurant | None, template: str, **context: Any
) -> HttpResponse:
    """Render a page with the guide's progress. bound says that it shows what was typed, not what is stored."""
    before = beside(step, -1) if step else None
    shared = {
        **admin.site.each_context(request),
        "opts": Restaurant._meta,
        "title": LABELS[step] if step else restaurant,
        "restaurant": restaurant,
        "steps": progress(step, restaurant, is_owner=request.user.has_perm(OWNERS)),
        "overview": reverse("set_up_overview", args=(restaurant.pk,)) if restaurant else "",
        "previous": LABELS[before] if before else "",
        "is_last": step == Step.OPEN,
        "bound": False,
    }
    return TemplateResponse(request, f"admin/setup/{template}", {**shared, **context})


def onward(
    request: HttpRequest, step: Step, restaurant: Restaurant, *, stay: bool = False, saved: bool = True
) -> HttpResponse:
    """Go where the pressed button leads once the page is saved: back, on, or nowhere, and say that it is saved."""
    if saved:
        messages.success(request, _("Saved."))
    to = step if stay else beside(step, -1 if "_back" in request.POST else 1)
    return redirect(address(to or step, restaurant))


def log(request: HttpRequest, restaurant: Restaurant, text: str) -> None:
    """Write down in the admin's log who did something in the guide."""
    model_admin = cast("RestaurantAdmin", admin.site.get_model_admin(Restaurant))
    model_admin.log_change(request, restaurant, text)
