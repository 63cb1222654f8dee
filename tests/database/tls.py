"""A front that speaks TLS for a PostgreSQL that listens on a socket: it answers the driver's question for it first."""

from __future__ import annotations

import contextlib
import socket
import struct
from pathlib import Path

from tests.tls_front import TlsFront

_TLS, _GSS = 80877103, 80877104


class PostgresFront(TlsFront):
    """As the front of Redis, with PostgreSQL's opening: whoever asks for TLS has it, and nobody goes without."""

    def __init__(self, sockets: Path, port: int, certificate: Path) -> None:
        super().__init__(sockets / f".s.PGSQL.{port}", certificate)

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError, struct.error):
            while True:
                _length, code = struct.unpack("!ii", plain.recv(8))
                if code != _GSS:
                    break
                plain.sendall(b"N")
            if code == _TLS:
                plain.sendall(b"S")
                super()._serve(plain)
        plain.close()
