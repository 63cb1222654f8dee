"""The id of a request: given by a proxy of ours, or made here. Of what others send nothing is believed."""

from __future__ import annotations

import re
from random import getrandbits
from typing import TYPE_CHECKING, Final

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_GIVEN: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# https://www.w3.org/TR/trace-context/: the version, the trace, its parent, flags.
_TRACE: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_TRACING: Final = ("HTTP_TRACEPARENT", "HTTP_TRACESTATE", "HTTP_BAGGAGE")


def request_id(environ: WSGIEnvironment) -> str:
    """Return a request's id: 32 hexadecimal digits, or a UUID as a proxy gave it.

    Taken from ``X-Request-ID``, else from ``traceparent``, where the request came
    through the proxies of ``TRUSTED_HOPS`` and is well-formed. All other headers of
    tracing are taken away, so that nothing further in follows them.
    """
    if ("HTTP_X_REQUEST_ID" in environ or "HTTP_TRACEPARENT" in environ) and (given := _given(environ)):
        return given
    # To tell requests apart, no secret; several times as fast as one.
    return f"{getrandbits(128):032x}"


def new_id() -> str:
    """Return an id of the same kind for what nobody asked for, such as a job's turn."""
    return f"{getrandbits(128):032x}"


def _given(environ: WSGIEnvironment) -> str:
    hops = settings.TRUSTED_HOPS
    passed = [part for part in str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    trace = None
    if hops and len(passed) >= hops:
        trace = _TRACE.fullmatch(str(environ.get("HTTP_TRACEPARENT", "")))
        given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    else:
        given = ""
    if trace is None:
        for name in _TRACING:
            environ.pop(name, None)
    if _GIVEN.fullmatch(given):
        return given.lower()
    return trace[1] if trace else ""
