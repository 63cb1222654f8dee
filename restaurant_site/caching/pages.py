"""Whole pages, answered before Django starts: a wrapper of the WSGI application.

A page is a function of its key: host, scheme, path, and the query parameters
that its view declares. Whatever else a request carries is taken away before
the page is made, so that it can neither split nor poison the key.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from django.http.request import split_domain_port, validate_host
from django.urls import Resolver404, resolve
from django.utils import translation

from restaurant_site.caching import http, public
from restaurant_site.caching.filling import fill_slot
from restaurant_site.caching.http import Headers, Page
from restaurant_site.caching.keys import entry_key
from restaurant_site.caching.lookups import Lookup
from restaurant_site.caching.stamps import current
from restaurant_site.caching.through import Layer
from restaurant_site.observing.current import current_work

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

T = TypeVar("T")

_MEMORY, _LONGEST = 10_000, 300
# Of names that ALLOWED_HOSTS does not list as they are: with a port, a dot at the end, or by a wildcard.
_NAMES = 16
_DROPPED = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_ADDR", "REMOTE_PORT", "RAW_URI", "wsgi.input"})

layer: Layer[Page] = Layer(
    "page",
    "pages",
    encode=http.encode,
    decode=http.decode,
    sql=False,
    failed=lambda page: page.status.startswith("5"),
)


class _Rule:
    """What a path's view declares."""

    __slots__ = ("query", "route", "seconds", "uncached")

    def __init__(self, route: str, query: frozenset[str], uncached: frozenset[str], seconds: float) -> None:
        self.route = route
        self.query = query
        self.uncached = uncached
        self.seconds = seconds


class PageCache:
    """Answers GET and HEAD of public pages from Redis; hands on everything else. Says which in ``X-Cache``."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self._rules: dict[str, _Rule | None] = {}
        self._hosts: dict[str, bool] = {}
        self._names: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_AUTHORIZATION" not in environ:
            path = environ["PATH_INFO"]
            try:
                rule = self._rules[path]
            except KeyError:
                rule = self._rule(path, environ)
            if rule is not None and not environ.get("SCRIPT_NAME"):
                host = self._host(environ)
                scheme = self._scheme(environ)
                if host and scheme:
                    # As the key has it: what the page says of its own address is for everyone.
                    environ["HTTP_HOST"] = host
                    current_work().route = rule.route
                    return self._answer(environ, start_response, rule, f"{scheme}://{host}{path}")
        return self.application(environ, _marking(start_response, "bypass"))

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, rule: _Rule, address: str
    ) -> Iterable[bytes]:
        query = _canonical(environ.get("QUERY_STRING", ""), rule)
        if query is None or not layer.usable():
            with fill_slot():
                return self.application(environ, _marking(start_response, "bypass"))
        unstored: list[tuple[str, tuple[str, Headers, bytes]]] = []

        def make() -> Page:
            answer = self._rendered(environ, query)
            stamp = current()
            reason = http.refusal(*answer)
            if stamp is not None and reason:
                stamp.refuse(reason)
            if stamp is None or stamp.reason:
                unstored.append((reason if stamp is None or reason in http.PERSONAL else stamp.reason, answer))
            return http.page(*answer)

        # Always with the mark, which no query holds unescaped: a path may, and must not pass for another's query.
        key = entry_key("p", f"{address}?{query}")
        found = layer.look(Lookup(key, make, None, rule.seconds, None))
        if found.how == "bypass" and unstored:
            why, (status, headers, body) = unstored[-1]
            if why.startswith(public.TOUCHED) or why in http.PERSONAL:
                # Made without this visitor's cookies, which it turned out to use.
                return self.application(environ, _marking(start_response, "bypass"))
            _marking(start_response, "bypass")(status, headers)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
        return _send(environ, start_response, found.value, found.how)

    def _rendered(self, environ: WSGIEnvironment, query: str) -> tuple[str, Headers, bytes]:
        """Return Django's answer to the key alone."""
        kept = {"HTTP_HOST", *(settings.SECURE_PROXY_SSL_HEADER or ())[:1]}
        asked = {
            name: value
            for name, value in environ.items()
            if name not in _DROPPED and (not name.startswith("HTTP_") or name in kept)
        }
        asked |= {"REQUEST_METHOD": "GET", "QUERY_STRING": query, "wsgi.input": io.BytesIO(), "REMOTE_ADDR": ""}
        begun: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
            begun.append((status, headers))
            return lambda _data: None

        chunks = self.application(asked, start)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = begun[-1]
        return status, headers, body

    def _rule(self, path: str, environ: WSGIEnvironment) -> _Rule | None:
        """Ask Django's URLs what a path leads to, once."""
        readable = get_path_info(environ)
        language = translation.get_language_from_path(readable) or settings.LANGUAGE_CODE
        rule = None
        try:
            with translation.override(language):
                match = resolve(readable)
            view = match.func
            if (query := getattr(view, public.QUERY, None)) is not None:
                rule = _Rule(f"/{match.route}", query, getattr(view, public.UNCACHED), getattr(view, public.SECONDS))
        except (Resolver404, ValueError):
            pass
        _remember(self._rules, path, rule)
        return rule

    def _host(self, environ: WSGIEnvironment) -> str:
        """Return the Host header if the site has that name, else "": Django then refuses it.

        Of a site's names there are endlessly many, by their ports alone: beyond a few, pages are not cached.
        """
        host = str(environ.get("HTTP_HOST", "")).lower()
        try:
            allowed = self._hosts[host]
        except KeyError:
            domain, _port = split_domain_port(host)
            allowed = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
            if allowed and host not in settings.ALLOWED_HOSTS:
                if len(self._names) < _NAMES:
                    self._names.add(host)
                allowed = host in self._names
            _remember(self._hosts, host, allowed)
        return host if allowed else ""

    def _scheme(self, environ: WSGIEnvironment) -> str:
        """Return the scheme as Django would see it, or "" where Django would send the visitor to another."""
        scheme: str = environ["wsgi.url_scheme"]
        if settings.SECURE_PROXY_SSL_HEADER:
            name, secure = settings.SECURE_PROXY_SSL_HEADER
            if (given := environ.get(name)) is not None:
                scheme = "https" if given.split(",")[0].strip() == secure else "http"
        return "" if settings.SECURE_SSL_REDIRECT and scheme != "https" else scheme


