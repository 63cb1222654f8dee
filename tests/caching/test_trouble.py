"""A Redis that can't be used, in every way that an operator gets it wrong: the site goes on, and is told what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.core.cache import caches
from django.core.checks import run_checks
from pytest_django import Settings

from restaurant_site.caching import checks, trouble
from restaurant_site.caching.report import servers
from restaurant_site.caching.store import kinds, state, store
from restaurant_site.limits import counting
from tests.caching.conftest import using
from tests.redis_fleet import Node
from tests.site.test_outage import closed_port
from tests.tls_front import Authority, TlsFront

Act = Callable[[Node], object]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Give one server to all, which each puts in order again."""
    found = Node(tmp_path_factory.mktemp("wrong") / "redis")
    found.start()
    yield found
    found.thaw()
    found.kill()


def lose_replicas(server: Node) -> None:
    server.client.config_set("min-replicas-to-write", "1")


def miss_none(server: Node) -> None:
    server.client.config_set("min-replicas-to-write", "0")


def as_it_is(_server: Node) -> None:
    """Leave the server in order: it is the URL that is wrong."""


def follow(server: Node) -> None:
    server.client.replicaof("127.0.0.1", "1")


def lead(server: Node) -> None:
    server.client.replicaof("NO", "ONE")


def fill_up(server: Node) -> None:
    server.client.config_set("maxmemory-policy", "noeviction")
    server.client.config_set("maxmemory", "1")


def make_room(server: Node) -> None:
    server.client.config_set("maxmemory", "64mb")
    server.client.config_set("maxmemory-policy", "volatile-lru")


def let_little(server: Node) -> None:
    server.client.execute_command("ACL", "SETUSER", "u", "on", ">p", "~*", "+get")  # type: ignore[no-untyped-call]


def want_a_password(server: Node) -> None:
    server.client.execute_command("ACL", "SETUSER", "default", "resetpass", ">right")  # type: ignore[no-untyped-call]


def want_none(server: Node) -> None:
    client = redis.Redis(unix_socket_path=str(server.socket), password="right")
    client.execute_command("ACL", "SETUSER", "default", "nopass")  # type: ignore[no-untyped-call]


WRONG: dict[str, tuple[str, tuple[Act, Act], str]] = {
    "no password where it has one": ("redis://{at}", (want_a_password, want_none), "It refuses the user"),
    "another password": ("redis://:hunter2@{at}", (want_a_password, want_none), "It refuses the user"),
    "a user who may do little": ("redis://u:p@{at}", (let_little, as_it_is), "give it every key and command"),
    "a database that there is not": ("redis://{at}/99", (as_it_is, as_it_is), "no database of that number"),
    "a cluster that is none": ("redis+cluster://{at}", (as_it_is, as_it_is), "It is no cluster"),
    "Sentinels that are none": ("redis+sentinel://{at}/tafel", (as_it_is, as_it_is), "It is no Sentinel"),
    "TLS where there is none": ("rediss://{at}", (as_it_is, as_it_is), "TLS"),
    "authorities that are not there": (
        "rediss://{at}?ssl_ca_certs=/nowhere.pem",
        (as_it_is, as_it_is),
        "A file that the URL names is not there",
    ),
    "a socket that is not there": ("unix:///nowhere.sock", (as_it_is, as_it_is), "A file that the URL names is not"),
    "a replica": ("redis://{at}", (follow, lead), "It is a replica"),
    "one that lost its replicas": ("redis://{at}", (lose_replicas, miss_none), "lost its replicas"),
    "one that is full": ("redis://{at}", (fill_up, make_room), "It is full"),
    "one that hangs": ("redis://{at}", (Node.freeze, Node.thaw), "It does not answer in time"),
}
"""A URL, what is done to the server and undone, and what is told."""


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_and_nothing_fails(server: Node, settings: Settings, case: str) -> None:
    url, (break_it, mend_it), says = WRONG[case]
    settings.LIMITS_SCALE = 100
    break_it(server)
    try:
        with using(url.format(at=f"127.0.0.1:{server.port}")):
            refused(says)
    finally:
        mend_it(server)


def refused(says: str) -> None:
    """Let everything that uses Redis do without, and the operator be told why."""
    assert state() == "away"
    assert says in store("default").gate.reason
    assert caches["default"].get("a") is None
    assert not caches["sessions"].set("a", 1)  # type: ignore[func-returns-value]
    assert counting.hit([counting.count_of("2/minute", "test", str(time.monotonic()))]) is None
    (told,) = servers()
    assert told.state == f"not used. {store('default').gate.reason}"
    assert [message.id for message in checks.check_reached()] == ["caching.I010"]
    assert says in str(checks.check_reached()[0])
    assert "hunter2" not in told.state


def test_one_that_is_not_there_is_told() -> None:
    with closed_port() as port, using(f"redis://127.0.0.1:{port}"):
        refused("Nothing listens at its host and port")


def test_one_that_wants_tls_is_told(server: Node, tmp_path: Path) -> None:
    front = TlsFront(server.socket, Authority(tmp_path / "certificates").certify("localhost", "127.0.0.1"))
    try:
        with using(f"redis://127.0.0.1:{front.port}"):
            refused("TLS")
    finally:
        front.close()


def test_once_it_is_mended_it_is_used(server: Node, transactional_db: None) -> None:
    want_a_password(server)
    with using(f"redis://127.0.0.1:{server.port}"):
        assert state() == "away"
        want_none(server)
        assert state() == "ok"
        assert checks.check_reached() == []
        assert kinds() == {"cache": "single", "sessions": "single"}


def test_what_is_unknown_is_named_by_its_kind() -> None:
    assert trouble.told(ValueError("hunter2")) == "ValueError"


def test_variables_that_count_for_nothing_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not told_of("caching.W011")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("AZURE_REDIS_HOST", "name.redis.azure.net")
    monkeypatch.setenv("AZURE_REDIS_CLIENTSECRET", "hunter2")
    (message,) = told_of("caching.W011")
    assert "AZURE_REDIS_HOST, AZURE_REDIS_CLIENTSECRET" in message
    assert "hunter2" not in message


def told_of(name: str) -> list[str]:
    """Return what ``check --deploy`` says under a name."""
    found = run_checks(tags=["caches"], include_deployment_checks=True)
    return [str(message) for message in found if message.id == name]
