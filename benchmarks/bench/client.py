"""A client that costs little: a kept connection and requests made beforehand."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

_GZIP = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Answer:
    """An answer's status, its headers as they came, and its body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header, or ""."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), "")


class Connection:
    """A kept connection to one server that asks one question."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str] | None = None) -> None:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in (_GZIP | dict(headers or {})).items()]
        self._request = "\r\n".join([*lines, "", ""]).encode()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def ask(self) -> tuple[bytes, bytes]:
        """Send the request, and return head and body of the answer."""
        self._socket.sendall(self._request)
        data = self._socket.recv(65536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, body = data[:end], data[end + 4 :]
        missing = length_of(head) - len(body)
        while missing > 0:
            more = self._more()
            body += more
            missing -= len(more)
        return head, body

    def answer(self) -> Answer:
        """Ask, and read what came."""
        head, body = self.ask()
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return Answer(int(first.split()[1]), tuple((name, value) for name, _colon, value in pairs), body)

    def _more(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("The server hung up in the middle of an answer.")
        return data


def length_of(head: bytes) -> int:
    """Return how long the body behind a head is; raises ValueError where it does not say."""
    if head[9:12] == b"304":
        return 0
    _before, _name, value = head.lower().partition(b"content-length: ")
    if not value:
        raise ValueError(f"An answer without a length can't be measured: {head.decode('latin-1')}")
    return int(value.partition(b"\r\n")[0])


def ask_once(port: int, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask one question over a connection of its own."""
    with Connection(port, path, headers) as connection:
        return connection.answer()
