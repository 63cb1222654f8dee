"""Messages to guests and restaurants, written in the transaction of what they tell, sent by the job loop."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.models.membership import Membership
from reservations.models.reservation import Reservation
from reservations.models.venue import Restaurant
from reservations.models.waiting import BookingRequest, WaitlistEntry


class Message(models.Model):
    """One e-mail that is to go out at ``due_at``. What it says is read when it is sent, save for ``data``."""

    class Kind(models.TextChoices):
        """What a message tells. Those to the restaurant begin with ``staff_``."""

        CONFIRMATION = "confirmation", _("confirmation")
        ASKED = "asked", _("button to confirm")
        CHANGE = "change", _("change")
        CANCELLATION = "cancellation", _("cancellation")
        REMINDER = "reminder", _("reminder")
        THANKS = "thanks", _("thank-you")
        LINK = "link", _("link")
        JOINED = "joined", _("waitlist joined")
        OFFER = "offer", _("offer of a table")
        REQUESTED = "requested", _("request received")
        PROPOSAL = "proposal", _("proposal of a time")
        DECLINED = "declined", _("request declined")
        EXPIRED = "expired", _("request expired")
        STAFF_BOOKED = "staff_booked", _("to the restaurant: booked")
        STAFF_CHANGED = "staff_changed", _("to the restaurant: changed")
        STAFF_CANCELLED = "staff_cancelled", _("to the restaurant: cancelled")
        STAFF_COMING = "staff_coming", _("to the restaurant: on the way")
        STAFF_REQUEST = "staff_request", _("to the restaurant: request")
        INVITATION = "invitation", _("invitation of staff")
        STAFF_SHEET = "staff_sheet", _("to the restaurant: day sheet")

    class Status(models.TextChoices):
        """Where a message is in its life."""

        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")
        DROPPED = "dropped", _("no longer needed")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="messages", verbose_name=_("restaurant"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    reservation = models.ForeignKey(
        Reservation, models.CASCADE, null=True, blank=True, related_name="messages", verbose_name=_("reservation")
    )
    entry = models.ForeignKey(
        WaitlistEntry, models.CASCADE, null=True, blank=True, related_name="messages", verbose_name=_("waitlist entry")
    )
    request = models.ForeignKey(
        BookingRequest, models.CASCADE, null=True, blank=True, related_name="messages", verbose_name=_("request")
    )
    member = models.ForeignKey(
        Membership, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("member of staff")
    )
    recipient = models.EmailField(_("to"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # The reservation's version that it tells of: a later one makes an earlier one's calendar entry old.
    sequence = models.PositiveIntegerField(_("version"), default=0)
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("data"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # Whoever sends it, by a random word, and since when: a compare-and-set takes it.
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(_("taken"), null=True, blank=True)
    # Made once, so that what is sent twice after a crash is one message to the mail program.
    message_id = models.CharField(_("Message-ID"), max_length=120, editable=False)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("written"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-due_at", "-pk")
        indexes: ClassVar = [models.Index(fields=["status", "due_at"], name="message_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.recipient}".strip()


class JobBeat(models.Model):
    """When a job of the loop last ran to its end, whichever copy ran it."""

    name = models.CharField(_("job"), max_length=40, primary_key=True)
    ran_at = models.DateTimeField(_("last run"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
