"""The headers that protect every answer: pages, files, errors, probes, and what stands in the page cache."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation

from restaurant_site.staff_pages import is_staff_page

NextHandler = Callable[[HttpRequest], HttpResponseBase]

SECRETS = frozenset({"token", "reference", "uidb64"})
"""The parts of addresses that open what they lead to, by their names in the routes."""

FOUND = frozenset({"home", "restaurant", "menu", "privacy", "restaurant_privacy"})
"""The names of the pages that search engines may show; every other page says that it is none of theirs."""

# Between slug and key in the address of a restaurant that is shown by link alone.
_KEY_SIGN = "_"

# Not no-referrer: browsers then send "Origin: null" with the page's own forms, which Django refuses.
# The bare origin is sent to ourselves too, so that no proxy's log has the address either.
_NO_ADDRESS = "strict-origin"
_REFUSED = 400
_NOT_KEPT = "no-store, private"
# Of the admin, but the same for everyone.
_PUBLIC_NAMES = ("jsi18n",)


class ProtectingHeaders:
    """Add the headers to whatever is answered further in; the first of the middleware.

    Those of the page cache are stored with the page, so a hit has them as well. A
    page whose address opens something, or that shows what staff see, is kept by
    no cache, and tells its address to nobody, not even to the site itself.
    """

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response
        self.always = always()
        self.secure = secure()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add what a view has not set itself."""
        response = self.get_response(request)
        match = request.resolver_match
        if match is None and response.status_code >= _REFUSED:
            match = resolved(request.path_info)
            # Leads nowhere, but may be a link with something behind it.
            is_open = match is None or opens_something(match)
        else:
            is_open = match is not None and opens_something(match)
        if is_open:
            response.headers["Referrer-Policy"] = _NO_ADDRESS
        if match is not None and _is_personal(match) and "no-store" not in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] = _NOT_KEPT
        if match is not None and match.view_name not in FOUND and _is_page(response):
            response.headers.setdefault("X-Robots-Tag", "noindex")
        for name, value in self.always.items():
            response.headers.setdefault(name, value)
        if request.is_secure():
            for name, value in self.secure.items():
                response.headers.setdefault(name, value)
        if match is not None and match.view_name == "admin:logout" and request.method == "POST":
            # What the browser kept of the pages that were shown; not its cookies, which say what it has booked.
            response.headers.setdefault("Clear-Site-Data", '"cache"')
        return response


def _is_page(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def always() -> dict[str, str]:
    """Return the headers of every answer."""
    csp = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items())
    return {
        "Content-Security-Policy": csp,
        "Permissions-Policy": ", ".join(f"{name}=()" for name in settings.PERMISSIONS_DENIED),
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def secure() -> dict[str, str]:
    """Return the headers of every answer over HTTPS."""
    if not settings.SECURE_HSTS_SECONDS:
        return {}
    value = f"max-age={settings.SECURE_HSTS_SECONDS}"
    value += "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    value += "; preload" if settings.SECURE_HSTS_PRELOAD else ""
    return {"Strict-Transport-Security": value}


def resolved(path: str) -> ResolverMatch | None:
    """Return what a path leads to in the language that it names, or None."""
    try:
        with translation.override(translation.get_language_from_path(path) or settings.LANGUAGE_CODE):
            return resolve(path)
    except (Resolver404, ValueError):
        return None


def opens_something(match: ResolverMatch) -> bool:
    """Return whether who has the address may see or change what it leads to; also staff's addresses, which name it."""
    return _has_secret(match) or _KEY_SIGN in str(match.kwargs.get("slug", "")) or is_staff_page(match)


def _has_secret(match: ResolverMatch) -> bool:
    return not SECRETS.isdisjoint(match.kwargs)


def _is_personal(match: ResolverMatch) -> bool:
    """Return whether the page is one person's; that of a private restaurant is the same for all who have its link."""
    return (_has_secret(match) or is_staff_page(match)) and match.url_name not in _PUBLIC_NAMES
