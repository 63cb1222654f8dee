"""A mail server that does what a test wants: takes mails, refuses, hangs, or hangs up; and keeps what it took."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socketserver
import threading
from collections.abc import Callable
from email.message import EmailMessage
from types import TracebackType


class SmtpServer(socketserver.ThreadingTCPServer):
    """A server on a port of its own, for as long as a ``with`` lasts.

    ``rcpt`` is what it answers to a recipient; ``hangs`` and ``drops`` name the
    moment ("connect", "rcpt" or "data") at which it falls silent or closes the
    connection. ``taken`` has the mails for which it said 250, or was about to.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.rcpt = "250 fine"
        self.data = "250 taken"
        self.hangs = ""
        self.drops = ""
        self.taken: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.before_answer: Callable[[], None] = lambda: None
        self.released = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def ids(self) -> list[str]:
        """Return the Message-IDs of the mails taken, in order."""
        return [str(mail["Message-ID"]) for mail in self.taken]

    def __enter__(self) -> SmtpServer:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


class _Left(Exception):  # noqa: N818 - how a conversation ends
    """The server has closed the connection."""


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        with contextlib.suppress(_Left, ConnectionError):
            self._converse()

    def _converse(self) -> None:
        self._moment("connect")
        self._say("220 test")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper().split(b":")[0]
            if word == b"RCPT":
                self._moment("rcpt")
                self._say(self.server.rcpt)
            elif word == b"DATA":
                self._say("354 go on")
                self._take()
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        self._moment("data")
        if self.server.data.startswith("250"):
            content = b"".join(lines)
            parsed = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.server.raw.append(content)
            self.server.taken.append(parsed)
        self.server.before_answer()
        self._say(self.server.data)

    def _moment(self, name: str) -> None:
        if self.server.hangs == name:
            self.server.released.wait(60)
            raise _Left
        if self.server.drops == name:
            raise _Left

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
