"""The page of who works here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from reservations import access
from reservations.admin.chooser import FILTER
from reservations.admin.pages import staff_of
from reservations.models import Restaurant
from restaurant_site.guide.page import onward, show
from restaurant_site.guide.steps import Step


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show where staff are invited, and where all are listed."""
    if request.method == "POST":
        return onward(request, Step.STAFF, restaurant, saved=False)
    return show(
        request,
        Step.STAFF,
        restaurant,
        "staff.html",
        # Managers have tables and menus to set up.
        invites=access.may(staff_of(request), "reservations.add_membership", restaurant.pk),
        invite=f"{reverse('admin:reservations_membership_add')}?restaurant={restaurant.pk}",
        listed=f"{reverse('admin:reservations_membership_changelist')}?{FILTER}={restaurant.pk}",
    )
