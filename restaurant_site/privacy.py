"""The pages that say what is kept of people: of the site, and of each restaurant. All of it from what is in force."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from reservations import cached, links
from reservations.views.times import found_place, unlisted
from restaurant_site.caching.public import public_page

_DAY = 60 * 60 * 24
# Settings are no rows whose change would be noticed; a restart with others is, soon.
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of the site: its name as browsers show it, what it is for, and for how many days it is kept."""

    name: str
    purpose: str | Promise
    days: int


def cookies() -> list[Cookie]:
    """Return every cookie that the site sets."""
    return [
        Cookie(
            links.COOKIE,
            _("A random number by which your holds and reservations are known to be this browser's."),
            links.KEPT_DAYS,
        ),
        Cookie(
            links.VISITOR,
            _("Says only that there is a reservation of this browser's to show."),
            links.KEPT_DAYS,
        ),
        Cookie(
            settings.CSRF_COOKIE_NAME,
            _("A random number that proves that a form was sent from this site."),
            int(settings.CSRF_COOKIE_AGE or 0) // _DAY,
        ),
        Cookie(
            settings.SESSION_COOKIE_NAME,
            _("Keeps staff signed in, and in a diner's browser what was accepted in it."),
            settings.SESSION_COOKIE_AGE // _DAY,
        ),
    ]


@require_safe
@public_page(seconds=_SECONDS)
def of_site(request: HttpRequest) -> HttpResponse:
    """Say what the site keeps, where it goes and who answers for it."""
    return render(request, "privacy.html", _in_force())


@require_safe
@public_page(seconds=_SECONDS)
def of_restaurant(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what is kept of a restaurant's guests, and for how long by its settings."""
    place = found_place(slug)
    if place.slug != slug:
        return redirect("restaurant_privacy", slug=place.slug)
    keeping = cached.keeping(place.id)
    if keeping is None:
        raise Http404
    return unlisted(render(request, "privacy.html", {**_in_force(), "place": place, "keeping": keeping}), place)


def _in_force() -> dict[str, object]:
    engine = settings.DATABASES["default"]["ENGINE"]
    return {
        "operator": settings.OPERATOR,
        "operator_email": settings.OPERATOR_EMAIL,
        "cookies": cookies(),
        "database": "Azure SQL" if engine.endswith("mssql") else "PostgreSQL",
        "uses_redis": settings.CACHE_ENABLED,
        "session_minutes": int(settings.CACHES["sessions"].get("TIMEOUT") or 0) // 60,
        "mail_is_encrypted": settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL,
        "is_copied": settings.HISTORY_COPIED,
        "copy_days": settings.COSMOS_TTL_DAYS,
        "limits_requests": settings.LIMITS_SCALE > 0,
        "counts_failures": "axes" in settings.INSTALLED_APPS,
    }
