"""Reservations, blocks, the claims that keep a table from being taken twice, and the day's lock."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reservations.messages.lines import isolated
from reservations.models.guest import Guest
from reservations.models.hours import Service
from reservations.models.tables import Area, Table
from reservations.models.venue import MAX_PARTY, Restaurant
from restaurant_site.caching.writes import CachedModel, Tags

# Without I, L, O and U: read aloud or copied by hand, none is taken for another.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 9


def new_reference() -> str:
    """Return a random reference of 45 bits, in letters and digits that can't be confused."""
    return "".join(secrets.choice(_ALPHABET) for _i in range(REFERENCE_LENGTH))


class ServiceDay(models.Model):
    """The row that a booking transaction updates first: it serialises one restaurant's one day.

    It holds no counts: covers are summed from the reservations under the lock.
    """

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"), db_index=False
    )
    date = models.DateField(_("date"))
    locked_at = models.DateTimeField(_("last locked"), null=True)

    class Meta:
        verbose_name = _("service day")
        verbose_name_plural = _("service days")
        ordering = ("restaurant", "date")
        constraints: ClassVar = [models.UniqueConstraint(fields=["restaurant", "date"], name="serviceday_date_unique")]

    def __str__(self) -> str:
        return str(self.date)


class Reservation(CachedModel):
    """A party, a time and its tables; in status ``held`` it is a hold until ``held_until``."""

    cache_tags = Tags("day:{restaurant_id}:{service_date}")

    class Status(models.TextChoices):
        """Where a reservation is in its life. Only held, confirmed, seated and finished ones count as covers."""

        HELD = "held", _("held")
        CONFIRMED = "confirmed", _("confirmed")
        SEATED = "seated", _("seated")
        FINISHED = "finished", _("finished")
        NO_SHOW = "no_show", _("no-show")
        CANCELLED = "cancelled", _("cancelled")
        RELEASED = "released", _("hold given back")
        EXPIRED = "expired", _("hold lapsed")

    class Source(models.TextChoices):
        """How a reservation came in."""

        ONLINE = "online", _("online")
        STAFF = "staff", _("staff")
        WALK_IN = "walk_in", _("walk-in")
        WAITLIST = "waitlist", _("waitlist")
        REQUEST = "request", _("request")
        IMPORT = "import", _("import")

    class Occasion(models.TextChoices):
        """What a party celebrates."""

        NONE = "", _("Nothing special")
        BIRTHDAY = "birthday", _("Birthday")
        ANNIVERSARY = "anniversary", _("Anniversary")
        DATE = "date", pgettext_lazy("occasion", "Date")
        BUSINESS = "business", _("Business meal")
        OTHER = "other", _("Something else")

    class Asked(models.TextChoices):
        """What was asked of a guest who had told all, before the hold becomes a reservation; kept with what became."""

        NOTHING = "", _("nothing")
        MAIL = "mail", _("to press the button in a mail")
        CALL = "call", _("to call")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="reservations", verbose_name=_("restaurant"), db_index=False
    )
    reference = models.CharField(_("reference"), max_length=20, default=new_reference, editable=False)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.HELD)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.ONLINE)
    service = models.ForeignKey(
        Service, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    service_name = models.CharField(_("service"), max_length=60, blank=True)
    service_date = models.DateField(
        _("service date"), help_text=_("The local date of the service, also for times after midnight.")
    )
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    party_size = models.PositiveSmallIntegerField(
        _("party size"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    children = models.PositiveSmallIntegerField(
        _("children"), default=0, help_text=_("Of the covers, how many are children.")
    )
    high_chairs = models.PositiveSmallIntegerField(_("high chairs"), default=0)
    area = models.ForeignKey(
        Area, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("area asked for")
    )
    # A copy of the claims' tables, so that a day is read in one query of as many
    # rows as there are parties; the claims are what counts.
    table_ids: models.JSONField[list[int], list[int]] = models.JSONField(_("tables"), default=list, editable=False)
    needs_step_free = models.BooleanField(_("step-free access"), default=False)
    guest = models.ForeignKey(
        Guest, models.SET_NULL, null=True, blank=True, related_name="reservations", verbose_name=_("guest")
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    # Of a concierge or assistant: mails follow the booker, the history of visits the guest.
    booker_name = models.CharField(_("booked by"), max_length=120, blank=True)
    booker_email = models.EmailField(_("booker's e-mail"), blank=True)
    occasion = models.CharField(_("occasion"), max_length=20, choices=Occasion.choices, blank=True, default="")
    dietary_needs = models.CharField(_("dietary needs"), max_length=300, blank=True)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    asked = models.CharField(
        _("asked before"), max_length=8, choices=Asked.choices, blank=True, default="", db_default=""
    )
    hold_extended = models.BooleanField(_("hold extended"), default=False)
    # SHA-256 in hex: a database dump lets nobody take over a hold.
    browser = models.CharField(_("browser"), max_length=64, blank=True, editable=False)
    # Always filled (a hash of the browser and its key, or a random value), so
    # that the unique constraint needs no condition.
    idempotency_key = models.CharField(max_length=64, editable=False)
    # The limits in force when it was placed: lowering them later makes no violation.
    pacing_limit = models.PositiveSmallIntegerField(_("pacing then"), null=True, blank=True, editable=False)
    online_pacing_limit = models.PositiveSmallIntegerField(
        _("pacing online then"), null=True, blank=True, editable=False
    )
    pacing_exceeded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pacing exceeded by"),
    )
    pacing_reason = models.CharField(_("why pacing was exceeded"), max_length=200, blank=True)
    # Of what staff booked: the reasons for which a diner would have been refused, and why it was booked all the same.
    passed_over = models.CharField(
        _("rules passed over"), max_length=160, blank=True, default="", db_default="", editable=False
    )
    passed_over_reason = models.CharField(
        _("why rules were passed over"), max_length=200, blank=True, default="", db_default=""
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancelled_late = models.BooleanField(_("cancelled after the cut-off"), default=False)
    # Rises with every change: the SEQUENCE of the calendar entry, and what a change compares and sets.
    sequence = models.PositiveIntegerField(_("version"), default=0, editable=False)
    coming_at = models.DateTimeField(_("said to be coming"), null=True, blank=True)
    late_minutes = models.PositiveSmallIntegerField(_("announced lateness (minutes)"), default=0)
    late_flagged_at = models.DateTimeField(_("flagged as late"), null=True, blank=True)
    # There, but not at a table yet: waits at the bar, or for the others.
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    seated_at = models.DateTimeField(_("seated"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ("-service_date", "starts_at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "reference"], name="reservation_reference_unique"),
            models.UniqueConstraint(fields=["restaurant", "idempotency_key"], name="reservation_key_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["restaurant", "service_date", "starts_at"], name="reservation_day"),
            # What a browser holds is asked at each of its bookings, and what it booked by its own page.
            models.Index(fields=["browser"], name="reservation_browser"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {isolated(self.name)}".strip()

    @property
    def is_asked(self) -> bool:
        """Whether it is a hold whose guest has told all, and does now what was asked; it may have lapsed."""
        return self.status == self.Status.HELD and bool(self.asked)

    @property
    def local_start(self) -> dt.datetime:
        """The start in the restaurant's zone."""
        return self.starts_at.astimezone(self.restaurant.zone)


def day_tags(restaurant_id: int, service_date: dt.date) -> set[str]:
    """Return the tags of what is cached of a service date, for an update of reservations that are known to be its."""
    return Reservation.cache_tags.of({"restaurant_id": restaurant_id, "service_date": service_date})


COUNTED = (
    Reservation.Status.HELD,
    Reservation.Status.CONFIRMED,
    Reservation.Status.SEATED,
    Reservation.Status.FINISHED,
)
"""The statuses whose covers count against pacing, and whose tables are taken."""

BY_ONLINE_RULES = (Reservation.Source.ONLINE, Reservation.Source.WAITLIST)
"""The sources whose covers count against the pacing of those online."""

TABLE_CLAIM_UNIQUE = "tableclaim_table_slot_unique"
"""The constraint that keeps the first promise; a collision with it is retried."""


class Block(CachedModel):
    """Tables that nobody can book for a time: a broken chair, a delivery, a table kept for the owner."""

    cache_tags = Tags("day:{restaurant_id}:{service_date}")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="blocks", verbose_name=_("restaurant"), db_index=False
    )
    service_date = models.DateField(_("service date"))
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    table_ids: models.JSONField[list[int], list[int]] = models.JSONField(_("tables"), default=list, editable=False)
    reason = models.CharField(_("reason"), max_length=160, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("blocked by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        ordering = ("-service_date", "starts_at", "pk")
        indexes: ClassVar = [models.Index(fields=["restaurant", "service_date"], name="block_day")]

    def __str__(self) -> str:
        return f"{self.service_date} {isolated(self.reason)}".strip()


class TableClaim(models.Model):
    """One table for one slot of 15 minutes, keyed by the slot's start in UTC, for a reservation or a block.

    The unique constraint is the promise that no table is held twice: it holds
    whatever the code, the cache or the load does.
    """

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"), db_index=False
    )
    reservation = models.ForeignKey(
        Reservation, models.CASCADE, null=True, blank=True, related_name="claims", verbose_name=_("reservation")
    )
    block = models.ForeignKey(
        Block, models.CASCADE, null=True, blank=True, related_name="claims", verbose_name=_("block")
    )
    table = models.ForeignKey(Table, models.RESTRICT, related_name="claims", verbose_name=_("table"), db_index=False)
    slot_start = models.DateTimeField(_("slot"))

    class Meta:
        verbose_name = _("table claim")
        verbose_name_plural = _("table claims")
        ordering = ("table", "slot_start")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["table", "slot_start"], name=TABLE_CLAIM_UNIQUE),
            models.CheckConstraint(
                condition=Q(reservation__isnull=False, block__isnull=True)
                | Q(reservation__isnull=True, block__isnull=False),
                name="tableclaim_one_owner",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["restaurant", "slot_start"], name="tableclaim_window")]

    def __str__(self) -> str:
        return f"{self.table_id} {self.slot_start:%Y-%m-%d %H:%M}"


class Refusal(models.Model):
    """An attempt to book that was refused, and why. No name or contact is kept with it."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="refusals", verbose_name=_("restaurant"), db_index=False
    )
    service_date = models.DateField(_("service date"))
    starts_at = models.DateTimeField(_("start"))
    party_size = models.PositiveSmallIntegerField(_("party size"))
    reason = models.CharField(_("reason"), max_length=30)
    source = models.CharField(_("source"), max_length=10, choices=Reservation.Source.choices)
    created_at = models.DateTimeField(_("refused"), auto_now_add=True)

    class Meta:
        verbose_name = _("refused booking")
        verbose_name_plural = _("refused bookings")
        ordering = ("-created_at", "-pk")
        indexes: ClassVar = [models.Index(fields=["restaurant", "service_date"], name="refusal_day")]

    def __str__(self) -> str:
        return f"{self.service_date} {self.reason}"
