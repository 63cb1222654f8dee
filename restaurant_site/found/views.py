"""What is asked for by machines: robots.txt, the web manifest, and the pictures of shared links."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import condition, require_safe

from reservations import cached
from restaurant_site.caching.public import public_page
from restaurant_site.found import sharing
from restaurant_site.found.addresses import THEME, absolute

_ICONS = (
    ("img/icon-192.png", "192x192", "any"),
    ("img/icon-512.png", "512x512", "any"),
    ("img/icon-maskable.png", "512x512", "maskable"),
)
_PICTURE_HEADERS = {
    # Another picture has another address.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Disposition": "inline",
}


@require_safe
@public_page(seconds=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """Say what search engines need not ask for: what is endless, and what is nobody's but the staff's and a diner's.

    Whatever else is not for them says so itself, by ``X-Robots-Tag``.
    """
    paths = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            paths += [reverse("admin:index"), reverse("mine"), f"{reverse('home')}?*q="]
            paths += [reverse(name, args=["-"]).replace("/-/", "/*/") for name in ("times", "calendar")]
    context = {"paths": paths, "sitemap": absolute(reverse("sitemap"))}
    return render(request, "robots.txt", context, content_type="text/plain; charset=utf-8")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Tell browsers how the site stands on a home screen, in the language of the path."""
    return JsonResponse(
        {
            "name": pgettext("name of the site", "Tafel"),
            "short_name": pgettext("name of the site", "Tafel"),
            "description": _("Find a restaurant and book a table."),
            "lang": translation.get_language(),
            "start_url": reverse("home"),
            "scope": "/",
            "display": "minimal-ui",
            "theme_color": THEME["light"],
            "background_color": THEME["light"],
            "icons": [
                {"src": static(path), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for path, sizes, purpose in _ICONS
            ],
        },
        headers={"Cache-Control": "public, max-age=3600"},
        content_type="application/manifest+json",
    )


def _etag(request: HttpRequest, slug: str, digest: str) -> str:
    return f'"{digest}"'


@require_safe
@condition(etag_func=_etag)
def picture(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """Send the picture of a restaurant that is listed; an address of an older one leads to that of today."""
    place = cached.place(slug)
    if place is None or not place.listed or place.slug != slug:
        raise Http404
    if digest != sharing.digest_of(place):
        return redirect(sharing.picture_path(place))
    return HttpResponse(sharing.drawn(place), content_type="image/png", headers=_PICTURE_HEADERS)
