"""What gunicorn itself says: nothing of what it is, or was asked; when it listens; and how seldom it collects."""

from __future__ import annotations

import gc
import logging
from typing import Any

from gunicorn import glogging, sock, util
from gunicorn.http import wsgi

from restaurant_site.observing import lines

_default_headers = wsgi.Response.default_headers
_set_up = glogging.Logger.setup


def say_little() -> None:
    """Leave the Server header out, answer what is no request with its status alone, and log without people.

    For gunicorn.conf.py, before the workers start; its log is there by then.
    """
    wsgi.Response.default_headers = _without_server
    util.write_error = _bare_error
    glogging.Logger.setup = _set_up_without_people
    _log_without_people(logging.getLogger("gunicorn.error"))


def let_workers_listen() -> None:
    """Bind the sockets and refuse who connects, until a worker listens that can answer.

    A proxy then asks another node at once, instead of waiting for this one to start. For gunicorn.conf.py, before
    the sockets are made; post_worker_init listens. Those that were handed over listen already, and go on.
    """
    sock.BaseSocket._is_listening = staticmethod(lambda _handle: True)


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


def _set_up_without_people(logger: glogging.Logger, config: Any) -> None:
    """Set the log up as gunicorn does, also where it reads its configuration again; the lines are of ours."""
    _set_up(logger, config)
    _log_without_people(logger.error_log)


def _log_without_people(logger: logging.Logger) -> None:
    for handler in logger.handlers:
        handler.setFormatter(lines.formatter_of_server())


COLLECT_EVERY = 5_000
"""So many new objects that hold others are there before Python looks which of them are of no use any more."""


def collect_little() -> None:
    """Leave out of every later collection what is loaded by now, and collect less often: it stops all threads.

    For a worker that is about to take requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, *gc.get_threshold()[1:])
