"""The servers the project starts for itself, run for real in checkouts of the test's own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from restaurant_site.embedded import EmbeddedError, binaries, ensure, layout, locks, postgres
from restaurant_site.embedded import account as accounts
from restaurant_site.embedded.control import shut_down
from restaurant_site.embedded.layout import Home

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0
pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")

# What a web server or test run does with the package, in a process of its own that
# prints what it got and lives until its input ends.
USER = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from restaurant_site.embedded import ensure
servers = ensure(Path(sys.argv[2]), instance=sys.argv[3])
if sys.argv[4] == "forks":
    if os.fork() == 0:
        servers.release()
        os._exit(0)
    os.wait()
print(json.dumps([servers.database_url, servers.redis_url]), flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the servers of a checkout."""

    def __init__(self, checkout: Path, instance: str = "run", mode: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(ROOT), str(checkout), instance, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def urls(self) -> tuple[str, str]:
        assert self.process.stdout
        database_url, redis_url = json.loads(self.process.stdout.readline())
        return database_url, redis_url

    def leave(self, sign: signal.Signals | None = None) -> None:
        with self.process:
            if sign:
                os.killpg(self.process.pid, sign)
            else:
                assert self.process.stdin
                self.process.stdin.close()
            self.process.wait(20)


def home_of(checkout: Path, instance: str = "run") -> Home:
    return Home(layout.data_root(checkout.resolve()) / instance)


def processes(*needles: Path | str) -> list[int]:
    """Return the ids of the live processes that have one of the texts on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            command = (entry / "cmdline").read_bytes()
            if int(entry.name) != os.getpid() and any(os.fsencode(needle) in command for needle in needles):
                found.append(int(entry.name))
    return found


def postmasters(checkout: Path) -> list[int]:
    return processes(f"-D\0{home_of(checkout).path}")


def eventually(condition: Callable[[], Any], seconds: float = 8) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.02)


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def ping(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


def remove(checkout: Path) -> None:
    root = layout.data_root(checkout)
    for path in [path for path in root.glob("*") if path.is_dir()]:
        with locks.exclusive(path / "start.lock", 20):
            shut_down(Home(path))
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def make_checkout(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    made: list[Path] = []

    def make(*parts: str) -> Path:
        checkout = tmp_path.joinpath(*parts)
        checkout.mkdir(parents=True)
        made.append(checkout)
        return checkout

    yield make
    for checkout in made:
        remove(checkout)


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    checkout = tmp_path_factory.mktemp("checkout")
    ensure(checkout).release()
    yield checkout
    remove(checkout)


@pytest.fixture
def checkout(shared_checkout: Path) -> Iterator[Path]:
    """Give a checkout that has its data, shared to save time by the tests that leave it intact."""
    yield shared_checkout
    assert processes(home_of(shared_checkout).path) == []


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


def test_without_redis_there_is_a_note_and_no_url(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_redis_candidates", lambda: iter([checkout / "no-such-redis-server"]))
    servers = ensure(checkout)
    assert servers.redis_url is None
    (note,) = servers.notes
    assert "install redis-server" in note
    assert "bypassed" in note
    servers.release()


def test_data_of_another_version_is_left_alone(make_checkout: Callable[..., Path]) -> None:
    checkout = make_checkout("checkout")
    earlier = layout.open_home(checkout, "run").path / "pg9"
    earlier.mkdir()
    (earlier / "PG_VERSION").write_text("9\n")
    servers = ensure(checkout, redis=False)
    (note,) = servers.notes
    assert str(earlier) in note
    assert servers.redis_url is None
    servers.release()
    assert [path.name for path in earlier.iterdir()] == ["PG_VERSION"]
    again = ensure(checkout, redis=False)
    assert again.notes == ()
    again.release()


def test_a_database_that_was_dropped_is_made_again(checkout: Path) -> None:
    servers = ensure(checkout)
    with psycopg.connect(servers.database_url.replace("/restaurant?", "/postgres?"), autocommit=True) as connection:
        connection.execute("DROP DATABASE restaurant")
    again = ensure(checkout)
    assert ask(again.database_url, "SHOW server_encoding") == "UTF8"
    again.release()
    servers.release()


def test_only_what_is_asked_for_is_started(checkout: Path) -> None:
    servers = ensure(checkout, database=False)
    assert servers.database_url == ""
    assert servers.redis_url
    assert ping(servers.redis_url)
    assert postmasters(checkout) == []
    both = ensure(checkout)
    assert both.redis_url == servers.redis_url
    assert ask(both.database_url, "SELECT 1") == 1
    servers.release()
    both.release()


def test_without_the_wheel_the_error_says_what_to_do(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package")
    with pytest.raises(EmbeddedError, match=r"requirements-dev\.txt.*DATABASE_URL"):
        ensure(checkout)
    assert processes(checkout, home_of(checkout).path) == []


def test_a_failed_start_quotes_the_log_and_leaves_nothing(checkout: Path) -> None:
    home = home_of(checkout)
    (data,) = home.clusters()
    control = data / "global" / "pg_control"
    control.rename(data / "kept")
    try:
        with pytest.raises(EmbeddedError) as caught:
            ensure(checkout)
    finally:
        (data / "kept").rename(control)
    assert str(home.log("postgres")) in str(caught.value)
    assert "pg_control" in str(caught.value)
    assert processes(checkout, home.path) == []


def test_deleting_the_folder_ends_the_servers(make_checkout: Callable[..., Path]) -> None:
    checkout = make_checkout("checkout")
    user = User(checkout)
    user.urls()
    home = home_of(checkout)
    assert postmasters(checkout)
    sockets = home.sockets()
    assert sockets
    pids = [postgres.find(home), *processes(f"unixsocket:{sockets}")]
    # It has to have looked once, to know what to end.
    time.sleep(0.8)
    shutil.rmtree(layout.data_root(checkout))
    eventually(lambda: not [pid for pid in pids if pid and Path(f"/proc/{pid}/cwd").exists()], 12)
    eventually(lambda: not sockets.exists())
    user.leave()


def test_a_folder_others_can_write_in_is_refused(checkout: Path) -> None:
    ensure(checkout, database=False).release()
    home = home_of(checkout)
    mode = home.path.stat().st_mode
    home.path.chmod(0o777)
    try:
        with pytest.raises(EmbeddedError, match="Other users can write"):
            ensure(checkout)
    finally:
        home.path.chmod(mode)


@pytest.mark.skipif(not IS_ROOT, reason="data is kept outside the checkout for root alone")
def test_root_prunes_the_data_of_checkouts_that_are_gone(make_checkout: Callable[..., Path], checkout: Path) -> None:
    gone, used = make_checkout("gone"), make_checkout("used")
    ensure(gone, database=False).release()
    servers = ensure(used, database=False)
    shutil.rmtree(gone)
    shutil.rmtree(used)
    ensure(checkout).release()
    assert not layout.data_root(gone).exists()
    assert layout.data_root(used).exists()
    assert not any(checkout.iterdir())
    servers.release()


@pytest.mark.skipif(not IS_ROOT, reason="only root runs the servers as somebody else")
def test_programs_out_of_the_accounts_reach_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = binaries.redis_program(None)
    if found is None:
        pytest.skip("there is no redis-server")
    shared = Path(tempfile.mkdtemp(prefix="restaurant-shared-", dir="/var/lib"))
    try:
        shared.chmod(0o755)
        monkeypatch.setattr(binaries, "SHARED", shared)
        hidden = tmp_path / "hidden" / "redis-server"
        hidden.parent.mkdir(mode=0o700)
        shutil.copy(found, hidden)
        hidden.chmod(0o700)
        monkeypatch.setattr(binaries, "_redis_candidates", lambda: iter([hidden]))
        account = accounts.server_account(Home(tmp_path / "none"))
        assert account
        copy = binaries.redis_program(account)
        assert copy
        assert copy.is_relative_to(shared)
        assert postgres.major_version(binaries.postgres_programs(account), account) >= 14
        assert binaries.redis_program(account) == copy
        assert len(list(shared.iterdir())) == 2
    finally:
        shutil.rmtree(shared)


UNPRIVILEGED = """
import os, stat, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from restaurant_site.embedded import ensure, postgres, layout
checkout, trap = Path(sys.argv[1]), Path(sys.argv[2])
home = layout.open_home(checkout, "run")
(home.path / "sockets").write_text(str(trap))
servers = ensure(checkout)
sockets = home.sockets()
assert sockets and sockets != trap and layout.is_private(sockets, os.geteuid())
assert postgres.probe(sockets) is postgres.State.READY
servers.release()
assert not sockets.exists() and trap.exists()
assert [path.name for path in home.clusters()] and home.path == checkout / "var" / "run"
print("fine")
"""


@pytest.mark.skipif(not IS_ROOT, reason="the other tests run unprivileged already")
def test_an_unprivileged_user_keeps_the_data_in_the_checkout() -> None:
    nobody = 65534
    spec = binaries._package(binaries.WHEEL)
    assert spec
    folder = Path(tempfile.mkdtemp(prefix="restaurant-unprivileged-", dir="/tmp"))
    trap = Path(tempfile.mkdtemp(prefix="restaurant-trap-", dir="/tmp"))
    try:
        trap.chmod(0o777)
        shutil.copytree(ROOT / "restaurant_site" / "embedded", folder / "restaurant_site" / "embedded")
        (folder / "restaurant_site" / "__init__.py").touch()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody, nobody)
        for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
            command = [
                "-c",
                "import sys, pathlib; assert sys.version_info >= (3, 11); list(pathlib.Path(sys.argv[1]).iterdir())",
            ]
            options: dict[str, Any] = {"user": nobody, "group": nobody, "extra_groups": [], "cwd": "/", "text": True}
            options |= {"env": {"PATH": os.defpath, "PYTHONPATH": str(spec.parent)}, "capture_output": True}
            with contextlib.suppress(OSError):
                if subprocess.run([python, *command, str(spec)], check=False, **options).returncode == 0:
                    break
        else:
            pytest.skip("no Python and packages an unprivileged user can reach")
        result = subprocess.run([python, "-c", UNPRIVILEGED, str(folder), str(trap)], check=False, **options)
        assert (result.stdout, result.stderr) == ("fine\n", "")
        assert processes(folder) == []
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(trap)
