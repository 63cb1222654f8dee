"""Who waits for a table: the waitlist of a date, the door list, and requests of large parties."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.messages.lines import isolated
from reservations.models.guest import Guest
from reservations.models.reservation import Reservation, new_reference
from reservations.models.tables import Area
from reservations.models.venue import MAX_PARTY, Restaurant


class WaitlistEntry(models.Model):
    """A party that waits for a table of a service date within a window, or at the door."""

    class Kind(models.TextChoices):
        """Where the party waits."""

        ONLINE = "online", _("waitlist")
        DOOR = "door", _("at the door")

    class Status(models.TextChoices):
        """Where an entry is in its life. Only those waiting are offered anything."""

        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("a table is offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        LAPSED = "lapsed", _("offer lapsed")
        LEFT = "left", _("left the list")
        OVER = "over", _("no table came free")
        SEATED = "seated", _("seated")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="waitlist", verbose_name=_("restaurant"), db_index=False
    )
    reference = models.CharField(_("reference"), max_length=20, default=new_reference, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.ONLINE)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.WAITING)
    service_date = models.DateField(_("service date"))
    earliest = models.DateTimeField(_("from"))
    latest = models.DateTimeField(_("until"))
    party_size = models.PositiveSmallIntegerField(
        _("party size"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    area = models.ForeignKey(Area, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("area"))
    needs_step_free = models.BooleanField(_("step-free access"), default=False)
    guest = models.ForeignKey(Guest, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("guest"))
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    rank = models.IntegerField(
        _("rank"), default=0, help_text=_("Below zero: promoted by staff. Then by the order of joining.")
    )
    offer = models.ForeignKey(
        Reservation, models.SET_NULL, null=True, blank=True, related_name="offered_to", verbose_name=_("offer")
    )
    quoted_minutes = models.PositiveSmallIntegerField(_("wait quoted (minutes)"), null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=64, blank=True, editable=False)
    idempotency_key = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )
    created_at = models.DateTimeField(_("joined"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("waitlist entry")
        verbose_name_plural = _("waitlist")
        ordering = ("-service_date", "rank", "created_at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "reference"], name="waitlist_reference_unique"),
            models.UniqueConstraint(fields=["restaurant", "idempotency_key"], name="waitlist_key_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["restaurant", "service_date", "status"], name="waitlist_day"),
            models.Index(fields=["status", "latest"], name="waitlist_due"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {isolated(self.name)}".strip()


class BookingRequest(models.Model):
    """A large party that asks for a time. It holds no table until staff propose one or accept."""

    class Status(models.TextChoices):
        """Where a request is in its life."""

        OPEN = "open", _("waiting for an answer")
        PROPOSED = "proposed", _("another time is proposed")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")
        WITHDRAWN = "withdrawn", _("withdrawn by the guest")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="requests", verbose_name=_("restaurant"), db_index=False
    )
    reference = models.CharField(_("reference"), max_length=20, default=new_reference, editable=False)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OPEN)
    service_date = models.DateField(_("service date"))
    starts_at = models.DateTimeField(_("start"))
    party_size = models.PositiveSmallIntegerField(
        _("party size"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    needs_step_free = models.BooleanField(_("step-free access"), default=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    occasion = models.CharField(
        _("occasion"), max_length=20, choices=Reservation.Occasion.choices, blank=True, default=""
    )
    dietary_needs = models.CharField(_("dietary needs"), max_length=300, blank=True)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    expires_at = models.DateTimeField(_("answered until"))
    reservation = models.ForeignKey(
        Reservation, models.SET_NULL, null=True, blank=True, related_name="requests", verbose_name=_("reservation")
    )
    answer = models.CharField(_("answer to the guest"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=64, blank=True, editable=False)
    idempotency_key = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests of large parties")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "reference"], name="request_reference_unique"),
            models.UniqueConstraint(fields=["restaurant", "idempotency_key"], name="request_key_unique"),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "expires_at"], name="request_due")]

    def __str__(self) -> str:
        return f"{self.reference} {isolated(self.name)}".strip()
