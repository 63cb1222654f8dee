"""The guide's addresses: the first page without a restaurant, every page of one, and what is missing."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from reservations.admin import pages
from reservations.models import Restaurant
from reservations.queries import venue
from restaurant_site.guide import menu, opening, place, services, staff, tables, trying
from restaurant_site.guide.missing import lacks
from restaurant_site.guide.page import CHANGE, Page, guarded, show
from restaurant_site.guide.steps import FOR_OWNERS, Step

_PAGES: dict[Step, Page] = {
    Step.PLACE: place.page,
    Step.TABLES: tables.page,
    Step.SERVICES: services.page,
    Step.MENU: menu.page,
    Step.STAFF: staff.page,
    Step.TEST: trying.page,
    Step.OPEN: opening.page,
}


def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Show a page of a restaurant's guide, or save it."""
    if name not in list(Step):
        raise Http404(name)
    return guarded(request, pk, _PAGES[Step(name)], for_owners=Step(name) in FOR_OWNERS)


def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is missing, with the pages on which that is put right."""
    return guarded(request, pk, _overview)


@never_cache
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show staff the restaurant's page as it is, also a draft's; nobody can book on it."""
    pages.need(request, CHANGE, "reservations.view_restaurant")
    restaurant = pages.restaurant_of(request, pk)
    place = venue.place(restaurant.pk, drafts=True)
    if place is None:
        raise Http404
    return render(request, "restaurant.html", {"place": place, "is_preview": True})


def _overview(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    return show(request, None, restaurant, "overview.html", lacks=lacks(restaurant))
