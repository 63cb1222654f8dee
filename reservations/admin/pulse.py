"""The pulse of a restaurant: whether anything concerning its evening changed, asked every second or two, without SQL.

The address that is asked carries a signed key, bound to the restaurant and to
the browser's session, so that neither session nor user is read. The answer is
a mark and nothing else: 204 with it, or 304 where the browser has it already.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from reservations.admin import pages
from reservations.history import trail
from reservations.models import HistoryEvent, Restaurant
from restaurant_site.caching.marks import mark_of
from restaurant_site.caching.sessions import tag_of

FRESH_SECONDS = 600
"""For so long a key is believed without asking who it is; then the user is asked for anew, and gets another."""
KEPT_SECONDS = 12 * 3600
"""A key older than this is refused: the page was not open."""
HEADER = "Pulse-Address"
"""The header with the address to ask from now on."""

_SALT = "reservations.admin.pulse"
_NEWEST = 200


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a page needs: the address to ask, and the mark of what it is about to read."""

    address: str
    mark: str


class _Key(Enum):
    GOOD = auto()
    AGED = auto()
    REFUSED = auto()


def pulse_of(request: HttpRequest, restaurant_id: int) -> Pulse:
    """Return the pulse for a page of a restaurant that the user may see; call it before the page's data is read."""
    return Pulse(_address(request, restaurant_id), _mark(restaurant_id))


def answer(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Answer 304 where the browser's mark is the present one, else 204 with it; 403 to who may not ask.

    Not wrapped by the admin's own check, which reads session and user: the key
    stands for them, and they are asked for where it is aged, the session has
    changed, or Redis is away.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    key = _judged(request, pk, request.GET.get("key", ""))
    if key is _Key.REFUSED or (key is _Key.AGED and not _may(request, pk)):
        return HttpResponseForbidden()
    etag = f'"{_mark(pk)}"'
    response = HttpResponse(status=304 if request.headers.get("If-None-Match") == etag else 204)
    response["ETag"] = etag
    response["Cache-Control"] = "no-store"
    if key is _Key.AGED:
        response[HEADER] = _address(request, pk)
    return response


def _may(request: HttpRequest, pk: int) -> bool:
    if not admin.site.has_permission(request):
        return False
    if not any(request.user.has_perm(permission) for permission in (pages.VIEW, pages.CHANGE)):
        return False
    try:
        pages.restaurant_of(request, pk)
    except Http404:
        return False
    return True


def _mark(restaurant_id: int) -> str:
    """Return what is another text after anything concerning the evening changed.

    Every change appends an event of the history, which renews its tag; what is
    set up (tables, services, hours) renews the restaurant's. Where Redis is
    away, the newest events themselves are read.
    """
    mark = mark_of(trail.tag(restaurant_id), f"restaurant:{restaurant_id}")
    if mark is not None:
        return mark
    # Several, not the last number alone: numbers are given before they are committed, in any order.
    rows = HistoryEvent.objects.filter(restaurant_id=restaurant_id).order_by("-happened_at", "-pk")
    newest = ",".join(map(str, rows.values_list("pk", flat=True)[:_NEWEST]))
    return "sql-" + hashlib.sha256(newest.encode()).hexdigest()[:16]


def _session_key(request: HttpRequest) -> str:
    # By the cookie: request.session would be read.
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")


def _bound(restaurant_id: int, session_key: str) -> str:
    return salted_hmac(_SALT, f"{restaurant_id}:{session_key}", algorithm="sha256").hexdigest()[:32]


def _alive(session_key: str) -> str:
    """Return what is another text once the session was saved or ended; "" where Redis is away."""
    return mark_of(tag_of(session_key), alias="sessions") or ""


def _address(request: HttpRequest, restaurant_id: int) -> str:
    session_key = _session_key(request)
    value = f"{_bound(restaurant_id, session_key)}.{_alive(session_key)}"
    key = TimestampSigner(salt=_SALT).sign(value)
    address = reverse("admin:reservations_restaurant_pulse", args=(restaurant_id,))
    return f"{address}?{urlencode({'key': key})}"


def _judged(request: HttpRequest, restaurant_id: int, key: str) -> _Key:
    signer = TimestampSigner(salt=_SALT)
    session_key = _session_key(request)
    try:
        value = signer.unsign(key, max_age=KEPT_SECONDS)
    except BadSignature:
        return _Key.REFUSED
    bound, _dot, alive = value.partition(".")
    if not session_key or not constant_time_compare(bound, _bound(restaurant_id, session_key)):
        return _Key.REFUSED
    try:
        signer.unsign(key, max_age=FRESH_SECONDS)
    except SignatureExpired:
        return _Key.AGED
    return _Key.GOOD if alive and alive == _alive(session_key) else _Key.AGED
