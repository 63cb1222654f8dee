"""Where a request came from: the one place that reads addresses, for limits, sign-in and logs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

# A household or a phone has a whole network of IPv6 addresses to draw from.
_V6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the address that a request came from, as `address_of`."""
    return address_of(request.META)


def address_of(environ: Mapping[str, Any]) -> str:
    """Return a WSGI environment's client address in its canonical form, without a port.

    ``TRUSTED_HOPS`` proxies stand in front of the site, each of which appends to
    X-Forwarded-For whom it was asked by: the entry that the outermost of them
    wrote counts, and what the client itself wrote ahead of it does not. Without
    proxies, or where the header is shorter than it must be, the address is the
    connection's own; behind a socket without one it is "unknown".
    """
    return _canonical(handed_on(environ)) or _canonical(str(environ.get("REMOTE_ADDR", ""))) or "unknown"


def handed_on(environ: Mapping[str, Any]) -> str:
    """Return what the outermost of our proxies wrote of whom it was asked by; "" of what came around one of them."""
    hops = settings.TRUSTED_HOPS
    told = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hops else []
    return told[-hops].strip() if hops and len(told) >= hops else ""


def network_of(address: str) -> str:
    """Return whom an address counts as: an IPv4 address itself, an IPv6 address its /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((parsed, _V6_PREFIX), strict=False))


def _canonical(text: str) -> str:
    """Return an address without its port (Azure sends ``ip:port``), "" where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].split("]")[0]
    elif text.count(":") == 1:
        text = text.split(":")[0]
    try:
        parsed = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
