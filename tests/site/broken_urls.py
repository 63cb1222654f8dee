"""The site's addresses, and one whose view fails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from restaurant_site.urls import handler400, handler403, handler404, handler500
from restaurant_site.urls import urlpatterns as site_patterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def broken(request: HttpRequest) -> HttpResponse:
    """Fail as a bug would."""
    raise RuntimeError("a bug")


urlpatterns = [path("broken/", broken), *site_patterns]
