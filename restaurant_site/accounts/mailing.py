"""The mail to who forgot their password: asked for in the request, sent by the job loop.

So asking takes as long for an address without an account as for one with it,
and nobody waits for the mail server.
"""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from reservations.models import User, normalise_email
from restaurant_site.accounts.models import PasswordMail

logger = logging.getLogger("restaurant_site.accounts")

_AT_ONCE = 100
_RUN_SECONDS = 1.0
_MOST_TRIES = 5
_LEASE = dt.timedelta(minutes=1)


def ask_for_password(email: str, language: str) -> None:
    """Let a mail be sent to the account of an address, if there is one; one statement in either case."""
    address = normalise_email(email)[:254]
    PasswordMail.objects.create(email=address, language=language, due_at=Now())


def send_password_mails() -> int:
    """Send what was asked for and is due, for about a second or until a mail fails; return how many went out.

    A row is taken by compare-and-set on the database's time, so that two copies
    send it once, also where their clocks differ. One that can't be sent is tried
    again a minute later, a few times. The others wait for the next turn: a server
    that hangs costs seconds a mail, and the loop has other jobs.
    """
    sent = 0
    until = time.monotonic() + _RUN_SECONDS
    for row in PasswordMail.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")[:_AT_ONCE]:
        mine = PasswordMail.objects.filter(pk=row.pk, due_at=row.due_at)
        if not mine.update(due_at=Now() + _LEASE, tries=F("tries") + 1):
            continue
        failed = False
        try:
            sent += _send(row)
        except Exception as error:
            # By its kind alone: mail servers quote addresses.
            logger.error("A password mail could not be sent: %s", type(error).__name__)
            failed = True
        # One mail is enough for whoever asked more than once meanwhile.
        if not failed or row.tries + 1 >= _MOST_TRIES:
            PasswordMail.objects.filter(email=row.email).delete()
        if failed or time.monotonic() > until:
            break
    return sent


def _send(row: PasswordMail) -> int:
    # Also who was invited and has no password yet.
    user = User.objects.filter(email=row.email, is_active=True, is_staff=True).first()
    if user is None:
        return 0
    context = {
        "site_url": settings.SITE_URL,
        "uid": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    with translation.override(row.language):
        subject = render_to_string("mail/password_subject.txt", context).strip()
        body = render_to_string("mail/password.txt", context)
    return EmailMessage(subject, body, None, [user.email]).send()
