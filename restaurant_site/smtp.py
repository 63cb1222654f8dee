"""Django's sender of mails, whose every conversation with a server ends: EMAIL_TIMEOUT bounds a single answer alone.

A server that sends a byte now and then would otherwise keep the job loop from everything else.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from typing import Any, Final

from django.core.mail.backends import smtp

WHOLE_SECONDS: Final = 40.0
"""For a whole conversation: connecting, signing in, the mails, and goodbye."""

# Of smtplib, for its own subclasses.
_CONNECT: Final = "_get_socket"


class _Plain(smtplib.SMTP):
    """A conversation that is cut off after a while."""

    has_begun = False
    """Whether the server was ever given the text of a mail: before that it can have taken none."""
    _end: tuple[threading.Timer, socket.socket] | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found: socket.socket = getattr(super(), _CONNECT)(host, port, timeout)
        # Another handle of the same connection: turning to TLS takes the first one away.
        handle = found.dup()
        timer = threading.Timer(WHOLE_SECONDS, _cut, [handle])
        timer.daemon = True
        timer.start()
        self._end = timer, handle
        return found

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Give the server the text of a mail."""
        self.has_begun = True
        return super().data(msg)

    def close(self) -> None:
        """Close the connection, which then needs no end."""
        if self._end is not None:
            timer, handle = self._end
            timer.cancel()
            handle.close()
            self._end = None
        super().close()


class _Tls(smtplib.SMTP_SSL, _Plain):
    """The same, with TLS from the start."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        try:
            found: socket.socket = getattr(super(), _CONNECT)(host, port, timeout)
        except OSError:
            # No TLS came about: smtplib forgets the connection.
            self.close()
            raise
        return found


def _cut(handle: socket.socket) -> None:
    with handle, contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


class EmailBackend(smtp.EmailBackend):
    """Django's, with such conversations."""

    @property
    def may_have_sent(self) -> bool:
        """Whether a mail may have gone out over the connection, also where no answer came."""
        return bool(getattr(self.connection, "has_begun", True))

    @property
    def connection_class(self) -> Any:
        """What speaks to the server."""
        return _Tls if self.use_ssl else _Plain
