"""Pages that need both apps, and those of the site itself: home, a restaurant, its menu."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from reservations import cached
from reservations.forms import SearchForm
from reservations.queries.venue import Place
from reservations.views.times import first_search, found_place, local_today, times_form, unlisted
from restaurant_site.caching.public import public_page
from restaurant_site.caching.stamps import do_not_store

_CITIES, _CUISINES = 300, 100


@require_safe
@public_page("city", "cuisine", "page", uncached=("q",))
def home(request: HttpRequest) -> HttpResponse:
    """List the restaurants, filtered by name, city and cuisine; an installation with one shows that one."""
    only = cached.only_slug()
    if only is not None:
        if request.GET:
            do_not_store("parameters that nobody reads")
        return restaurant(request, only)
    form = SearchForm(request.GET)
    form.is_valid()
    given = getattr(form, "cleaned_data", {})
    text, city, cuisine = (given.get(name, "") for name in ("q", "city", "cuisine"))
    filters = {name: request.GET[name] for name in ("q", "city", "cuisine") if request.GET.get(name)}
    page = given.get("page") or 1
    usual = {"city": {city}, "cuisine": {cuisine, cuisine.replace("_", " ")}, "page": {str(page)}}
    if any(value not in usual.get(name, ()) for name, value in request.GET.items() if value):
        # With spaces and zeros, too long or no number: each can be written in endlessly many ways.
        do_not_store("an odd spelling")
    listing = cached.listing(text, city, cuisine, page)
    context = {
        "form": form,
        "text": text,
        "city": city,
        "cuisine": cuisine,
        "listing": listing,
        "is_filtered": bool(filters),
        "cities": cached.cities(_CITIES),
        "cuisines": cached.cuisines(_CUISINES),
        "query": urlencode(filters) + "&" if filters else "",
        "found_query": _found_query(city, cuisine, listing.page),
    }
    return render(request, "home.html", context)


def _found_query(city: str, cuisine: str, page: int) -> str:
    """Return the parameters by which search engines know a page of the listing, in one order."""
    named = {"city": city, "cuisine": cuisine, "page": str(page) if page > 1 else ""}
    return urlencode({name: value for name, value in named.items() if value})


@require_safe
@public_page()
def restaurant(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a restaurant with its booking panel, its hours and the beginning of its menu."""
    place = found_place(slug)
    if place.slug != slug:
        # The private link of a restaurant that is public by now.
        return redirect("restaurant", slug=place.slug)
    form = times_form(place, None)
    form.initial = first_search(place)
    return unlisted(render(request, "restaurant.html", {"place": place, "form": form}), place)


@require_safe
@public_page("date")
def menu(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a restaurant's menus: those that apply now, or on the service date that is asked for; then the others."""
    place = found_place(slug)
    if place.slug != slug:
        return redirect("menu", slug=place.slug)
    date = _bookable_date(request.GET.get("date", ""), place)
    return unlisted(render(request, "menus/menu.html", {"place": place, "date": date}), place)


def _bookable_date(text: str, place: Place) -> dt.date | None:
    """Return a date such as 2026-12-24 from the local today to the end of the booking window, or else None."""
    if not text:
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        date = dt.date.min
    today = local_today(place)
    if date.isoformat() != text or not today <= date <= today + dt.timedelta(days=place.window_days):
        do_not_store("a date that nobody can book")
        return None
    return date
