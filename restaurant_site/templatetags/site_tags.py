"""Template filters of the site's own pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.urls import ResolverMatch, reverse
from django.utils import dateformat, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reservations.addresses import address_line, address_lines
from reservations.cuisines import cuisine_list
from reservations.messages.lines import isolated
from restaurant_site.caching.public import QUERY, UNCACHED

register = template.Library()


@register.filter
def long_date(date: dt.date) -> str:
    """Write a date in full, as the active language orders it: Friday 27 November 2026."""
    return dateformat.format(date, pgettext("date format", "l j F Y"))


@register.filter
def short_date(date: dt.date) -> str:
    """Write a date of the coming weeks, as the active language orders it: Fri 27 Nov."""
    return dateformat.format(date, pgettext("date format", "D j M"))


@register.filter
def long_moment(moment: dt.datetime, zone: str) -> str:
    """Write an aware moment's date in full and its wall time in a zone: Friday 27 November 2026, 19:00."""
    return _("%(date)s, %(time)s") % {"date": long_date(moment.astimezone(ZoneInfo(zone))), "time": clock(moment, zone)}


@register.filter
def short_moment(moment: dt.datetime, zone: str) -> str:
    """Write an aware moment of the coming weeks: Fri 27 Nov, 19:00."""
    local = moment.astimezone(ZoneInfo(zone))
    return _("%(date)s, %(time)s") % {"date": short_date(local), "time": clock(moment, zone)}


@register.filter
def days_from_to(first: dt.date, last: dt.date) -> str:
    """Write a range of dates of the coming weeks: Fri 27 Nov – Sun 29 Nov; one date alone where it is both."""
    if first == last:
        return short_date(first)
    words = {"first": short_date(first), "last": short_date(last)}
    return pgettext("range of dates", "%(first)s – %(last)s") % words


@register.filter
def cuisine_names(words: Iterable[str]) -> str:
    """Return the names of cuisines as a list in one line."""
    return cuisine_list(words)


@register.filter
def cuisine_name(word: str) -> str:
    """Return the name of one cuisine."""
    return cuisine_list([word])


class Addressed(Protocol):
    """What has a postal address."""

    street: str
    postcode: str
    city: str
    country: str


@register.filter
def lines_of_address(place: Addressed) -> tuple[str, ...]:
    """Return a postal address in lines, in the order of its own country; none where nothing of it is known."""
    return address_lines(street=place.street, postcode=place.postcode, city=place.city, country=place.country)


@register.filter
def line_of_address(place: Addressed) -> str:
    """Return the same in one line."""
    return address_line(street=place.street, postcode=place.postcode, city=place.city, country=place.country)


@register.filter
def isolate(text: str) -> str:
    """Return a name fit for a title: written from right to left, it leaves the order of the rest as it is."""
    return isolated(str(text))


@register.filter
def clock(moment: dt.datetime, zone: str) -> str:
    """Return an aware moment's wall time in a zone, with the zone's name where that wall time occurs twice.

    Django's own ``timezone`` filter loses which of the two it is.
    """
    local = moment.astimezone(ZoneInfo(zone))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.strftime("%H:%M %Z" if twice else "%H:%M")


@register.simple_tag
def language_links(request: HttpRequest | None) -> list[tuple[str, str, str]]:
    """Return (code, name in itself, address of this page) of every other language; decided by the path alone.

    What is asked for stays asked for: of a public page, as far as the page depends
    on it. An address that leads nowhere has the home page's. The answer to a form
    has none: following one would lose what was typed.
    """
    if request is None or request.method not in ("GET", "HEAD"):
        return []
    # Not Django's translate_url: it parses the path, and raises on some that visitors can send.
    match = request.resolver_match
    name, kwargs = (match.view_name, match.kwargs) if match and match.url_name else ("home", {})
    query = _query(request, match) if match and match.url_name else ""
    links = []
    for code, _name in settings.LANGUAGES:
        if code != translation.get_language():
            with translation.override(code):
                url = reverse(name, kwargs=kwargs) + query
            links.append((code, translation.get_language_info(code)["name_local"], url))
    return links


def _query(request: HttpRequest, match: ResolverMatch) -> str:
    try:
        asked = request.GET.copy()
    except SuspiciousOperation:
        # More than the site reads; the page that says so has links too.
        return ""
    names = getattr(match.func, QUERY, None)
    if names is not None:
        # The others don't stand in the key under which the page is stored.
        asked = QueryDict(mutable=True)
        for name in sorted(names | getattr(match.func, UNCACHED)):
            if name in request.GET:
                asked.setlist(name, request.GET.getlist(name))
    return f"?{asked.urlencode()}" if asked else ""
