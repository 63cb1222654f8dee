"""The menu page by plain queries, under the peer that the settings name; and a view that does nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_page
from django.views.decorators.gzip import gzip_page

from menus.models import Dish, Menu, Section
from peers.settings import PEER
from reservations.models import Restaurant
from reservations.queries import venue


def empty(_request: HttpRequest) -> HttpResponse:
    """Answer nothing."""
    return HttpResponse()


def _menu(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page that the site shows. X-Made is another one each time that it is made."""
    pk = venue.id_of(slug)
    place = None if pk is None else venue.place(pk)
    if place is None:
        raise Http404(slug)
    response = render(request, "menus/menu.html", {"place": place})
    response.headers["X-Made"] = secrets.token_hex(8)
    return response


def _under_peer() -> Callable[..., HttpResponseBase]:
    # Every peer sends gzip, as the site does; those that keep whole pages keep it.
    zipped: Callable[..., HttpResponseBase] = gzip_page(_menu)
    if PEER == "cache_page":
        return cache_page(600)(zipped)
    if PEER == "cacheops_view":
        # Only where `make bench` installed it.
        from cacheops import cached_view_as  # type: ignore[import-not-found]

        decorated: Callable[..., HttpResponseBase] = cached_view_as(Menu, Section, Dish, Restaurant, timeout=600)(
            zipped
        )
        return decorated
    return zipped


menu = _under_peer()
