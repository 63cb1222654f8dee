"""Redis through TLS, and by a token of Entra ID, which is renewed while connections stay open."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest

from restaurant_site.caching import identity
from restaurant_site.caching.store import Unavailable, store
from tests import factories as make
from tests.caching.conftest import using
from tests.caching.probes import tagline
from tests.redis_fleet import ClusterOf6, running, until
from tests.redis_server import RedisServer
from tests.tls_front import Authority, TlsFront

pytestmark = pytest.mark.django_db(transaction=True)

WHO = "5f3b1d52-0000-4000-8000-00000000abcd"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


def fronted(server: RedisServer, certificate: Path) -> Iterator[TlsFront]:
    found = TlsFront(server.socket, certificate)
    yield found
    found.close()


@pytest.fixture
def tls(redis_server: RedisServer, authority: Authority) -> Iterator[TlsFront]:
    yield from fronted(redis_server, authority.certify("localhost", "127.0.0.1"))


def test_what_the_authority_signed_is_believed(tls: TlsFront, authority: Authority) -> None:
    restaurant = make.make_restaurant(tagline="x")
    with using(f"rediss://localhost:{tls.port}/0?ssl_ca_certs={authority.ca}"):
        assert [tagline.found(restaurant.pk).how for _time in range(2)] == ["miss", "hit"]


def test_a_wrong_certificate_is_refused_and_the_site_goes_on(
    redis_server: RedisServer, tls: TlsFront, authority: Authority, tmp_path: Path
) -> None:
    restaurant = make.make_restaurant(tagline="x")
    stranger = Authority(tmp_path / "others", "stranger")
    other = TlsFront(redis_server.socket, authority.certify("elsewhere.example"))
    late = TlsFront(redis_server.socket, authority.certify("localhost", ends=-dt.timedelta(minutes=1)))
    unknown = "name the file of its authorities in ssl_ca_certs"
    for url, says in (
        (f"rediss://localhost:{tls.port}/0", unknown),
        (f"rediss://localhost:{tls.port}/0?ssl_ca_certs={stranger.ca}", unknown),
        (f"rediss://localhost:{other.port}/0?ssl_ca_certs={authority.ca}", "the name that the certificate has"),
        (f"rediss://localhost:{late.port}/0?ssl_ca_certs={authority.ca}", "has expired or is not valid yet"),
    ):
        with using(url):
            assert tagline.found(restaurant.pk).how == "bypass"
            assert says in store("default").gate.reason
            assert redis_server.client.dbsize() == 0
    other.close()
    late.close()


class Identities:
    """An identity service as App Service has it; each token is good for some seconds, and the ACL follows it."""

    def __init__(self, server: RedisServer, seconds: int) -> None:
        self.servers, self.seconds = [server], seconds
        # By how much its clock is ahead of this machine's.
        self.ahead = 0
        self.given: list[str] = []
        self.away = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if outer.away:
                    self.send_error(503)
                    return
                body = json.dumps(outer.give()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/token"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def give(self) -> dict[str, Any]:
        """Give a new token; every Redis takes this one and no older."""
        ends = int(time.time()) + self.seconds + self.ahead
        token = jwt.encode({"oid": WHO, "exp": ends, "nr": len(self.given)}, "k" * 32)
        for server in self.servers:
            client: Any = server.client
            client.execute_command("ACL", "SETUSER", WHO, "on", "resetpass", f">{token}", "~*", "+@all")
        self.given.append(token)
        return {"access_token": token, "expires_on": str(ends), "resource": identity.RESOURCE, "token_type": "Bearer"}

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def identities(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Identities]:
    found = Identities(redis_server, seconds=4)
    monkeypatch.setenv("IDENTITY_ENDPOINT", found.url)
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    monkeypatch.setattr(identity, "_AGAIN", 0.2)
    identity.credentials.cache_clear()
    identity._provider.cache_clear()
    yield found
    found.close()
    for who in ("system", WHO):
        # Its thread would ask for ever.
        setattr(identity.credentials(who), "_request", threading.Event().wait)  # noqa: B010
    identity.credentials.cache_clear()
    identity._provider.cache_clear()


def signed_in(server: RedisServer) -> set[int]:
    """Return the connections that Redis knows by the identity."""
    clients: Any = server.client.client_list()
    return {int(one["id"]) for one in clients if one["user"] == WHO}


def test_a_token_is_renewed_and_told_on_the_connection_that_is_open(
    tls: TlsFront, authority: Authority, identities: Identities, redis_server: RedisServer
) -> None:
    restaurant = make.make_restaurant(tagline="x")
    with using(f"rediss://localhost:{tls.port}/0?entra=system&ssl_ca_certs={authority.ca}"):
        # The first asks before there is a token, and does without Redis.
        until(lambda: store("default").gate.usable())
        assert [tagline.found(restaurant.pk).how for _time in range(2)] == ["miss", "hit"]
        before, told = signed_in(redis_server), auths(redis_server)
        assert before
        until(lambda: len(identities.given) >= 2)
        until(lambda: tagline.found(restaurant.pk).how == "hit" and auths(redis_server) > told)
        assert signed_in(redis_server) & before, "the same connection, by the new token"
        assert not store("default").gate.is_open
        # Without an identity service the last token is good until it ends; then Redis is away, and the site goes on.
        identities.away = True
        redis_server.client.client_kill_filter(_type="normal", skipme=True)
        time.sleep(4)
        assert tagline.found(restaurant.pk).value == "x"
        assert not store("default").gate.usable()
        identities.away = False
        until(lambda: store("default").gate.usable())
        assert tagline.found(restaurant.pk).value == "x"


def test_a_cluster_through_tls_by_tokens(
    authority: Authority, identities: Identities, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nodes tell their addresses; the certificate has the name in the URL."""
    restaurant = make.make_restaurant(tagline="x")
    cluster = ClusterOf6(tmp_path_factory.mktemp("cluster"), replicas=False)
    certificate = authority.certify("localhost")
    fronts = [TlsFront(node.socket, certificate) for node in cluster.nodes]
    for node, front in zip(cluster.nodes, fronts, strict=True):
        node.announce(front.port)
    with running(cluster):
        identities.servers += cluster.nodes
        with using(f"rediss+cluster://localhost:{fronts[0].port}?entra=system&ssl_ca_certs={authority.ca}"):
            found = store("default").gate
            until(found.usable)
            assert [tagline.found(restaurant.pk).how for _time in range(2)] == ["miss", "hit"]
            outages, given = found.outages, len(identities.given)
            until(lambda: found.usable() and len(identities.given) >= given + 2)
            assert [tagline.found(restaurant.pk).how for _time in range(2)] == ["hit", "hit"]
            assert found.outages == outages
            assert all(signed_in(node) for node in cluster.nodes)
    for front in fronts:
        front.close()


