"""Times of a date for a party: as a page, as a fragment for htmx, and as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from reservations import cached
from reservations.engine.availability import DayPlan, Time, day_reason, times
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Reason
from reservations.forms import TimesForm
from reservations.links import browser_of, new_browser, new_browser_value
from reservations.models import Restaurant
from reservations.queries.venue import Place
from reservations.views.agreeing import ticked
from reservations.views.month import Who, of_party
from reservations.views.shown import other_ways, own_fields, times_html, times_shown, with_own
from restaurant_site.caching.fragments import fragment, rendered
from restaurant_site.caching.stamps import one_state, valid_until

_HALF_HOURS = tuple(dt.time(minutes // 60, minutes % 60) for minutes in range(0, 24 * 60, 30))
# Of a restaurant that tells none.
_USUAL_HOURS = (dt.time(11), dt.time(23))


@never_cache
# Nothing secret in it is twice the same: docs/decisions/0013-found-and-light.md.
@gzip_page
@require_safe
def show_times(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer which times a date has for a party: a page, the part of it that htmx asks for, or JSON."""
    with cached.day_of(slug, request.GET.get("date")), one_state():
        return _show_times(request, slug)


def _show_times(request: HttpRequest, slug: str) -> HttpResponse:
    found = found_place(slug)
    form = times_form(found, request.GET or first_search(found))
    response: HttpResponse
    if wants_json(request):
        response = _as_json(found, form)
    else:
        is_part = request.headers.get("HX-Request") == "true"
        if is_part and form.is_valid():
            response = HttpResponse(times_html(request, found, Who.of(form), form.cleaned_data["date"]))
        else:
            context = times_context(request, found, form) | {"is_part": is_part, "shows_month": form.is_valid()}
            response = render(request, f"reservations/{'_times' if is_part else 'times'}.html", context)
        if not browser_of(request):
            # Before the first button is pressed: pressed twice, both requests then
            # come from the same browser, and get the same hold.
            new_browser(response, new_browser_value()[0])
    patch_vary_headers(response, ["Accept", "HX-Request"])
    return unlisted(response, found)


def found_place(slug: str) -> Place:
    """Return the restaurant that an address leads to, or answer 404: a draft, or a private one without its key."""
    found = cached.place(slug)
    if found is None:
        raise Http404(slug)
    return found


def unlisted(response: HttpResponse, found: Place) -> HttpResponse:
    """Return a page of the restaurant's, with a word to search engines where only those with the link may find it."""
    if not found.listed:
        response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def local_today(found: Place | Restaurant) -> dt.date:
    """Return the restaurant's local date."""
    return timezone.now().astimezone(ZoneInfo(found.timezone)).date()


def first_search(found: Place) -> dict[str, Any]:
    """Return what the form holds before anything was chosen: two guests today."""
    return {"date": local_today(found).isoformat(), "party": min(max(2, found.min_party), found.max_party)}


@fragment("reservations/_search.html")
def search_of(
    address: str, date: dt.date, party: int, area_id: int | None, step_free: bool, wished: str
) -> dict[str, Any]:
    """Show the form of a search that can be read, until the restaurant's midnight: it knows its today."""
    found = cached.place(address)
    if found is None:
        return {}
    valid_until(cached.next_midnight(timezone.now(), found.timezone))
    who = Who(party, area_id, step_free, wished)
    form = times_form(found, {"date": date.isoformat(), "time": wished, **of_party(who)})
    return {"place": found, "form": form, "date": date}


@fragment("reservations/times.html")
def other_times(address: str, *asked: Any) -> dict[str, Any]:
    """Show whoever was refused the page of other times, all but what is a visitor's own: on a full evening many are.

    asked is as `times_of` has it.
    """
    found = cached.place(address)
    if found is None:
        return {}
    *search, _wanted, _refused = asked
    return {
        "place": found,
        # The answer to a form leads to no other language.
        "request": None,
        "search": rendered("search_of", address, *search),
        "times": rendered("times_of", address, *asked),
    }


