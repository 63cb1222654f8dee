"""The id of a request: given by a proxy of ours, or made here. Of what others send nothing is believed."""

from __future__ import annotations

import re
from random import getrandbits
from typing import TYPE_CHECKING, Final

from restaurant_site.client_address import handed_on

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_GIVEN: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# https://www.w3.org/TR/trace-context/: the version, the trace, its parent, flags.
_TRACE: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def request_id(environ: WSGIEnvironment) -> str:
    """Return a request's id: 32 hexadecimal digits, or a UUID as a proxy gave it.

    Taken from ``X-Request-ID``, else from ``traceparent``, where the request came
    through the proxies of ``TRUSTED_HOPS`` and is well-formed. Any other
    ``traceparent`` is taken away, so that no span follows it.
    """
    if ("HTTP_X_REQUEST_ID" in environ or "HTTP_TRACEPARENT" in environ) and (given := _given(environ)):
        return given
    return new_id()


def new_id() -> str:
    """Return an id of the same kind for what nobody gave one, such as a job's turn."""
    # To tell requests apart, no secret; several times as fast as one.
    return f"{getrandbits(128):032x}"


def _given(environ: WSGIEnvironment) -> str:
    is_ours = bool(handed_on(environ))
    trace = _TRACE.fullmatch(str(environ.get("HTTP_TRACEPARENT", ""))) if is_ours else None
    if trace is None:
        environ.pop("HTTP_TRACEPARENT", None)
    given = str(environ.get("HTTP_X_REQUEST_ID", "")) if is_ours else ""
    if _GIVEN.fullmatch(given):
        return given.lower()
    return trace[1] if trace else ""
