"""What was typed into a form of the admin comes back after signing in, where the session was lost meanwhile.

The login page carries the posted fields, signed and bounded in size; after
signing in they wait in the session for the page of the form, which is shown
with them. Nothing is done before somebody has seen it and sends it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse
from django.utils.translation import gettext as _

from restaurant_site.refilling import Fields, refill
from restaurant_site.staff_pages import is_staff_page

NextHandler = Callable[[HttpRequest], HttpResponseBase]

MOST: Final = 64 * 1024
"""So many characters of names and values are carried; of a longer form none are, and the page says so."""

MOST_FIELDS: Final = 500
KEPT: Final = 15 * 60
"""Seconds for which what was typed waits in the session."""

CARRIED_FOR: Final = 24 * 60 * 60
"""Seconds for which a login page may lie open."""

_SALT: Final = "restaurant_site.signed_out"
_SESSION_KEY: Final = "typed"
_OPEN: Final = ("login", "logout", "admin_password_reset", "password_reset_confirm")


class SignedOut:
    """Middleware behind authentication; public pages pass it untouched."""

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Keep what a login carried, and fill it into the page of its form."""
        response = self.get_response(request)
        # Before the second step nothing is taken out, however the first was answered.
        if not is_staff_page(request.resolver_match) or vars(request).get("awaits_code"):
            return response
        if _has_signed_in(request, response):
            _keep(request)
        elif request.method == "GET" and isinstance(response, HttpResponse) and request.session.accessed:
            _fill(request, response)
        return response

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Answer a form of somebody who is not signed in any more with the login page, which carries the fields."""
        if request.method != "POST" or not is_staff_page(request.resolver_match) or _name(request) in _OPEN:
            return None
        # A page's own script asks again by itself, and can't show a login page.
        if request.user.is_authenticated or request.headers.get("HX-Request"):
            return None
        fields = _typed(request)
        where = request.get_full_path()
        carried = signing.dumps({"path": where, "fields": fields}, salt=_SALT, compress=True) if fields else ""
        request.method = "GET"
        shown: HttpResponseBase = admin.site.login(
            request,
            extra_context={
                "app_path": reverse("admin:login"),
                "next": where,
                "typed": carried,
                "is_signed_out": True,
                "is_too_long": fields is None,
            },
        )
        return shown


def _name(request: HttpRequest) -> str:
    return request.resolver_match.url_name or "" if request.resolver_match else ""


def keep_refused(request: HttpRequest) -> bool:
    """Let a form whose token was refused wait for its page, and return whether it does.

    So a page of before the session was lost is not typed again by who has
    signed in on another meanwhile.
    """
    if not is_staff_page(request.resolver_match) or _name(request) in _OPEN or not request.user.is_authenticated:
        return False
    fields = _typed(request)
    if not fields:
        return False
    _wait(request, {"path": request.get_full_path(), "fields": fields})
    return True


def _typed(request: HttpRequest) -> Fields | None:
    """Return the posted fields, or None of a form that is too long; passwords are never among them, nor files."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and "password" not in name
        for value in values
        if isinstance(value, str)
    ]
    size = sum(len(name) + len(value) for name, value in fields)
    return fields if size <= MOST and len(fields) <= MOST_FIELDS else None


def sendable(request: HttpRequest) -> Fields:
    """Return the fields of a form that its sender may send again as it is; none where something of it can't be kept.

    That is a password, a file, or more than is carried elsewhere. Asks nothing but the request.
    """
    if request.method != "POST" or request.headers.get("HX-Request"):
        return []
    try:
        if request.FILES or any("password" in name for name in request.POST):
            return []
        return _typed(request) or []
    except (OSError, SuspiciousOperation, MultiPartParserError):
        # The body was never read to its end.
        return []


def _has_signed_in(request: HttpRequest, response: HttpResponseBase) -> bool:
    posted = request.method == "POST" and _name(request) == "login" and bool(request.POST.get("typed"))
    return posted and response.status_code == 302 and request.user.is_authenticated


def _keep(request: HttpRequest) -> None:
    """Let what the login page carried wait in the session, if it is what this site signed."""
    try:
        carried = signing.loads(request.POST["typed"], salt=_SALT, max_age=CARRIED_FOR)
    except signing.BadSignature:
        return
    _wait(request, carried)


def _wait(request: HttpRequest, carried: dict[str, Any]) -> None:
    request.session[_SESSION_KEY] = {**carried, "until": int(time.time()) + KEPT}


def _fill(request: HttpRequest, response: HttpResponse) -> None:
    """Fill the page that what was typed belongs to, once."""
    kept = request.session.get(_SESSION_KEY)
    if kept is None:
        return
    is_over = kept["until"] < time.time()
    if kept["path"] != request.get_full_path() and not is_over:
        return
    del request.session[_SESSION_KEY]
    if is_over or response.status_code != 200 or not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    note = _("You were signed out meanwhile. What you typed is back, and nothing has been saved: look at it and send.")
    fields = [(str(name), str(value)) for name, value in kept["fields"]]
    response.content = refill(response.content.decode(response.charset), fields, note, _("Not put back:"))