def _remember(memory: dict[str, T], text: str, value: T) -> None:
    """Keep what was found for a text, unless it is longer than an honest one: there are endlessly many of those."""
    if len(text) > _LONGEST:
        return
    if len(memory) >= _MEMORY:
        memory.clear()
    memory[text] = value


def _canonical(query: str, rule: _Rule) -> str | None:
    """Return the query with the allowed parameters alone, each once (the last, as Django reads it), in order.

    None where it holds one for which the page is not cached, or more than anybody sends.
    """
    if not query or not (rule.query or rule.uncached):
        return ""
    # WSGI hands on bytes as Latin-1, and Django reads them so where they are no UTF-8.
    with contextlib.suppress(UnicodeError):
        query = query.encode("latin-1").decode()
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=200, errors="replace"))
    except ValueError:
        return None
    if any(given.get(name) for name in rule.uncached):
        return None
    return urlencode(sorted((name, value) for name, value in given.items() if name in rule.query and value))


def _send(environ: WSGIEnvironment, start_response: StartResponse, page: Page, how: str) -> Iterable[bytes]:
    current_work().cache = how
    headers = [*page.headers, ("ETag", page.etag), ("X-Cache", how)]
    condition = environ.get("HTTP_IF_NONE_MATCH")
    if condition is not None and http.is_match(condition, page.etag):
        start_response("304 Not Modified", [pair for pair in headers if not pair[0].startswith("Content-T")])
        return []
    if http.takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        body = page.zipped
        headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
    else:
        body = page.plain()
        headers.append(("Content-Length", str(len(body))))
    start_response(page.status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _marking(start_response: StartResponse, how: str) -> StartResponse:
    current_work().cache = how

    def start(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
        return start_response(status, [*headers, ("X-Cache", how)], exc_info)

    return start
