"""Middleware of the project: the health page, the language, bounds on requests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import translation

from reservations.models import Restaurant
from restaurant_site.caching.store import kinds as redis_kinds
from restaurant_site.caching.store import state as cache_state
from restaurant_site.database import schema
from restaurant_site.errors import bad_request, body_too_large, not_found

NextHandler = Callable[[HttpRequest], HttpResponseBase]

# How much of a refused body is read and thrown away, so that the client has
# finished sending when the answer arrives: a browser that is cut off while it
# sends shows "connection reset" instead of the answer. Bytes, and seconds: there
# are few threads, and a client may take its time.
DRAIN = 32 * 1024 * 1024
DRAIN_SECONDS = 3.0


class Health:
    """Answer ``/healthz`` while this process serves, and ``/readyz`` while it can answer visitors.

    The first asks neither the database nor Redis. The second answers 503 without
    the database, or where that lacks migrations of this release; without Redis
    the site is slower, and it says "degraded". Which kind of Redis it is stands beside it.

    Ahead of everything that looks at the Host header: App Service's probe and a
    container's health check come with an address of their own.
    """

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the probe, and hand on everything else."""
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path_info == "/readyz":
            return self._ready()
        return self.get_response(request)

    def _ready(self) -> HttpResponseBase:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            database = "migrations missing" if schema.missing() else "ok"
        except Error:
            database = "away"
        cache = cache_state()
        status = "unavailable" if database != "ok" else "degraded" if cache == "away" else "ok"
        told = {"status": status, "database": database, "cache": cache, "redis": redis_kinds()}
        return JsonResponse(told, status=200 if database == "ok" else 503, headers={"Cache-Control": "no-store"})


class LanguageByPath:
    """Activate the language that the path's first segment names, the default one without it.

    Django's own LocaleMiddleware also sends ``Vary: Accept-Language`` on pages of
    the default language, though nothing varies by it: caches would keep a copy
    for every browser.
    """

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve in that language, and say so."""
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        # Until the answer stands, and no longer: the thread serves other requests.
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language() or language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


class RequestBounds:
    """Answer 413 to bodies above ``DATA_UPLOAD_MAX_MEMORY_SIZE`` and 400 to addresses with NUL bytes.

    Where staff bring files, ``UPLOAD_MAX_SIZE`` holds instead, and on forms with a photo
    ``PHOTO_UPLOAD_MAX_SIZE``. Neither is parsed. No person
    types a NUL byte into an address, and PostgreSQL refuses it in every value, wherever the
    view would use it.
    """

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse by the declared length; a body without one is bounded by the parser."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request, SuspiciousOperation("NUL in the address"))
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        is_upload = request.path.endswith(settings.UPLOAD_PATHS)
        is_photo = re.search(settings.PHOTO_PATHS, request.path) is not None
        limit = settings.UPLOAD_MAX_SIZE if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if is_photo:
            limit = settings.PHOTO_UPLOAD_MAX_SIZE
        if limit is None or length <= limit:
            return self.get_response(request)
        _drain(request, min(length, DRAIN))
        return body_too_large(request, is_file=is_upload, is_photo=is_photo)


def _drain(request: HttpRequest, left: int) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    while left > 0 and time.monotonic() < until:
        try:
            chunk = request.read(min(left, 64 * 1024))
        except OSError:
            # It has gone, or sends nothing any more.
            return
        if not chunk:
            return
        left -= len(chunk)


class Gone:
    """Answer 404 where a restaurant was deleted between two statements of a request: a page that polls may be last."""

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer for a view that did not find the restaurant any more."""
        return not_found(request, exception) if isinstance(exception, Restaurant.DoesNotExist) else None
