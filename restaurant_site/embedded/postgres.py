"""PostgreSQL: making a cluster, its command line, asking how it is."""

from __future__ import annotations

import enum
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from .errors import EmbeddedError
from .layout import Home
from .process import Account, end, listener, noted, run

NAME = "postgres"
SUPERUSER = "postgres"
DATABASE = "restaurant"
PORT = 5432

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The default lets a folder of test data grow by a gigabyte of log.
    "max_wal_size": "256MB",
}
# The tests' data is worth nothing after a power cut, and this halves their time.
_TEST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Above the highest process id of any system.
_NO_PROCESS = 2**31 - 1


class State(enum.Enum):
    """What a server answers."""

    DOWN = "nobody listens"
    WAIT = "starting, stopping or too busy to answer"
    NO_DATABASE = "runs, but has no database of the project"
    READY = "ready"


def socket_path(sockets: Path) -> Path:
    """Return the path PostgreSQL listens on in that folder."""
    return sockets / f".s.PGSQL.{PORT}"


def url(sockets: Path) -> str:
    """Return the URL of the project's database, for libpq and for the settings; the folder is in its query."""
    host = quote(str(sockets), safe="")
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={host}&port={PORT}"


def command(bin_folder: Path, data: Path, sockets: Path, *, test: bool) -> list[str]:
    """Return the server's command line.

    Settings are given there and not in postgresql.conf, so that they hold for
    clusters made by an earlier version of this package too.
    """
    settings = {**_SETTINGS, **(_TEST_SETTINGS if test else {})}
    settings["unix_socket_directories"] = str(sockets)
    argv = [str(bin_folder / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return argv


def probe(sockets: Path, timeout: float = 5.0) -> State:
    """Ask the server whether it takes connections to the project's database.

    Speaks the first message of PostgreSQL's protocol, as that takes a few
    milliseconds and neither a driver nor a program.
    """
    parameters = f"user\0{SUPERUSER}\0database\0{DATABASE}\0\0".encode()
    hello = struct.pack("!II", 8 + len(parameters), 3 << 16) + parameters
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(socket_path(sockets)))
        except TimeoutError:
            return State.WAIT
        except OSError:
            return State.DOWN
        try:
            connection.sendall(hello)
            with connection.makefile("rb") as stream:
                while header := stream.read(5):
                    kind, size = struct.unpack("!cI", header)
                    body = stream.read(size - 4)
                    if kind == b"E":
                        return _refusal(body)
                    if kind == b"Z":
                        # Say goodbye, or the server's log fills with lost connections.
                        connection.sendall(b"X\0\0\0\4")
                        return State.READY
        except (OSError, struct.error):
            pass
    return State.WAIT


def _refusal(body: bytes) -> State:
    codes = [field[1:] for field in body.split(b"\0") if field[:1] == b"C"]
    if b"57P03" in codes:
        return State.WAIT
    if b"3D000" in codes:
        return State.NO_DATABASE
    # Anything else, such as too many connections, comes from a server that works.
    return State.READY


def find(home: Home) -> int | None:
    """Return the process id of the instance's PostgreSQL, answering or not."""
    sockets = home.sockets()
    pid = listener(socket_path(sockets)) if sockets else None
    pid = pid or noted(home.pid_file(NAME))
    for data in home.clusters():
        pid = pid or noted(data / "postmaster.pid", data)
    return pid


def stop_signals(pid: int) -> tuple[int, signal.Signals, signal.Signals]:
    """Return the process with the signals for a fast and for an immediate shutdown."""
    return pid, signal.SIGINT, signal.SIGQUIT


def make_way(home: Home, data: Path, sockets: Path) -> None:
    """End a server that does not answer and clear what a crashed one left behind.

    Afterwards nothing keeps a new server from starting. Must be called under the
    start lock.
    """
    pid = find(home)
    if pid:
        end([stop_signals(pid)])
    for name in (socket_path(sockets), Path(f"{socket_path(sockets)}.lock")):
        name.unlink(missing_ok=True)
    _disown(data / "postmaster.pid")


def _disown(pid_file: Path) -> None:
    """Make the file name no process, as the one it names is not this data's server.

    PostgreSQL would take any process with that id for it, a zombie too. The rest
    stays: by it a new server knows whether orphans of the old one are still about.
    """
    with suppress(OSError):
        descriptor = os.open(pid_file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "r+b") as stream:
            rest = stream.read(8192).partition(b"\n")[2]
            stream.seek(0)
            stream.truncate()
            stream.write(b"%d\n" % _NO_PROCESS + rest)


def major_version(bin_folder: Path, account: Account | None) -> int:
    """Return the major version the programs report."""
    try:
        result = run([bin_folder / "postgres", "--version"], account, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedError(f"{bin_folder / 'postgres'} does not run: {error}") from error
    found = re.search(r"\(PostgreSQL\) (\d+)", result.stdout)
    if result.returncode or not found:
        raise EmbeddedError(f"{bin_folder / 'postgres'} does not run:\n{result.stdout}")
    return int(found[1])


def make_cluster(home: Home, bin_folder: Path, account: Account | None) -> Path:
    """Return the folder of the instance's data, made and complete.

    It gets its name only when finished, so there is never half of one. Each major
    version has its own. Must be called under the start lock.
    """
    data = home.path / f"pg{major_version(bin_folder, account)}"
    for leftover in home.path.glob("pg*.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if (data / "PG_VERSION").exists():
        return data
    fresh = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=home.path))
    try:
        if account:
            os.chown(fresh, account.uid, account.gid)
        _initdb(bin_folder, fresh, account)
        try:
            fresh.rename(data)
        except OSError as error:
            raise EmbeddedError(
                f"{data} is in the way and holds no PostgreSQL data: move it elsewhere. ({error})"
            ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return data


def _initdb(bin_folder: Path, data: Path, account: Account | None) -> None:
    options = ["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    options += ["--no-sync", "--no-instructions"]
    output = ""
    for locale in ("--locale=C.UTF-8", "--no-locale"):
        try:
            result = run([bin_folder / "initdb", "-D", data, *options, locale], account)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EmbeddedError(f"PostgreSQL's data could not be made: {error}") from error
        if result.returncode == 0:
            return
        output = result.stdout
        if "locale" not in output:
            break
    raise EmbeddedError(f"PostgreSQL's data could not be made:\n{output}")


def create_database(bin_folder: Path, sockets: Path, account: Account | None) -> None:
    """Create the project's database in the running server, which must not have it."""
    options = ["-h", str(sockets), "-p", str(PORT), "-U", SUPERUSER, "-w"]
    options += ["--encoding=UTF8", "--template=template0", DATABASE]
    try:
        result = run([bin_folder / "createdb", *options], account)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedError(f"The database could not be created: {error}") from error
    if result.returncode and probe(sockets) is not State.READY:
        raise EmbeddedError(f"The database could not be created:\n{result.stdout}")
