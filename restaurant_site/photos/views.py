"""Photos as the site itself serves them: nothing but a picture, whatever a browser makes of it, and kept for ever."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.views.decorators.http import condition, require_safe

from restaurant_site.photos import storing
from restaurant_site.photos.photo import SHAPE

_HEADERS = {
    # Another photo has another name.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def _etag(request: HttpRequest, name: str, width: str) -> str:
    return f'"{name}-{width}"'


@require_safe
@condition(etag_func=_etag)
def photo(request: HttpRequest, name: str, width: str) -> HttpResponse:
    """Send one copy of a photo; the address has its name and width, and nothing else is looked up."""
    try:
        data = storing.content(name, int(width)) if storing.is_on() else None
    except storing.AwayError:
        return HttpResponse(status=503, headers={"Retry-After": "30", "Cache-Control": "no-store"})
    if data is None:
        raise Http404
    return HttpResponse(data, content_type="image/webp", headers=_HEADERS)


urlpatterns: list[URLPattern] = [
    re_path(rf"^(?P<name>{SHAPE})-(?P<width>[1-9][0-9]{{0,3}})\.webp\Z", photo, name="photo")
]
