"""The servers the project starts for itself, run for real in checkouts of the test's own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from restaurant_site.embedded import account as accounts
from restaurant_site.embedded import ensure, layout, locks, postgres
from tests.site.checkouts import IS_ROOT, ROOT, User, ask, eventually, home_of, ping, postmasters, processes

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")


def test_two_that_start_at_once_share_one_pair_of_servers(make_checkout: Callable[..., Path]) -> None:
    checkout = make_checkout("checkout")
    users = [User(checkout), User(checkout)]
    (database_url, redis_url), others = (user.urls() for user in users)
    assert others == (database_url, redis_url)
    assert len(postmasters(checkout)) == 1
    assert ask(database_url, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'restaurant'") == (
        "UTF8"
    )
    wanted = {"listen_addresses": "", "max_connections": "200", "TimeZone": "UTC", "fsync": "on"}
    assert {name: ask(database_url, f"SHOW {name}") for name in wanted} == wanted
    with redis.Redis.from_url(redis_url) as client:
        settings = client.config_get("*")
    assert (settings["port"], settings["save"], settings["appendonly"]) == ("0", "", "no")
    assert (settings["maxmemory"], settings["maxmemory-policy"]) == (str(128 << 20), "volatile-lru")

    users[0].leave()
    assert ask(database_url, "SELECT 1") == 1
    users[1].leave()
    assert processes(checkout, home_of(checkout).path) == []
    assert home_of(checkout).sockets() is None


def test_a_killed_user_takes_the_servers_with_it_and_keeps_the_data(checkout: Path) -> None:
    user = User(checkout)
    url, _ = user.urls()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    user.leave(signal.SIGKILL)
    eventually(lambda: not processes(checkout, home_of(checkout).path))

    servers = ensure(checkout)
    assert ask(servers.database_url, "SELECT answer FROM kept") == 42
    servers.release()


def test_ctrl_c_reaches_no_server_in_use_and_leaves_none_unused(checkout: Path) -> None:
    first, second = User(checkout), User(checkout)
    url, cache = first.urls()
    second.urls()
    for pid in postmasters(checkout):
        assert os.getsid(pid) not in (os.getsid(0), first.process.pid, second.process.pid)
    first.leave(signal.SIGINT)
    assert ask(url, "SELECT 1") == 1
    assert ping(cache)
    second.leave(signal.SIGINT)
    assert processes(checkout, home_of(checkout).path) == []


def test_ctrl_c_during_the_start_leaves_nothing(make_checkout: Callable[..., Path]) -> None:
    checkout = make_checkout("checkout")
    for wait in (0.3, 0.7):
        user = User(checkout)
        user.awake()
        time.sleep(wait)
        user.leave(signal.SIGINT)
        eventually(lambda: not processes(checkout, home_of(checkout).path))
    ensure(checkout).release()


def test_what_a_crash_leaves_behind_is_no_obstacle(checkout: Path) -> None:
    home = home_of(checkout)
    (data,) = home.clusters()
    owner = data.stat().st_uid
    half_made = home.path / f"{data.name}.new-crashed"
    half_made.mkdir()
    # The machine was switched off, and the ids now belong to another program of the user.
    with subprocess.Popen(["sleep", "60"], user=owner if IS_ROOT else None) as other:
        sockets = home.make_sockets(accounts.server_account(home))
        for name in (data / "postmaster.pid", Path(f"{postgres.socket_path(sockets)}.lock")):
            name.write_text(f"{other.pid}\n{data}\n1\n5432\n{sockets}\n\n")
            os.chown(name, owner, -1)
        for server in ("postgres", "redis"):
            home.pid_file(server).write_text(f"{other.pid}\n{data}\n")
        home.watchdog_lock.write_text(f"{other.pid}\n{home.path}\n")
        servers = ensure(checkout)
        assert ask(servers.database_url, "SELECT 1") == 1
        assert servers.redis_url
        assert ping(servers.redis_url)
        servers.release()
        assert other.poll() is None
        other.kill()
    assert not half_made.exists()


def test_servers_that_died_in_use_are_started_again(checkout: Path) -> None:
    first = ensure(checkout)
    home = home_of(checkout)
    with contextlib.closing(psycopg.connect(first.database_url, autocommit=True)) as connection:
        connection.execute("SELECT 1")
        for pid in (postgres.find(home), *processes("unixsocket:" + str(home.sockets()))):
            assert pid
            os.kill(pid, signal.SIGKILL)
        second = ensure(checkout)
    assert ask(second.database_url, "SELECT 1") == 1
    assert second.redis_url
    assert ping(second.redis_url)
    first.release()
    assert ask(second.database_url, "SELECT 1") == 1
    second.release()
    assert processes(checkout, home.path) == []


def test_servers_nobody_uses_or_watches_are_adopted(checkout: Path) -> None:
    user = User(checkout)
    user.urls()
    home = home_of(checkout)
    (watchdog,) = processes("embedded.watchdog import main; main()\0" + f"{ROOT}\0{home.path}")
    (postmaster,) = postmasters(checkout)
    os.kill(watchdog, signal.SIGKILL)
    user.leave(signal.SIGKILL)
    assert postmasters(checkout) == [postmaster]

    servers = ensure(checkout)
    assert postmasters(checkout) == [postmaster]
    assert locks.held(home.watchdog_lock)
    servers.release()
    assert processes(checkout, home.path) == []


def test_checkouts_and_instances_are_apart_however_deep_they_lie(
    checkout: Path, make_checkout: Callable[..., Path]
) -> None:
    deep = make_checkout("deep", *(["a folder with 'quotes', and a comma" * 3] * 4))
    servers = [ensure(checkout), ensure(deep), ensure(deep, instance="test")]
    assert len({server.database_url for server in servers}) == 3
    for home in (home_of(checkout), home_of(deep), home_of(deep, "test")):
        sockets = home.sockets()
        assert sockets
        assert len(os.fsencode(postgres.socket_path(sockets))) <= layout.MAX_SOCKET_PATH
    for _ in range(2):
        servers.pop(0).release()
        for server in servers:
            assert ask(server.database_url, "SELECT 1") == 1
            assert server.redis_url
            assert ping(server.redis_url)
    assert ask(servers[0].database_url, "SHOW fsync") == "off"
    servers[0].release()


def test_starting_again_and_asking_again_are_quick(checkout: Path) -> None:
    ensure(checkout).release()
    began = time.monotonic()
    first = ensure(checkout)
    started = time.monotonic()
    second = ensure(checkout)
    asked = time.monotonic()
    assert started - began < 3
    assert asked - started < 0.5
    second.release()
    second.release()
    assert ask(first.database_url, "SELECT 1") == 1
    first.release()
    assert processes(checkout, home_of(checkout).path) == []


def test_a_forked_child_does_not_release_for_its_parent(checkout: Path) -> None:
    user = User(checkout, mode="forks")
    url, _ = user.urls()
    assert ask(url, "SELECT 1") == 1
    user.leave()
    assert processes(checkout, home_of(checkout).path) == []


def test_servers_inherit_no_descriptor_and_run_as_who_owns_the_data(checkout: Path) -> None:
    servers = ensure(checkout)
    home = home_of(checkout)
    postmaster = postgres.find(home)
    assert postmaster
    for pid in (postmaster, *processes("unixsocket:" + str(home.sockets()))):
        opened = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        assert not [name for name in opened if name.endswith(".lock") and str(home.path) in name]
        assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
        owner = Path(f"/proc/{pid}").stat().st_uid
        assert owner == home.clusters()[0].stat().st_uid
        assert owner != 0
        assert layout.is_private(home.sockets() or Path(), owner)
    servers.release()
