"""Redis: its command line, asking how it is. It keeps nothing on disk."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from urllib.parse import quote

from .layout import Home
from .process import listener, noted

NAME = "redis"


def socket_path(sockets: Path) -> Path:
    """Return the path Redis listens on in that folder."""
    return sockets / "redis.sock"


def url(sockets: Path) -> str:
    """Return the server's URL for redis-py."""
    return f"unix://{quote(str(socket_path(sockets)))}?db=0"


def command(program: Path, sockets: Path) -> list[str]:
    """Return the server's command line: a bounded cache on a socket, never saved."""
    settings = {
        "port": "0",
        "unixsocket": str(socket_path(sockets)),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxmemory": "128mb",
        "maxmemory-policy": "volatile-lru",
        "dir": str(sockets),
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(program), *(part for key, value in settings.items() for part in (f"--{key}", value))]


def probe(sockets: Path) -> bool:
    """Tell whether the server answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(socket_path(sockets)))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def find(home: Home) -> int | None:
    """Return the process id of the instance's Redis, answering or not."""
    sockets = home.sockets()
    pid = listener(socket_path(sockets)) if sockets else None
    return pid or noted(home.pid_file(NAME))


def stop_signals(pid: int) -> tuple[int, signal.Signals, signal.Signals]:
    """Return the process with the signals that end it; with no save points it saves nothing."""
    return pid, signal.SIGTERM, signal.SIGTERM