def refused_page(request: HttpRequest, found: Place, search: TimesForm, wanted: dt.datetime, reason: Reason) -> str:
    """Return the page of a valid search's other times, for who has typed nothing yet that it would have to keep."""
    key = Who.of(search).at(found.slug, search.cleaned_data["date"])
    return with_own(request, rendered("other_times", *key, wanted.isoformat(), str(reason)))


def times_form(found: Place, data: Any) -> TimesForm:
    """Return the search form of a restaurant, bound where data is given."""
    return TimesForm(data, restaurant_areas=list(found.areas), today=local_today(found), clocks=_clocks(found))


def _clocks(found: Place) -> list[dt.time]:
    """Return the wall times that may be wished for: every half hour at which the restaurant is open on some day."""
    periods = {period for line in found.hours for period in line.periods} or {_USUAL_HOURS}
    return [clock for clock in _HALF_HOURS if any(_is_within(clock, *period) for period in periods)]


def _is_within(clock: dt.time, opens: dt.time, closes: dt.time) -> bool:
    return opens <= clock < closes if opens < closes else clock >= opens or clock < closes


def wants_json(request: HttpRequest) -> bool:
    """Return whether the client asks for JSON rather than for a page."""
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"


def times_context(
    request: HttpRequest,
    found: Place,
    form: TimesForm,
    *,
    wanted: dt.datetime | None = None,
    refused: Reason | None = None,
    draft: Details | None = None,
    plan: DayPlan | None = None,
) -> dict[str, Any]:
    """Return the context of the times' templates.

    draft is what a diner had typed for a hold that is gone; the buttons carry it
    along. wanted and refused go with it, as `times_shown` has them, and plan, the
    date's, where it was just read.
    """
    context: dict[str, Any] = {
        "place": found,
        "form": form,
        "draft": draft.by_column() | ticked(request) if draft else {},
    }
    if not form.is_valid():
        return context
    date, who = form.cleaned_data["date"], Who.of(form)
    if draft is None:
        return context | {
            "date": date,
            "today": local_today(found),
            "party": who.party,
            "area_id": who.area_id,
            "step_free": who.step_free,
            "wished": who.wished,
            "search": rendered("search_of", *who.at(found.slug, date)),
            "times": times_html(request, found, who, date),
        }
    now = timezone.now()
    plan = plan or cached.day_plan(found.id, date)
    return (
        context
        | times_shown(found, who, date, now, plan, wanted=wanted, refused=refused)
        | {"own": own_fields(request)}
    )


def times_address(found: Place, search: TimesForm) -> str:
    """Return the address of the times that are searched for, as they were typed."""
    asked = {name: search.data.get(name) for name in ("date", "party", "area", "step_free")}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('times', kwargs={'slug': found.slug})}?{query}"


def search_for(wish: Wish) -> dict[str, Any]:
    """Return what the search form holds for a wish."""
    return {
        "date": wish.date.isoformat(),
        "party": wish.party,
        "area": wish.area_id or "",
        **({"step_free": "on"} if wish.step_free else {}),
    }


def day_of(found: Place, form: TimesForm) -> tuple[tuple[Time, ...], Reason | None]:
    """Return the day's times for the party, and why there are none at all; nothing of a search that can't be read."""
    if not form.is_valid():
        return (), None
    now, who = timezone.now(), Who.of(form)
    plan = cached.day_plan(found.id, form.cleaned_data["date"])
    return times(plan, who.ask, now), day_reason(plan, who.ask, now)


def _as_json(found: Place, form: TimesForm) -> JsonResponse:
    if not form.is_valid():
        return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
    day, reason = day_of(found, form)
    ways = other_ways(found, Who.of(form), form.cleaned_data["date"], day)
    return JsonResponse(
        {
            "restaurant": found.slug,
            "date": form.cleaned_data["date"].isoformat(),
            "party": form.cleaned_data["party"],
            "timezone": found.timezone,
            "reason": reason,
            "waitlist": bool(ways["waitlist_url"]),
            "request": bool(ways["request_url"]),
            "times": [
                {
                    "start": time.start.isoformat(),
                    "start_utc": time.start_utc.isoformat().replace("+00:00", "Z"),
                    "bookable": time.bookable,
                    "reason": time.reason,
                    "service": time.service_name,
                }
                for time in day
            ],
        }
    )
