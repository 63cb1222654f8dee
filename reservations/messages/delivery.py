"""Handing one mail to the mail server, and what became of it."""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.translation import gettext as _

from reservations.messages.lines import one_line
from reservations.messages.rendering import Mail

_MOST = 300


class Outcome(Enum):
    """What became of a mail."""

    SENT = auto()
    REFUSED = auto()
    """The server will never take it for this recipient."""
    NOT_SENT = auto()
    """It was not sent, and may be tried again."""
    UNKNOWN = auto()
    """The connection broke once the server had the text, or a part of it: it may have been sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a mail, why, and whether the fault is the server's, so that the next mail would fare alike."""

    outcome: Outcome
    reason: str = ""
    server_failed: bool = False


def deliver(mail: Mail, sent: Callable[[], None] = lambda: None) -> Delivery:
    """Send a mail through the configured backend; sent is called as soon as the server has taken it.

    Never raises for what a mail server does. A server that does not answer
    costs EMAIL_TIMEOUT seconds for the question that it leaves open.
    """
    message = as_email(mail)
    connection = get_connection()
    try:
        # Built here once more than needed: what can't be a header is an error before any server is asked.
        message.message()
    except ValueError as error:
        return Delivery(Outcome.REFUSED, _reason(_("The mail can't be written"), error))
    try:
        connection.open()
    except (OSError, ValueError) as error:
        return Delivery(Outcome.NOT_SENT, _reason(_("The mail server can't be used"), error), server_failed=True)
    try:
        connection.send_messages([message])
        sent()
    except OSError as error:
        return _failure(error, may_have_sent=getattr(connection, "may_have_sent", True))
    except ValueError as error:
        return Delivery(Outcome.REFUSED, _reason(_("The address can't be used"), error))
    finally:
        # It is taken or it is not: what the server says to goodbye changes nothing.
        with contextlib.suppress(OSError):
            connection.close()
    return Delivery(Outcome.SENT)


def as_email(mail: Mail) -> EmailMultiAlternatives:
    """Return a mail as Django sends it."""
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=mail.sender,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        # Auto-Submitted keeps absence notes from being sent in answer (RFC 3834).
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated", **_unsubscribing(mail)},
    )
    message.attach_alternative(mail.html, "text/html")
    for attachment in mail.attachments:
        message.attach(attachment.name, attachment.content, attachment.type)
    return message


def _unsubscribing(mail: Mail) -> dict[str, str]:
    """Return the headers by which a mail program offers to stop such mails with one press (RFC 8058)."""
    if not mail.unsubscribe:
        return {}
    return {"List-Unsubscribe": f"<{mail.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _failure(error: OSError, *, may_have_sent: bool) -> Delivery:
    """Return what an error during the conversation means. Those of smtplib are OSErrors too."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()), (450, b""))
        outcome = Outcome.REFUSED if 500 <= code < 600 else Outcome.NOT_SENT
        return Delivery(outcome, _text(_("The server refused the recipient"), f"{code} {_decoded(reply)}"))
    if isinstance(error, smtplib.SMTPResponseException):
        # It answered, so the mail is not taken: too busy, the sender not allowed, the content not liked.
        return Delivery(Outcome.NOT_SENT, _reason(_("The server did not take the mail"), error))
    outcome = Outcome.UNKNOWN if may_have_sent else Outcome.NOT_SENT
    return Delivery(outcome, _reason(_("The connection broke"), error), server_failed=True)


def said(error: Exception) -> str:
    """Return what a server answered, or what an error says, in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(one_line(f"{code} {_decoded(reply)}") for code, reply in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return one_line(f"{error.smtp_code} {_decoded(error.smtp_error)}")
    return one_line(str(error)) or type(error).__name__


def _reason(words: str, error: Exception) -> str:
    return _text(words, said(error))


def _text(words: str, detail: str) -> str:
    return f"{words}: {one_line(detail)}"[:_MOST]


def _decoded(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
