"""Many clients in one thread, as cheap as can be: the machine that they share with the server is what is measured."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from bench.client import length_of

_GIVE_UP_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Head:
    """An answer's status and the lines of its headers; what is in its body is not looked at."""

    status: int
    lines: tuple[str, ...]

    def header(self, name: str) -> str:
        """Return a header, or ""."""
        start = f"{name.lower()}: "
        return next((line[len(start) :] for line in self.lines if line.lower().startswith(start)), "")


Visit = Generator[bytes, Head, None]
"""What one visitor does: yields a request, is sent its answer, and yields the next one."""


@dataclass(slots=True)
class Tally:
    """What a crowd saw: the seconds that each request took, those by status, and the seconds of it all."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wall: float = 0.0

    def failed(self) -> int:
        """Return how many answers were an error of the server."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


def post(path: str, body: bytes, cookie: str) -> bytes:
    """Return the request that sends a form."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept-Encoding: gzip",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"Cookie: {cookie}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port: int, visits: Iterable[Visit], clients: int) -> Tally:
    """Let so many clients work through the visits, and return what they saw.

    Each visitor comes on a connection of their own, kept for all that they ask;
    connecting counts into the first request's time. Raises TimeoutError where
    two minutes are not enough.
    """
    tally = Tally()
    waiting = iter(visits)
    begin = time.perf_counter()
    with selectors.DefaultSelector() as selector:

        def seat() -> bool:
            visit = next(waiting, None)
            if visit is None:
                return False
            _Client(port, visit, selector)
            return True

        inside = sum(seat() for _client in range(clients))
        while inside:
            if time.perf_counter() - begin > _GIVE_UP_SECONDS:
                raise TimeoutError(f"{inside} visitors still wait.")
            for key, _events in selector.select(timeout=1):
                client: _Client = key.data
                if client.read(tally) and not seat():
                    inside -= 1
    tally.wall = time.perf_counter() - begin
    return tally


class _Client:
    """One visitor's connection; reads what is there, and asks what comes next once an answer is whole."""

    def __init__(self, port: int, visit: Visit, selector: selectors.BaseSelector) -> None:
        self._visit = visit
        self._selector = selector
        self._begin = time.perf_counter()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = b""
        selector.register(self._socket, selectors.EVENT_READ, self)
        self._socket.sendall(next(visit))

    def read(self, tally: Tally) -> bool:
        """Read what has come; return whether the visit is over."""
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError("The server hung up in the middle of an answer.")
        self._data += more
        end = self._data.find(b"\r\n\r\n")
        if end < 0 or len(self._data) - end - 4 < length_of(self._data[:end]):
            return False
        tally.seconds.append(time.perf_counter() - self._begin)
        first, *lines = self._data[:end].decode("latin-1").split("\r\n")
        head = Head(int(first.split()[1]), tuple(lines))
        tally.statuses[head.status] = tally.statuses.get(head.status, 0) + 1
        self._data = b""
        try:
            request = self._visit.send(head)
        except StopIteration:
            self._selector.unregister(self._socket)
            self._socket.close()
            return True
        self._begin = time.perf_counter()
        self._socket.sendall(request)
        return False
