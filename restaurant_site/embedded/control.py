"""Bringing an instance's servers up and down. Both only under its start lock."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from . import binaries, locks, postgres, redis_server
from .account import server_account
from .errors import EmbeddedError, tail
from .launch import Service, launch
from .layout import SHARED, Home, is_abandoned, is_root
from .postgres import State
from .process import Account, end, noted

_ORPHANS = "is still in use"
_UNUSED_COPY = 90 * 24 * 3600.0
NO_REDIS = (
    "Redis is not available, so the cache is bypassed: install redis-server (apt install "
    "redis-server, brew install redis) or run 'pip install -r requirements-dev.txt'."
)


def bring_up(home: Home, lock: int, *, database: bool, redis: bool) -> tuple[Path, list[str]]:
    """Make the wanted servers of the instance answer; start only those that do not.

    Returns the folder of their sockets and notes for the developer. A note, not an
    error, says that there is no Redis; without PostgreSQL it raises EmbeddedError.
    """
    notes: list[str] = []
    sockets = home.sockets()
    state = _settled(sockets) if database and sockets else State.DOWN
    watched = locks.held(home.watchdog_lock)
    need_postgres = database and state is State.DOWN
    if need_postgres and watched and not noted(home.watchdog_lock, home.path):
        # File locks reach further than process ids. Two servers on one folder of
        # data destroy it, and from here neither we nor PostgreSQL could tell.
        raise EmbeddedError(
            f"The servers of {home.path} run in another container that shares this checkout. "
            "Stop them there, or set DATABASE_URL and REDIS_URL here."
        )
    account: Account | None = None
    if need_postgres or state is State.NO_DATABASE or sockets is None:
        account = server_account(home)
        sockets = home.make_sockets(account)
    services = []
    if need_postgres:
        services.append(_postgres_service(home, sockets, account, notes))
    if redis and not redis_server.probe(sockets):
        service = _redis_service(home, sockets, server_account(home))
        if service:
            services.append(service)
        else:
            notes.append(NO_REDIS)
    watchdog = None if watched else (home.watchdog_lock, home.path)
    if services or watchdog:
        failures = _launch(home, services, watchdog, lock)
        if postgres.NAME in failures:
            raise EmbeddedError(f"PostgreSQL did not start: {failures[postgres.NAME]}. {tail(home.log(postgres.NAME))}")
        if redis_server.NAME in failures:
            notes.append(
                f"Redis did not start ({failures[redis_server.NAME]}; see "
                f"{home.log(redis_server.NAME)}), so the cache is bypassed."
            )
    if database and postgres.probe(sockets) is State.NO_DATABASE:
        programs = binaries.postgres_programs(account)
        postgres.create_database(programs, sockets, account)
    return sockets, notes


def _settled(sockets: Path) -> State:
    """Return the server's state once it neither starts nor stops, within a minute."""
    give_up = time.monotonic() + 60
    while (state := postgres.probe(sockets)) is State.WAIT and time.monotonic() < give_up:
        time.sleep(0.02)
    # A server that has not answered for a minute is ended like one that is down.
    return State.DOWN if state is State.WAIT else state


def _postgres_service(home: Home, sockets: Path, account: Account | None, notes: list[str]) -> Service:
    if is_root():
        prune(home)
    programs = binaries.postgres_programs(account)
    others = home.clusters()
    data = postgres.make_cluster(home, programs, account)
    if others and data not in others:
        names = ", ".join(str(other) for other in sorted(others))
        notes.append(
            f"PostgreSQL is now another version and starts with empty data in {data}; "
            f"the earlier data is still in {names}."
        )
    postgres.make_way(home, data, sockets)
    return Service(
        name=postgres.NAME,
        argv=postgres.command(programs, data, sockets, test=home.path.name.split("-")[0] == "test"),
        marker=str(data),
        log=str(home.log(postgres.NAME)),
        pid_file=str(home.pid_file(postgres.NAME)),
        sockets=str(sockets),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
    )


def _redis_service(home: Home, sockets: Path, account: Account | None) -> Service | None:
    program = binaries.redis_program(account)
    if program is None:
        return None
    hung = redis_server.find(home)
    if hung:
        end([redis_server.stop_signals(hung)])
    return Service(
        name=redis_server.NAME,
        argv=redis_server.command(program, sockets),
        marker=str(redis_server.socket_path(sockets)),
        log=str(home.log(redis_server.NAME)),
        pid_file=str(home.pid_file(redis_server.NAME)),
        sockets=str(sockets),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
    )


def _launch(home: Home, services: list[Service], watchdog: tuple[Path, Path] | None, lock: int) -> dict[str, str]:
    failures = launch(services, watchdog, lock)
    give_up = time.monotonic() + 10
    # The processes of a PostgreSQL killed a moment ago end on their own, but until
    # then a new one refuses their shared memory.
    while postgres.NAME in failures and _ORPHANS in tail(home.log(postgres.NAME)) and time.monotonic() < give_up:
        time.sleep(0.2)
        again = [service for service in services if service.name == postgres.NAME]
        del failures[postgres.NAME]
        failures |= launch(again, None, lock)
    return failures


def shut_down(home: Home, *, watchdog: bool = True) -> None:
    """End the instance's servers and clear their sockets; none runs when it returns.

    With ``watchdog`` its watchdog too. Must be called under the start lock, and
    when nobody uses the servers.
    """
    targets = []
    database = postgres.find(home)
    if database:
        targets.append(postgres.stop_signals(database))
    cache = redis_server.find(home)
    if cache:
        targets.append(redis_server.stop_signals(cache))
    end(targets)
    if watchdog:
        end_watchdog(home)
    home.drop_sockets()
    for name in (postgres.NAME, redis_server.NAME):
        home.pid_file(name).unlink(missing_ok=True)


def end_watchdog(home: Home) -> None:
    """End the instance's watchdog if it has one."""
    if locks.held(home.watchdog_lock):
        pid = noted(home.watchdog_lock, home.path)
        if pid:
            end([(pid, signal.SIGTERM, signal.SIGTERM)])


def prune(home: Home) -> None:
    """Remove the shared folders of checkouts that were deleted, unless still in use.

    And the copies of programs that no start has needed for a long time.
    """
    for root in SHARED.iterdir():
        if root == home.path.parent or not is_abandoned(root):
            continue
        try:
            if all(_retire(Home(path)) for path in root.iterdir() if path.is_dir()):
                shutil.rmtree(root, ignore_errors=True)
        except OSError:
            continue
    for copy in (*SHARED.glob("pg-*"), *SHARED.glob("redis-*")):
        with suppress(OSError):
            if time.time() - copy.stat().st_mtime > _UNUSED_COPY:
                shutil.rmtree(copy, ignore_errors=True)


def _retire(home: Home) -> bool:
    try:
        with locks.exclusive(home.start_lock, timeout=0):
            if not locks.unused(home.users):
                return False
            shut_down(home)
            return True
    except locks.BusyError:
        return False
