"""What makes a view's page the same for everyone: it may touch neither session, cookies, user nor CSRF token.

Touching one is an error in development and tests. In production the page is
then made for this visitor alone: it is not stored, and counted as refused.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse

from restaurant_site.caching.stamps import Stamp, current, gathering, reading

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

QUERY = "public_query"
UNCACHED = "public_uncached"
SECONDS = "public_seconds"
TOUCHED = "touched: "
"""How the reason begins why such a page was not stored."""


class TouchedByPublicPageError(RuntimeError):
    """A page that is the same for everyone used what belongs to one visitor, or read the database uncached."""


def public_page(*query: str, uncached: tuple[str, ...] = (), seconds: float = 600) -> Callable[[View[P]], View[P]]:
    """Declare that a view's answer depends on host, scheme, path and these query parameters alone.

    `pages.PageCache` then stores it whole. uncached are parameters with endlessly
    many values, such as a search: with one of those the page is made each time.
    seconds is how long it is fresh; a change of what it shows is seen at once.
    """

    def decorate(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            # Without the wrapper around Django there is nothing to store, but still one page.
            # A malformed cookie has set it already.
            was_new = request.META.get("CSRF_COOKIE_NEEDS_UPDATE")
            with gathering(current() or Stamp(), read=False), _guarded(request), _only_cached_sql():
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    # Now: later nobody watches what it uses.
                    response.render()
                if response.streaming:
                    _touched("time after the view, by streaming its answer")
            if request.META.get("CSRF_COOKIE_NEEDS_UPDATE") and not was_new:
                _touched("CSRF token")
            return response

        setattr(guarded, QUERY, frozenset(query))
        setattr(guarded, UNCACHED, frozenset(uncached))
        setattr(guarded, SECONDS, seconds)
        return guarded

    return decorate


def _touched(what: str) -> None:
    if settings.CACHE_STRICT:
        raise TouchedByPublicPageError(
            f"A public page uses the {what}. What is the visitor's own belongs into a fragment that is fetched "
            "afterwards, and what is read from the database into a cached read: see docs/caching.md."
        )
    stamp = current()
    if stamp is not None:
        # Above any other reason: the visitor then gets a page of their own.
        stamp.reason = TOUCHED + what


class _Guard:
    """Stands for something of the visitor's; every use of it is noticed, then done."""

    def __init__(self, real: Any, what: str) -> None:
        object.__setattr__(self, "_real", real)
        object.__setattr__(self, "_what", what)

    def _use(self) -> Any:
        _touched(object.__getattribute__(self, "_what"))
        return object.__getattribute__(self, "_real")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._use(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._use(), name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._use()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._use()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._use()[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._use()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._use())

    def __len__(self) -> int:
        return len(self._use())

    def __bool__(self) -> bool:
        return bool(self._use())

    def __eq__(self, other: object) -> bool:
        return bool(self._use() == other)

    def __hash__(self) -> int:
        return hash(self._use())

    def __str__(self) -> str:
        return str(self._use())


_GUARDED = {"session": "session", "user": "user", "COOKIES": "cookies", "_messages": "messages"}


@contextlib.contextmanager
def _guarded(request: HttpRequest) -> Iterator[None]:
    """Put guards before what belongs to the visitor, as long as the view runs."""
    # Neither is evaluated by being moved: both are lazy.
    held: dict[str, Any] = request.__dict__
    real = {name: held[name] for name in _GUARDED if name in held}
    for name, value in real.items():
        # By type: isinstance would ask the lazy user for its class, and so the session.
        if type(value) is not _Guard:
            setattr(request, name, _Guard(value, _GUARDED[name]))
    try:
        yield
    finally:
        for name, value in real.items():
            setattr(request, name, value)


@contextlib.contextmanager
def _only_cached_sql() -> Iterator[None]:
    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not reading():
            _touched("database outside a cached read")
        return execute(sql, params, many, context)

    with contextlib.ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(watch))
        yield
