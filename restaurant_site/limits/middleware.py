"""The middleware that refuses what comes too often, ahead of the session, the form's token and the database."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch

from restaurant_site.client_address import client_address, network_of
from restaurant_site.errors import too_many_requests
from restaurant_site.limits.counting import Count, Full, count_of, hit
from restaurant_site.limits.table import Kind, Limit, kind_of
from restaurant_site.observing import metrics
from restaurant_site.observing.quiet import unlogged
from restaurant_site.staff_pages import is_staff_page
from restaurant_site.typed import plain_reference

NextHandler = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("restaurant_site.limits")

_LOG_SECONDS: Final = 60.0


class Limits:
    """Answer 429 to what the table refuses. A page from the cache never comes here, and costs nothing."""

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand on; what is limited goes by the view, which Django finds later."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Count the request, and answer it where there is no room for it."""
        match = request.resolver_match
        if match is None or not settings.LIMITS_SCALE:
            return None
        kind = kind_of(match.view_name, request.method or "", request.GET, is_staff_page=is_staff_page(match))
        if kind is None:
            return None
        full = hit(_counts(kind, request, match))
        return None if full is None else _refused(request, kind, full)


def _counts(kind: Kind, request: HttpRequest, match: ResolverMatch) -> list[Count]:
    """Return the windows that a request counts in; those without a value to count by are left out."""
    found = []
    for limit in kind.limits:
        values = _values(limit, request, match)
        if all(values):
            found.append(count_of(limit.rate, kind.name, *limit.per, *values))
    return found


def _values(limit: Limit, request: HttpRequest, match: ResolverMatch) -> list[str]:
    return [_value(part, request, match) for part in limit.per]


def _value(part: str, request: HttpRequest, match: ResolverMatch) -> str:
    if part == "address":
        address = client_address(request)
        # Behind a socket that tells nobody's, all would count as one.
        return "" if address == "unknown" else network_of(address)
    if part == "link":
        return "/".join(str(value) for value in match.kwargs.values())
    typed = str(request.POST.get(part, ""))
    # In another spelling it is not another.
    plain = plain_reference(typed) if part == "reference" else unicodedata.normalize("NFKC", typed)
    return plain.strip().casefold()[:254]


def _refused(request: HttpRequest, kind: Kind, full: Full) -> HttpResponseBase:
    _told.tell(kind.name)
    metrics.LIMITED.labels(kind.name).inc()
    # A flood would fill the log, and links would stand in it.
    response = unlogged(too_many_requests(request, full.wait))
    # draft-ietf-httpapi-ratelimit-headers.
    response["RateLimit-Policy"] = f'"{kind.name}";q={full.count.amount};w={full.count.seconds}'
    response["RateLimit"] = f'"{kind.name}";r=0;t={response["Retry-After"]}'
    return response


class _Told:
    """One line of the log for each class and minute, with how many requests were refused. It names nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._untold: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    def tell(self, kind: str) -> None:
        """Count a refusal, and write the line if the last one is long enough ago."""
        now = time.monotonic()
        with self._lock:
            self._untold[kind] += 1
            if now - self._last.get(kind, -_LOG_SECONDS) < _LOG_SECONDS:
                return
            self._last[kind] = now
            number = self._untold.pop(kind)
        logger.warning("Too many requests of class %s: refused %s since the last such line", kind, number)


_told = _Told()
