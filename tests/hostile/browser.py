"""A browser without a screen that sends what no browser would, into the whole application of this process."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections

from restaurant_site.handler import make_application

Pair = tuple[str, bytes | str]
URLENCODED = "application/x-www-form-urlencoded"
_BOUNDARY = "zqboundary"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered, and what it raised on the way, if anything."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    error: str

    def header(self, name: str) -> str:
        """Return a header's value, "" where there is none."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), "")

    @property
    def kind(self) -> str:
        """The type of what is in the body, without parameters."""
        return self.header("Content-Type").partition(";")[0]

    @property
    def text(self) -> str:
        """The body, whatever it is."""
        return self.body.decode(errors="replace")


class Browser:
    """Keeps cookies, and comes from another address each time: limits count by it."""

    def __init__(self, cookies: dict[str, str] | None = None) -> None:
        self.cookies = dict(cookies or {})
        self.application = make_application()
        self._sent = 0

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        content_type: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request; target is a path with its query, encoded as over the wire."""
        path, _, query = target.partition("?")
        self._sent += 1
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query.encode().decode("latin-1"),
            "REMOTE_ADDR": f"10.{self._sent >> 16 & 255}.{self._sent >> 8 & 255}.{self._sent & 255}",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "testserver",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if self.cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body or content_type:
            environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type}
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"] = value
        return self._answer(environ)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        raised: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None, /) -> Any:
            begun.append((status, headers))
            return lambda _data: None

        def note(**_more: Any) -> None:
            raised.append(_told())

        got_request_exception.connect(note)
        # It would end the transaction around the crawl, as Django's own test client knows.
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        try:
            chunks = self.application(environ, start)
            try:
                body = b"".join(chunks)
            finally:
                if close := getattr(chunks, "close", None):
                    close()
        except Exception:  # a crawl tells of every error that it meets, and goes on
            return Answer(599, [], b"", _told())
        finally:
            got_request_exception.disconnect(note)
            request_started.connect(close_old_connections)
            request_finished.connect(close_old_connections)
        status, headers = begun[-1]
        self._keep(headers)
        return Answer(int(status[:3]), headers, body, raised[-1] if raised else "")

    def _keep(self, headers: Iterable[tuple[str, str]]) -> None:
        for name, line in headers:
            if name.lower() != "set-cookie":
                continue
            try:
                morsels = SimpleCookie(line)
            except CookieError:
                continue
            for key, morsel in morsels.items():
                if morsel.value and morsel["max-age"] != 0:
                    self.cookies[key] = morsel.coded_value
                else:
                    self.cookies.pop(key, None)


def _told() -> str:
    kind, error, trace = sys.exc_info()
    last = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    return f"{getattr(kind, '__name__', kind)}: {str(error)[:150]!r} at {' < '.join(reversed(last[-5:]))}"


def path_of(address: str) -> str:
    """Return the path and query of an address of this site."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def encoded(pairs: Sequence[Pair]) -> str:
    """Return fields as a query or a form's body."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(value: bytes | str) -> str:
    return quote_from_bytes(value if isinstance(value, bytes) else value.encode(errors="replace"), safe="")


def multipart(pairs: Sequence[Pair], files: Sequence[tuple[str, str, str, bytes]] = ()) -> tuple[bytes, str]:
    """Return a body of several parts and its content type; a file is its field's name, its own, its type, its bytes."""
    lines: list[bytes] = []
    for name, value in pairs:
        raw = value if isinstance(value, bytes) else value.encode(errors="replace")
        lines += [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode(),
            raw,
            b"\r\n",
        ]
    for name, file_name, kind, raw in files:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        lines += [f"{head}Content-Type: {kind}\r\n\r\n".encode(), raw, b"\r\n"]
    lines.append(f"--{_BOUNDARY}--\r\n".encode())
    return b"".join(lines), f"multipart/form-data; boundary={_BOUNDARY}"
