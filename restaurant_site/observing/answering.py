"""The outermost layer of the site: each request's id, its line in the access log, and its count.

Ahead of the page cache, so that a page's hit is seen as well; it may not cost
more than a few microseconds, which benchmarks/observing.py shows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from restaurant_site.observing import access, metrics
from restaurant_site.observing.current import Work, begin
from restaurant_site.observing.ids import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("restaurant_site.slow")

Headers = list[tuple[str, str]]

STATIC: Final = "static files"
NONE: Final = "none"
"""The routes of what no view answers: files, and what is refused or sent elsewhere before an address is looked at."""

_STATEMENTS: Final = metrics.STATEMENTS.labels("requests")
_SECONDS: Final = metrics.STATEMENT_SECONDS.labels("requests")
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Watched:
    """A WSGI application, each of whose answers has an ``X-Request-ID`` and is told of."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.slow = settings.SLOW_PAGE_MS / 1000
        self.static = f"/{settings.STATIC_URL.lstrip('/')}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = perf_counter()
        id_ = request_id(environ)
        work = begin(id_)
        status = "500"

        def start(given: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
            nonlocal status
            status = given
            headers.append(("X-Request-ID", id_))
            return start_response(given, headers, exc_info)

        try:
            answer = self.application(environ, start)
        except BaseException:
            self._tell(environ, work, status, 0, began)
            raise
        if type(answer) is list:
            # From the page cache.
            self._tell(environ, work, status, len(answer[0]) if answer else 0, began)
            return answer
        length = int(getattr(answer, "headers", {}).get("Content-Length", -1))
        if length < 0 and getattr(answer, "streaming", False):
            # What it streams may come from the database, row by row.
            return _Streamed(answer, partial(self._tell, environ, work, status, began=began))
        # To HEAD the server sends no body, whatever length the head tells.
        self._tell(environ, work, status, 0 if environ["REQUEST_METHOD"] == "HEAD" else length, began)
        return answer

    def _tell(self, environ: WSGIEnvironment, work: Work, status: str, sent: int, began: float) -> None:
        seconds = perf_counter() - began
        method = environ["REQUEST_METHOD"]
        if method not in metrics.METHODS:
            # Of those there are as many as anybody makes up.
            method = "other"
        cell = metrics.cell_of(method, work.route or self._unrouted(environ["PATH_INFO"]), int(status[:3]), work.cache)
        metrics.answered(cell, seconds)
        if work.statements:
            _STATEMENTS.inc(work.statements)
            _SECONDS.inc(work.seconds)
        if access.is_on:
            access.note(cell.line, sent, seconds, work)
        if self.slow and seconds > self.slow:
            logger.warning(
                "A page took %d ms, %d of them in %d statements: %s",
                seconds * 1000,
                work.seconds * 1000,
                work.statements,
                work.route,
            )

    def _unrouted(self, path: str) -> str:
        if path in _PROBES:
            return path
        return STATIC if path.startswith(self.static) else NONE


class _Streamed:
    """An answer that is told of once it was sent to its end, or given up."""

    def __init__(self, answer: Any, done: Callable[[int], None]) -> None:
        self.answer = answer
        self.done = done
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        """Pass on, and count."""
        for chunk in self.answer:
            self.sent += len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the answer, and tell."""
        try:
            self.answer.close()
        finally:
            self.done(self.sent)
