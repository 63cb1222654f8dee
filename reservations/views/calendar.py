"""The calendar of a month: a page that is the same for everyone, and the part of it that a script asks for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from reservations.forms import MonthForm
from reservations.queries.venue import Place
from reservations.views.month import Month, Who, calendar_query, month_of
from reservations.views.times import first_search, found_place, local_today, times_form
from restaurant_site.caching.public import public_page
from restaurant_site.caching.stamps import do_not_store


@require_safe
@public_page("area", "month", "part", "party", "step_free")
def show_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which days of a month have room for a party, each with a link to its times.

    With ``part`` it is the calendar alone. What can't be read, or lies outside the
    booking window, is answered with the nearest that can, and not stored.
    """
    place = found_place(slug)
    if place.slug != slug:
        return redirect("calendar", slug=place.slug)
    month, search = _asked(request, place) if place.bookable else (None, {})
    is_part = request.GET.get("part") == "1"
    if request.GET.get("part") and not is_part:
        do_not_store("an odd spelling")
    form = times_form(place, None)
    form.initial = search
    context = {"place": place, "form": form, "month": month}
    template = "reservations/_calendar.html" if is_part else "reservations/calendar.html"
    response = render(request, template, context)
    # Endlessly many, and of no use but here.
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _asked(request: HttpRequest, place: Place) -> tuple[Month, dict[str, str]]:
    """Return the month that is asked for, or the nearest, and what the search form holds beside it."""
    today, first = local_today(place), first_search(place)
    usual = {"month": f"{today:%Y-%m}", "party": first["party"]}
    given = {name: request.GET[name] for name in ("area", "month", "party", "step_free") if request.GET.get(name)}
    form = MonthForm(usual | given, restaurant_areas=list(place.areas))
    if not form.is_valid():
        do_not_store("what nobody can book")
        kept = {name: value for name, value in given.items() if name not in form.errors}
        form = MonthForm(usual | kept, restaurant_areas=list(place.areas))
        form.is_valid()
    month = month_of(place, Who.of(form), today, form.cleaned_data["month"])
    spelling = calendar_query(Who.of(form), month.first)
    if any(spelling.get(name) != value for name, value in given.items()):
        do_not_store("an odd spelling, or a month that nobody can book")
    date = max(today, month.first)
    return month, {**first, **spelling, "date": date.isoformat()}
