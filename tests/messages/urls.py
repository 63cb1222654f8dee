"""The site's addresses, with pages of waitlist entries and requests that only have an address."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import path

from restaurant_site import urls


def nothing(_request: HttpRequest, slug: str, token: str) -> HttpResponse:
    return HttpResponse(f"{slug} {token}")


urlpatterns = [
    *urls.urlpatterns,
    *i18n_patterns(
        path("restaurants/<slug:slug>/waitlist/<str:token>/", nothing, name="waitlist_entry"),
        path("restaurants/<slug:slug>/requests/<str:token>/", nothing, name="request"),
        prefix_default_language=False,
    ),
]
