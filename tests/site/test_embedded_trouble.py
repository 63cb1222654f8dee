"""Embedded servers where something is missing, foreign, broken or in the way."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from restaurant_site.embedded import EmbeddedError, binaries, ensure, layout, postgres
from restaurant_site.embedded import account as accounts
from restaurant_site.embedded.layout import Home
from tests.site.checkouts import IS_ROOT, ROOT, User, ask, eventually, home_of, ping, postmasters, processes

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")


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


def test_ctrl_c_before_the_helper_has_its_order_ends_at_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    communicate = subprocess.Popen.communicate

    def interrupted(process: subprocess.Popen[Any], order: Any = None, timeout: float | None = None) -> Any:
        if order is None:
            return communicate(process, timeout=timeout)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ensure(checkout)
    assert time.monotonic() - began < 10
    monkeypatch.undo()
    assert processes(checkout, home_of(checkout).path) == []
    ensure(checkout).release()


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
