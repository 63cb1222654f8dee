"""Pages that need both apps: home, a restaurant, its menu."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from menus.queries import menus_of
from reservations.forms import SearchForm
from reservations.queries import venue
from reservations.views.times import first_search, found_place, times_form


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the restaurants, filtered by name, city and cuisine; an installation with one shows that one."""
    only = venue.only_slug()
    if only is not None:
        return restaurant(request, only)
    form = SearchForm(request.GET)
    form.is_valid()
    given = getattr(form, "cleaned_data", {})
    found = venue.listing(
        text=given.get("q", ""),
        city=given.get("city", ""),
        cuisine=given.get("cuisine", ""),
        page=given.get("page") or 1,
    )
    filters = {name: request.GET[name] for name in ("q", "city", "cuisine") if request.GET.get(name)}
    context = {
        "form": form,
        "listing": found,
        "is_filtered": bool(filters),
        "cities": venue.cities(),
        "cuisines": venue.cuisines(),
        "query": urlencode(filters) + "&" if filters else "",
    }
    return render(request, "home.html", context)


@require_safe
def restaurant(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a restaurant with its booking panel, its hours and the beginning of its menu."""
    place = found_place(slug)
    form = times_form(place, None)
    form.initial = first_search(place)
    return render(request, "restaurant.html", {"place": place, "form": form, "menus": menus_of(place.id)})


@require_safe
def menu(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a restaurant's published menus."""
    place = found_place(slug)
    return render(request, "menus/menu.html", {"place": place, "menus": menus_of(place.id)})
