"""The page of who works here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse

from reservations.models import Restaurant
from restaurant_site.guide.page import onward, show
from restaurant_site.guide.steps import Step


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show where staff are invited."""
    if request.method == "POST":
        return onward(request, Step.STAFF, restaurant, saved=False)
    return show(request, Step.STAFF, restaurant, "staff.html", links=_links(restaurant))


def _links(restaurant: Restaurant) -> list[str]:
    try:
        return [reverse("admin:reservations_user_changelist")]
    except NoReverseMatch:
        return []
