"""Hands the tests' servers, which listen on sockets of files, to processes that don't see those files: by TCP."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def forwarded(path: str) -> Iterator[int]:
    """Listen on a port of loopback, and hand every connection to a socket's file; yield the port."""
    with contextlib.ExitStack() as opened, socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(0.2)
        over = threading.Event()
        accepting = threading.Thread(target=_accept, args=(listener, path, opened, over))
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            accepting.join()


def _accept(listener: socket.socket, path: str, opened: contextlib.ExitStack, over: threading.Event) -> None:
    while not over.is_set():
        try:
            here, _address = listener.accept()
        except TimeoutError:
            continue
        there = socket.socket(socket.AF_UNIX)
        there.connect(path)
        for one, other in ((here, there), (there, here)):
            # Once the one is closed, what waits for it ends.
            pumping = threading.Thread(target=_pump, args=(one, other))
            pumping.start()
            opened.callback(pumping.join)
        for line in (here, there):
            opened.enter_context(line)
            opened.callback(_hang_up, line)


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
    _hang_up(other)


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
