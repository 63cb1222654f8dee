"""``/metrics``, for whoever has the token: the metrics of all workers of this server, as Prometheus reads them."""

from __future__ import annotations

import hmac
import os
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from struct import error as StructError  # noqa: N812 - an exception's name, in the library's spelling
from typing import Final

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from restaurant_site.observing import copying, fleet, folder

NextHandler = Callable[[HttpRequest], HttpResponseBase]

PATH: Final = "/metrics"
_FRESH: Final = 0.25
"""Seconds for which what was written is given again: many who ask cost no more than one."""
_WAIT: Final = 5.0

_of_fleet = CollectorRegistry()
_of_fleet.register(fleet.Fleet())


class Metrics:
    """Answer ``/metrics`` to GET with the token; to all others there is no such page.

    Ahead of what looks at the Host header and of the limits, and kept by no
    cache. One request at a time writes, and others wait for it.
    """

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer who may see it, and hand on everything else."""
        if request.path_info != PATH or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        if not is_allowed(request.META.get("HTTP_AUTHORIZATION", "")):
            return self.get_response(request)
        text = _text.get()
        if text is None:
            return HttpResponse("busy\n", status=503, content_type="text/plain", headers={"Retry-After": "5"})
        return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def is_allowed(authorization: str) -> bool:
    """Return whether a request's Authorization header has the token; without ``METRICS_TOKEN`` none has."""
    token = settings.METRICS_TOKEN
    given = authorization.removeprefix("Bearer ").strip()
    return bool(token) and hmac.compare_digest(given.encode(errors="replace"), token.encode())


class _Text:
    """What was written last, and when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written = float("-inf")
        self._text = b""

    def get(self) -> bytes | None:
        """Return the metrics, or None where another takes too long to write them."""
        if not self._lock.acquire(timeout=_WAIT):
            return None
        try:
            if time.monotonic() - self._written > _FRESH:
                self._text = written()
                self._written = time.monotonic()
            return self._text
        finally:
            self._lock.release()


_text = _Text()


def written() -> bytes:
    """Return the metrics of this server as text: of all its workers, under gunicorn, else of this process."""
    copying.copy()
    # First, while the folder is not locked: it may wait for the database.
    text = generate_latest(_of_fleet)
    named = os.environ.get(folder.VARIABLE)
    if not named:
        return text + generate_latest(REGISTRY)
    of_workers = CollectorRegistry()
    MultiProcessCollector(of_workers, named)  # type: ignore[no-untyped-call]
    with folder.locked(Path(named), wait=True):
        try:
            return text + generate_latest(of_workers)
        except (StructError, OSError):
            # A worker that is just starting was making its file.
            return text + generate_latest(of_workers)


def serve(address: tuple[str, int]) -> HTTPServer:
    """Serve this process's metrics at an address of its own, by a thread, for as long as it lives.

    One after the other, and a slow client for seconds at most. Raises OSError
    where the address is taken.
    """
    server = (_Server6 if ":" in address[0] else HTTPServer)(address, _Handler)
    threading.Thread(target=server.serve_forever, name="metrics-server", daemon=True).start()
    return server


class _Server6(HTTPServer):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    timeout = 5

    def do_GET(self) -> None:
        """Answer who has the token; there is nothing else here."""
        text = None
        if self.path == PATH and is_allowed(self.headers.get("Authorization", "")):
            try:
                text = _text.get()
            finally:
                connections.close_all()
        body = text or b"Not Found\n"
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Return no name."""
        return "site"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the text is what was asked for."""
