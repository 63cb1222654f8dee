"""Sending what is due: claimed before it is sent, tried again where that helps, and given up with a reason.

Any number of copies may run at once. A message is taken by a compare-and-set on
the database's time, so that one copy alone sends it.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import time

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from reservations.faults import fault
from reservations.messages.delivery import Delivery, Outcome, deliver
from reservations.messages.rendering import Dropped, render
from reservations.models import Message
from restaurant_site.observing import metrics

logger = logging.getLogger("reservations.messages")

BACKOFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long to wait after each attempt that failed; after one more the message is given up."""

CLAIM_LASTS = dt.timedelta(minutes=5)
"""A message that is being sent for longer belongs to a process that died: no server may take so long."""

AT_MOST_ONCE = (Message.Kind.REMINDER, Message.Kind.THANKS)
"""Not sent again where it is unknown whether they went out: twice would annoy, never does no harm."""

RUN_SECONDS = 1.0
_AT_ONCE = 100

Status = Message.Status


def send_due() -> int:
    """Send what is due, for about a second or until the mail server fails; return how many were dealt with."""
    # What is noted as a reason is for staff, who read the site's own language.
    with translation.override(settings.LANGUAGE_CODE):
        done = release_abandoned()
        until = time.monotonic() + RUN_SECONDS
        due = Message.objects.filter(status=Status.WAITING, due_at__lte=Now()).order_by("due_at", "pk")
        for pk in list(due.values_list("pk", flat=True)[:_AT_ONCE]):
            message = take(pk)
            if message is None:
                continue
            done += 1
            if not _process(message) or time.monotonic() > until:
                break
        return done


def take(pk: int) -> Message | None:
    """Claim a due message for this process and return it with its rows, or None where another was faster."""
    word = secrets.token_hex(16)
    claimable = Message.objects.filter(pk=pk, status=Status.WAITING, due_at__lte=Now())
    if not claimable.update(status=Status.SENDING, claim=word, claimed_at=Now(), attempts=F("attempts") + 1):
        return None
    return (
        Message.objects.select_related(
            "restaurant",
            "reservation__restaurant",
            "reservation__service",
            "reservation__area",
            "entry__restaurant",
            "entry__offer",
            "request__restaurant",
            "request__reservation",
        )
        .annotate(asked_at=Now())
        .filter(pk=pk, claim=word)
        .first()
    )


def release_abandoned() -> int:
    """Let messages of processes that died go out again, with their Message-ID, or give them up; return how many.

    Given up are those that may be sent once at most, and those whose every
    attempt ended so.
    """
    abandoned = Message.objects.filter(status=Status.SENDING, claimed_at__lt=Now() - CLAIM_LASTS)
    perhaps = _("Perhaps sent: the sender stopped before it could tell.")
    given_up = abandoned.filter(Q(kind__in=AT_MOST_ONCE) | Q(attempts__gt=len(BACKOFF)))
    found = given_up.update(status=Status.FAILED, claim="", error=perhaps)
    return found + abandoned.update(status=Status.WAITING, claim="", error=perhaps)


def send_again(messages: QuerySet[Message]) -> int:
    """Let messages that were given up go out at once, with all attempts before them; return how many."""
    return messages.filter(status=Status.FAILED).update(
        status=Status.WAITING, due_at=Now(), attempts=0, claim="", error=""
    )


def _process(message: Message) -> bool:
    """Render and send a claimed message and note what became of it; return whether the next may be tried."""
    try:
        mail = render(message, getattr(message, "asked_at"))  # noqa: B009 - annotated by `take`
    except Exception as error:
        # A mistake of ours: the others still go out, and this one once it is put right.
        logger.error("Message %s (%s) can't be rendered: %s", message.pk, message.kind, fault(error))
        _later(message, _("It can't be written: an error of the site, see its log."))
        return True
    if isinstance(mail, Dropped):
        _settle(message, status=Status.DROPPED, error=mail.because)
        return True
    delivery = deliver(mail, sent=lambda: _settle(message, status=Status.SENT, sent_at=Now(), error=""))
    metrics.MESSAGES.labels(delivery.outcome.name.lower()).inc()
    if delivery.outcome is not Outcome.SENT:
        _note_failure(message, delivery)
    return not delivery.server_failed


def _note_failure(message: Message, delivery: Delivery) -> None:
    # The reason may quote the address: it is for the admin, not for the log.
    logger.warning(
        "Message %s (%s): %s at attempt %d", message.pk, message.kind, delivery.outcome.name, message.attempts
    )
    if delivery.outcome is Outcome.REFUSED:
        _settle(message, status=Status.FAILED, error=delivery.reason)
    elif delivery.outcome is Outcome.UNKNOWN and message.kind in AT_MOST_ONCE:
        _settle(message, status=Status.FAILED, error=_("Perhaps sent: %(reason)s") % {"reason": delivery.reason})
    else:
        _later(message, delivery.reason)


def _later(message: Message, reason: str) -> None:
    if message.attempts > len(BACKOFF):
        _settle(message, status=Status.FAILED, error=reason)
    else:
        _settle(message, status=Status.WAITING, due_at=Now() + BACKOFF[message.attempts - 1], error=reason)


def _settle(message: Message, **values: object) -> None:
    """Write what became of a message, unless another process has taken it over meanwhile."""
    if "error" in values:
        values["error"] = str(values["error"])[:300]
    mine = Message.objects.filter(pk=message.pk, status=Status.SENDING, claim=message.claim)
    if not mine.update(claim="", **values):
        logger.warning("Message %s (%s) was taken over while it was being sent", message.pk, message.kind)