@pytest.mark.parametrize(
    ("seconds", "ahead", "says"),
    [
        (90, 60, ""),
        (90, -60, ""),
        (30, -60, "The token of Entra ID has expired"),
    ],
)
def test_a_clock_that_is_a_minute_off_is_borne_by_tokens_that_last_longer(
    tls: TlsFront, authority: Authority, identities: Identities, seconds: int, ahead: int, says: str
) -> None:
    identities.seconds, identities.ahead = seconds, ahead
    with using(f"rediss://localhost:{tls.port}/0?entra=system&ssl_ca_certs={authority.ca}"):
        found = store("default").gate
        until(lambda: found.usable() or (says and says in found.reason))
        assert found.usable() is not bool(says)


def test_an_identity_that_redis_does_not_know_is_told(
    tls: TlsFront, authority: Authority, identities: Identities, redis_server: RedisServer
) -> None:
    with using(f"rediss://localhost:{tls.port}/0?entra={WHO}&ssl_ca_certs={authority.ca}"):
        found = store("default").gate
        identities.away = True
        assert not found.usable()
        assert "Entra ID gave no token" in found.reason
        identities.away = False
        until(lambda: found.usable())
        client: Any = redis_server.client
        client.execute_command("ACL", "SETUSER", WHO, "off")
        client.client_kill_filter(_type="normal", skipme=True)
        # First it hangs up.
        for _time in range(2):
            with pytest.raises(Unavailable):
                store("default").renew(["test:1"])
        assert "give the identity access to it" in found.reason


def auths(server: RedisServer) -> int:
    """Return how often somebody signed in."""
    stats: Any = server.client.info("commandstats")
    return int(stats.get("cmdstat_auth", {}).get("calls", 0))
