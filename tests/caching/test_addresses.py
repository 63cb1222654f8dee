"""What a URL of Redis may say, what it is understood to mean, and how a wrong one ends the start."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from restaurant_site.caching import addresses, aliases, connector
from restaurant_site.caching.addresses import BadAddress
from tests.conftest import ROOT

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"

UNDERSTOOD: dict[str, dict[str, Any]] = {
    "redis://host": {"hosts": (("host", 6379),), "tls": False, "database": 0},
    "redis://host:6380/3": {"hosts": (("host", 6380),), "database": 3},
    "redis://host?db=4": {"database": 4},
    "redis://[::1]:7000/0": {"hosts": (("::1", 7000),)},
    "rediss://:p%2Fw%3A%2C@h:6380/0": {"tls": True, "password": "p/w:,", "username": ""},
    "rediss://u%40x:p@h/0?ssl_ca_certs=/etc/a+b.pem": {"username": "u@x", "ssl_ca_certs": "/etc/a+b.pem"},
    "rediss://name.westeurope.redis.azure.net/0?entra=system": {
        "hosts": (("name.westeurope.redis.azure.net", 10000),),
        "entra": "system",
    },
    f"rediss://h:1?entra={ID}": {"entra": ID},
    "unix:///run/redis%20x.sock?db=2": {"path": "/run/redis x.sock", "database": 2},
    "redis+sentinel://u:p@a:26380,b/tafel/1?sentinel_username=s&sentinel_password=t": {
        "hosts": (("a", 26380), ("b", 26379)),
        "service": "tafel",
        "database": 1,
        "password": "p",
        "sentinel_username": "s",
        "sentinel_password": "t",
    },
    "rediss+sentinel://a/tafel": {"tls": True, "service": "tafel", "database": 0},
    "rediss+cluster://:p@a:1,b:2?client_name=site": {
        "hosts": (("a", 1), ("b", 2)),
        "tls": True,
        "client_name": "site",
    },
}


@pytest.mark.parametrize("url", UNDERSTOOD)
def test_what_a_url_means(url: str) -> None:
    address = addresses.read(url)
    assert {name: getattr(address, name) for name in UNDERSTOOD[url]} == UNDERSTOOD[url]


REFUSED = {
    "": "does not begin with one of redis://",
    "host:6379": "does not begin with",
    "http://host": "does not begin with",
    "redis://": "can't be read as a URL",
    "redis://h:70000": "a port that is none",
    "redis://h:0": "a port that is none",
    "redis://h:x": "can't be read",
    "redis://u:hunter2/1@h": "can't be read",
    "redis://:hunter2#1@h": "has a #",
    "redis://h h": "a blank",
    "redis://h\x00": "unprintable",
    "redis://a,b": "names several hosts",
    "redis://h/x": "a database that is no number",
    "redis://h/1?db=1": "names its database twice",
    "redis://u@h": "a user without a password",
    "redis://h?ssl_ca_certs=/ca": "without TLS",
    "redis://h?entra=system": "entra without TLS",
    "rediss://:hunter2@h?entra=system": "a password and entra",
    "rediss://h?entra=me": "neither system nor the client id",
    "rediss://h?ssl_certfile=/c": "one of ssl_certfile and ssl_keyfile",
    "rediss://h?ssl_cert_reqs=none": "'ssl_cert_reqs' behind its ?",
    "redis://h?socket_timeout=9": "how long Redis is waited for is the site's own",
    "redis://h?client_name=a&client_name=b": "says something twice",
    "redis://h?sentinel_password=x": "'sentinel_password' behind its ?",
    "unix://h/x": "names no socket",
    "unix://": "names no socket",
    "redis+sentinel://a:1": "names no service",
    "redis+sentinel://a:1/s?sentinel_username=u": "sentinel_username without",
    "redis+cluster://a:1/2": "a cluster has none but 0",
    "redis+cluster://a:1,": "can't be read",
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_wrong_url_is_refused_in_one_line_that_shows_no_secret(url: str) -> None:
    with pytest.raises(BadAddress) as caught:
        addresses.read(url)
    said = str(caught.value)
    assert REFUSED[url] in said
    assert "hunter2" not in said
    assert "\n" not in said


CONNECTED: dict[str, dict[str, str]] = {
    "rediss://:a%2Fb%2B%3D@n.redis.cache.windows.net:6380/0": {
        "CONNECTIONSTRING": "rediss://:a/b+=@n.redis.cache.windows.net:6380/0"
    },
    "rediss://:a%2Fb%3D@h:6380/2": {"CONNECTIONSTRING": "h:6380,password=a/b=,ssl=True,defaultDatabase=2"},
    "rediss://h.redis.cache.windows.net:6380/0?entra=system": {"HOST": "h.redis.cache.windows.net"},
    "rediss://h.x.redis.azure.net:10000/0?entra=system": {"HOST": "h.x.redis.azure.net"},
    f"rediss://h:6380/0?entra={ID}": {"HOST": "h", "CLIENTID": ID},
    "redis://:k@h:6379/1": {"HOST": "h", "PORT": "6379", "PASSWORD": "k", "SSL": "false", "DATABASE": "1"},
    "": {},
}


@pytest.mark.parametrize("url", CONNECTED)
def test_what_service_connector_sets_is_understood(url: str) -> None:
    found = addresses.of_connector(CONNECTED[url])
    assert found == url
    if url:
        addresses.read(found)


@pytest.mark.parametrize(
    "given",
    [
        {"HOST": "h", "CLIENTSECRET": "s"},
        {"HOST": "h", "SSL": "maybe"},
        {"HOST": "h", "PASSWORD": "p", "CLIENTID": ID},
    ],
)
def test_what_service_connector_can_not_mean_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadAddress):
        addresses.of_connector(given)


def test_the_aliases_of_a_url_share_one_credential_provider_with_their_connections() -> None:
    made = aliases.caches("rediss://h/0?entra=system", "redis+cluster://a:1,b:2")
    options = made["default"]["OPTIONS"]
    provider = options["CONNECTION_POOL_KWARGS"]["credential_provider"]
    assert provider is options["REDIS_CLIENT_KWARGS"]["credential_provider"]
    assert made["pages"]["LOCATION"] == made["default"]["LOCATION"] != made["sessions"]["LOCATION"]
    assert made["sessions"]["OPTIONS"]["CLIENT_CLASS"].endswith("ClusterClient")


def test_redis_url_wins_over_what_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where that would be refused."""
    monkeypatch.setenv("REDIS_URL", "redis://h")
    monkeypatch.setenv("AZURE_REDIS_HOST", "other")
    assert (connector.connected_url(), connector.passed_over()) == ("", ["AZURE_REDIS_HOST"])
    monkeypatch.setenv("AZURE_REDIS_CLIENTSECRET", "hunter2")
    assert connector.connected_url() == ""
    monkeypatch.delenv("REDIS_URL")
    with pytest.raises(ImproperlyConfigured, match="AZURE_REDIS_HOST is a service principal's"):
        connector.connected_url()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"REDIS_URL": "redis+sentinel://:hunter2@h:1"}, "REDIS_URL names no service"),
        ({"REDIS_URL": "redis://h", "SESSIONS_REDIS_URL": "redis://a,b"}, "SESSIONS_REDIS_URL names several hosts"),
        ({"AZURE_REDIS_HOST": "h", "AZURE_REDIS_CLIENTSECRET": "hunter2"}, "AZURE_REDIS_HOST is a service principal's"),
        ({"REDIS_URL": "none", "SESSIONS_REDIS_URL": "redis://h"}, "SESSIONS_REDIS_URL is set, but REDIS_URL is none"),
    ],
)
def test_a_wrong_variable_ends_the_start_in_one_line(given: dict[str, str], says: str) -> None:
    kept = {name: value for name, value in os.environ.items() if "REDIS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", "import restaurant_site.settings"],
        cwd=ROOT,
        env=kept | given | {"DATABASE_URL": "postgresql:///none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]
    assert "hunter2" not in done.stderr
