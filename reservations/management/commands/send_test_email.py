"""Send one mail through the configured server, and say what to do where that fails."""

from __future__ import annotations

import secrets
import smtplib
import socket
import ssl
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from reservations.messages.delivery import said
from reservations.messages.truth import is_address

_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    # From the narrow to the wide: the errors of smtplib, TLS and names are all OSErrors.
    (smtplib.SMTPAuthenticationError, "Check the user and password in EMAIL_URL; write special characters as %XX."),
    (
        smtplib.SMTPSenderRefused,
        "The server does not let this account send as EMAIL_FROM: allow it there, or change it.",
    ),
    (smtplib.SMTPRecipientsRefused, "Check the address. If it is right, the server may not relay for this account."),
    (smtplib.SMTPNotSupportedError, "The server offers no STARTTLS here, or no login without it: try smtps://."),
    (smtplib.SMTPDataError, "The server took the address and refused the mail: its answer above says why."),
    (
        ssl.SSLCertVerificationError,
        "The server's certificate does not fit the host in EMAIL_URL, or nobody vouches for it.",
    ),
    (ssl.SSLError, "Port and scheme don't fit: smtps:// is usually port 465, smtp+tls:// port 587."),
    (socket.gaierror, "The host in EMAIL_URL has no address: check its spelling, and the DNS of this machine."),
    (TimeoutError, "Nothing answers: check host and port in EMAIL_URL, and whether a firewall lets them through."),
    (ConnectionRefusedError, "Nothing listens there: check the port in EMAIL_URL."),
    (
        smtplib.SMTPServerDisconnected,
        "The server hung up or fell silent: smtps:// is usually port 465, smtp+tls:// port 587.",
    ),
    (OSError, "Check host and port in EMAIL_URL."),
)


class Command(BaseCommand):
    """Send a test mail in the foreground, without the job loop."""

    help = "Send a test mail to ADDRESS as EMAIL_URL and EMAIL_FROM say, and report what happened."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the address."""
        parser.add_argument("address", help="Where to send it.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and end with exit code 1 where the server did not take the mail."""
        address = options["address"]
        if not is_address(address):
            raise CommandError(f"{address!r} is no e-mail address.")
        self.stdout.write(f"From {settings.EMAIL_FROM} to {address} through {_server()}")
        self.stdout.flush()
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        message = EmailMessage(
            subject=f"A test from {host}",
            body=f"Mails of {settings.SITE_URL} arrive.\n",
            to=[address],
            headers={"Message-ID": f"<{secrets.token_hex(16)}@{host}>", "Auto-Submitted": "auto-generated"},
        )
        try:
            message.send()
        except (OSError, ValueError) as error:
            raise CommandError(f"Not sent. {type(error).__name__}: {said(error)}\n{_advice(error)}") from error
        self.stdout.write(
            "The server has taken it. If it does not arrive, look into the spam folder and the server's log."
            if _is_smtp()
            else "Nothing was sent: EMAIL_URL names no mail server."
        )


def _is_smtp() -> bool:
    return settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend")


def _server() -> str:
    """Return what sends, without its password."""
    if not _is_smtp():
        return settings.EMAIL_BACKEND
    security = "TLS" if settings.EMAIL_USE_SSL else "STARTTLS" if settings.EMAIL_USE_TLS else "not encrypted"
    user = f" as {settings.EMAIL_HOST_USER}" if settings.EMAIL_HOST_USER else ""
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} ({security}){user}"


def _advice(error: Exception) -> str:
    return next((advice for kind, advice in _ADVICE if isinstance(error, kind)), "Check the address and EMAIL_FROM.")
