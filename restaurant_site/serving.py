"""What gunicorn itself says: nothing of what it is, and nothing of what it was asked."""

from __future__ import annotations

from typing import Any

from gunicorn import util
from gunicorn.http import wsgi

_default_headers = wsgi.Response.default_headers


def say_little() -> None:
    """Leave the Server header out, and answer what is no request with its status alone. For gunicorn.conf.py."""
    wsgi.Response.default_headers = _without_server
    util.write_error = _bare_error


def _without_server(response: wsgi.Response) -> list[str]:
    return [line for line in _default_headers(response) if not line.startswith("Server:")]


def _bare_error(sock: Any, status: int, reason: str, _message: str) -> None:
    body = f"{status} {reason}\n"
    head = (
        f"HTTP/1.1 {status} {reason}\r\n"
        "Connection: close\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, (head + body).encode("latin-1"))
