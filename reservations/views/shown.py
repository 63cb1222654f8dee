"""The times of a date as they are shown: to whoever asks for the same, a cached fragment of the same page."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from reservations import cached
from reservations.engine.availability import DayPlan, Time, day_reason, times
from reservations.engine.errors import Reason
from reservations.engine.room import next_change
from reservations.models import Restaurant
from reservations.queries.venue import Place
from reservations.reasons import diner_day_text, diner_text
from reservations.views.choices import grouped, is_full, moment_of, nearest, telling
from reservations.views.month import Who, of_party, other_days, times_url
from restaurant_site.caching.fragments import fragment, rendered
from restaurant_site.caching.stamps import do_not_store, valid_until

# Until this local hour yesterday's times are within reach.
_NIGHT_ENDS = dt.time(5)

_OWN: Final = mark_safe("<!-- own -->")
"""Where in the fragment's form stands what is one visitor's own."""


def own_fields(request: HttpRequest) -> SafeString:
    """Return what a form of times sends that no other page's does: its CSRF token, and an idempotency key."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="key" value="{}">',
        get_token(request),
        secrets.token_urlsafe(16),
    )


def times_html(request: HttpRequest, found: Place, who: Who, date: dt.date) -> SafeString:
    """Return a date's times for a party, with their form for this visitor."""
    return with_own(request, rendered("times_of", *who.at(found.slug, date), "", ""))


def with_own(request: HttpRequest, shown: SafeString) -> SafeString:
    """Return what was shown of times to everybody with this visitor's own fields in its form."""
    # Both are Django's own, which escaped them.
    return mark_safe(shown.replace(_OWN, own_fields(request), 1))  # noqa: S308


@fragment("reservations/_times.html")
def times_of(
    address: str,
    date: dt.date,
    party: int,
    area_id: int | None,
    step_free: bool,
    wished: str,
    wanted: str,
    refused: str,
) -> dict[str, Any]:
    """Show a date's times for a party, all but what is a visitor's own; good until the clock changes one of them.

    wanted (UTC) is the time that was asked for, or ""; refused why it was, or "".
    """
    found = cached.place(address)
    if found is None:
        return {}
    now = timezone.now()
    plan = cached.day_plan(found.id, date)
    midnight = cached.next_midnight(now, found.timezone)
    night = now.astimezone(ZoneInfo(found.timezone)).replace(hour=_NIGHT_ENDS.hour, minute=0, second=0, microsecond=0)
    valid_until(next_change(plan, now, min(midnight, night) if night > now else midnight))
    who = Who(party, area_id, step_free, wished)
    moment = dt.datetime.fromisoformat(wanted) if wanted else None
    context = times_shown(found, who, date, now, plan, wanted=moment, refused=Reason(refused) if refused else None)
    if moment is not None and not context["is_time"]:
        do_not_store("one of endlessly many")
    return context | {"own": _OWN}


def times_shown(
    found: Place,
    who: Who,
    date: dt.date,
    now: dt.datetime,
    plan: DayPlan,
    *,
    wanted: dt.datetime | None = None,
    refused: Reason | None = None,
) -> dict[str, Any]:
    """Return the context of the times' template, `own_fields` apart.

    wanted (UTC) is the time that was asked for, by default the wished one; where
    it can't be booked, or was refused, its reason is told and the nearest times
    that can are marked.
    is_time says beside it whether the wanted moment is one of the date's times, free or not.
    """
    day, reason = times(plan, who.ask, now), day_reason(plan, who.ask, now)
    bookable = [time for time in day if time.bookable]
    if wanted is None and who.wished:
        wanted = moment_of(date, dt.time.fromisoformat(who.wished), found.timezone, day)
    goal = next((time for time in day if time.start_utc == wanted), None)
    is_free = goal is not None and goal.bookable and refused is None
    gone = goal if goal is not None and not goal.bookable else None
    near = () if is_free else nearest(bookable, wanted)
    local = now.astimezone(ZoneInfo(found.timezone))
    today = local.date()
    is_late = date == today and local.time() < _NIGHT_ENDS
    previous, following = date - dt.timedelta(days=1), date + dt.timedelta(days=1)
    return {
        "place": found,
        "date": date,
        "party": who.party,
        "area_id": who.area_id,
        "step_free": who.step_free,
        "is_time": goal is not None,
        "groups": grouped(day, near, wished=goal if is_free else None),
        "free": len(bookable),
        "near": bool(near),
        "other_days": () if bookable else other_days(found, who, today, date),
        "gone": gone,
        "gone_text": diner_text(refused or (gone.reason if gone and gone.reason else Reason.TABLES_TAKEN))
        if gone or refused
        else "",
        "reason_text": "" if bookable else diner_day_text(reason or telling(day)),
        "previous_day": previous if date > today or is_late else None,
        "previous_url": times_url(found, who, previous),
        "next_day": following if date < today + dt.timedelta(days=found.window_days) else None,
        "next_url": times_url(found, who, following),
        **other_ways(found, who, date, day),
    }


def other_ways(found: Place | Restaurant, who: Who, date: dt.date, day: tuple[Time, ...]) -> dict[str, str]:
    """Return the addresses at which to go on where the times don't do, "" where there is none.

    waitlist_url where times are full, request_url where the party is above the
    largest online; each where the restaurant offers it.
    """
    waits = found.takes_waitlist and any(is_full(time) for time in day)
    asks = found.takes_requests and not any(time.bookable for time in day) and telling(day) == Reason.PARTY_TOO_LARGE
    query = urlencode(asked_for(who, date))
    return {
        "waitlist_url": f"{reverse('waitlist', kwargs={'slug': found.slug})}?{query}" if waits else "",
        "request_url": f"{reverse('ask', kwargs={'slug': found.slug})}?{query}" if asks else "",
    }


def asked_for(who: Who, date: dt.date) -> dict[str, str]:
    """Return a search as a form or an address sends it, without a wished time."""
    return {"date": date.isoformat(), **of_party(who)}
