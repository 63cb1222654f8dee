"""Whom a request counts as, whatever it claims."""

from __future__ import annotations

import pytest
from django.test import RequestFactory, override_settings

from restaurant_site.client_address import client_address, network_of


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "", "192.0.2.9"),
        (0, "203.0.113.5", "192.0.2.9"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "203.0.113.5:51234", "203.0.113.5"),
        (1, "10.1.1.1, 203.0.113.5:51234", "203.0.113.5"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "2001:db8:0:0::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        (2, "10.1.1.1, 203.0.113.5, 198.51.100.7", "203.0.113.5"),
        # Shorter than the proxies in front would have made it, or no address.
        (2, "203.0.113.5", "192.0.2.9"),
        (1, "", "192.0.2.9"),
        (1, "203.0.113.5, evil", "192.0.2.9"),
        (1, "203.0.113.5, ", "192.0.2.9"),
        (1, "\u0661.2.3.4", "192.0.2.9"),
    ],
)
def test_only_what_trusted_proxies_wrote_counts(hops: int, forwarded: str, expected: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9", headers={"X-Forwarded-For": forwarded})
    with override_settings(TRUSTED_HOPS=hops):
        assert client_address(request) == expected


def test_a_socket_has_no_address() -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == "unknown"


def test_an_ipv6_customer_counts_as_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert network_of("192.0.2.9") == "192.0.2.9"
    assert network_of("unknown") == "unknown"
