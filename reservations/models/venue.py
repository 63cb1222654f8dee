"""Restaurants, and their booking rules."""

from __future__ import annotations

import secrets
import zoneinfo
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from reservations.languages import validate_language
from reservations.messages.lines import isolated
from reservations.models.accent import validate_accent
from restaurant_site.caching.writes import CachedModel, Tags
from restaurant_site.photos.models import WithPhoto

MAX_PARTY = 100
"""The largest party, in covers, that any rule or form admits."""

SLUG_LENGTH = 120

KEY_SIGN = "_"
"""Stands between slug and key in the address of a restaurant that is shown by link alone; no slug holds one."""

_KEY_BYTES = 12
ADDRESS_LENGTH = SLUG_LENGTH + len(KEY_SIGN) + 2 * _KEY_BYTES

MAX_NO_SHOWS = 100

MAX_DEADLINE_DAYS = 366
MAX_DEADLINE = MAX_DEADLINE_DAYS * 24 * 60
"""The longest lead time and cut-off, in minutes: longer than any booking window."""


def validate_timezone(name: str) -> None:
    """Raise ValidationError unless the name is a zone of the IANA database."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(
            _("“%(name)s” is not a time zone. Use a name such as Europe/Berlin."), params={"name": name}
        ) from error


def new_link_key() -> str:
    """Return a key that nobody guesses: 96 bits, in the letters that an address takes."""
    return secrets.token_hex(_KEY_BYTES)


def slug_of(address: str) -> str:
    """Return the slug in a restaurant's part of an address, which may carry a key."""
    return address.partition(KEY_SIGN)[0]


class DeadlineFields(models.Model):
    """Lead time and cancellation cut-off: each in minutes before the start, or a clock time.

    A clock time is local wall time on the service date, or that many days
    before it. Where a service leaves both forms of one deadline empty, the
    restaurant's holds.
    """

    lead_minutes = models.PositiveIntegerField(
        _("lead time (minutes)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_DEADLINE)],
        help_text=_("Online booking of a time ends this many minutes before it."),
    )
    lead_clock = models.TimeField(
        _("lead time (clock)"),
        null=True,
        blank=True,
        help_text=_("Instead of minutes: online booking of a date ends at this time."),
    )
    lead_days_before = models.PositiveSmallIntegerField(
        _("lead time (days before)"),
        default=0,
        validators=[MaxValueValidator(MAX_DEADLINE_DAYS)],
        help_text=_("With a clock time: on the day itself (0) or before it."),
    )
    cutoff_minutes = models.PositiveIntegerField(
        _("cancellation cut-off (minutes)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_DEADLINE)],
        help_text=_("Guests may cancel online until this many minutes before the start."),
    )
    cutoff_clock = models.TimeField(_("cancellation cut-off (clock)"), null=True, blank=True)
    cutoff_days_before = models.PositiveSmallIntegerField(
        _("cancellation cut-off (days before)"), default=0, validators=[MaxValueValidator(MAX_DEADLINE_DAYS)]
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Refuse a deadline that is given in both forms."""
        super().clean()
        errors = {}
        for name in ("lead", "cutoff"):
            if getattr(self, f"{name}_minutes") is not None and getattr(self, f"{name}_clock") is not None:
                errors[f"{name}_clock"] = _("Give minutes or a clock time, not both.")
        if errors:
            raise ValidationError(errors)


class Restaurant(CachedModel, DeadlineFields, WithPhoto):
    """A place where tables are booked, with its booking rules."""

    cache_tags = Tags("restaurant:{pk}", "slug:{slug}", "restaurants")

    class Booking(models.TextChoices):
        """Whether diners can book online, and if not, why."""

        ON = "on", _("open")
        OFF = "off", _("switched off")
        HOURS_UNKNOWN = "hours_unknown", _("hours not understood")

    class Visibility(models.TextChoices):
        """Who finds the page of a restaurant and books there."""

        DRAFT = "draft", _("draft: only staff")
        PRIVATE = "private", _("private: whoever has the link")
        PUBLIC = "public", _("public: everybody")

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(
        _("slug"),
        max_length=SLUG_LENGTH,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9-]+\Z", _("Use lower-case letters, digits and hyphens."))],
        help_text=_("The restaurant's part of the address of its page."),
    )
    source_ref = models.CharField(
        _("source reference"),
        max_length=80,
        null=True,
        blank=True,
        unique=True,
        help_text=_("Where the restaurant was imported from, such as osm:node/5734434230."),
    )
    tagline = models.CharField(_("tagline"), max_length=160, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=4000)
    accent = models.CharField(
        _("colour"),
        max_length=7,
        blank=True,
        default="",
        db_default="",
        validators=[validate_accent],
        help_text=_("Buttons, links and the invented cover are kept in it, such as #1f5a48. Empty: one is chosen."),
    )
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True, db_index=True)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Use the two capital letters of ISO 3166."))],
    )
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[validate_timezone])
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Use the three capital letters of ISO 4217."))],
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.URLField(_("website"), blank=True)
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("Mails to the restaurant are in it, and those to guests of whom no language is known."),
    )
    text_language = models.CharField(
        _("language of its own texts"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        validators=[validate_language],
        help_text=_("Name, description and menus are written in it, and read out in it. Empty: not told."),
    )
    is_published = models.BooleanField(_("published"), default=True, db_index=True)
    # Beside is_published, not instead of it: whatever asks for published
    # restaurants alone is right about the private ones without knowing of them.
    link_key = models.CharField(
        _("key of the private link"), max_length=64, blank=True, default="", db_default="", editable=False
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=100, help_text=_("Restaurants with a lower number are listed first.")
    )
    online_booking = models.CharField(_("online booking"), max_length=20, choices=Booking.choices, default=Booking.ON)
    hours_text = models.CharField(
        _("opening hours as written"),
        max_length=500,
        blank=True,
        help_text=_("As the source wrote them. Shown to guests where they could not be understood."),
    )
    min_party = models.PositiveSmallIntegerField(
        _("smallest party online"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    max_party = models.PositiveSmallIntegerField(
        _("largest party online"), default=8, validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    booking_window_days = models.PositiveSmallIntegerField(
        _("booking window (days)"), default=60, validators=[MaxValueValidator(730)]
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("hold (minutes)"), default=10, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    turn_minutes = models.PositiveSmallIntegerField(
        _("turn time (minutes)"),
        default=120,
        validators=[MinValueValidator(15), MaxValueValidator(720)],
        help_text=_("How long a table is held where no turn time for the party is set."),
    )
    takes_requests = models.BooleanField(
        _("takes requests of large parties"),
        default=True,
        help_text=_("Parties above the largest online can ask; otherwise they see the phone number."),
    )
    request_hours = models.PositiveSmallIntegerField(
        _("answer to requests (hours)"),
        default=48,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_("A request that nobody has answered by then expires."),
    )
    takes_waitlist = models.BooleanField(_("keeps a waitlist"), default=True)
    offer_minutes = models.PositiveSmallIntegerField(
        _("offer (minutes)"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(1440)],
        help_text=_("For so long a table is held for a guest of the waitlist to whom it is offered."),
    )
    late_minutes = models.PositiveSmallIntegerField(
        _("late after (minutes)"), default=15, validators=[MinValueValidator(5), MaxValueValidator(120)]
    )
    reminder_hours = models.PositiveSmallIntegerField(
        _("reminder (hours before)"), default=24, validators=[MaxValueValidator(336)], help_text=_("0: none.")
    )
    sheet_minutes = models.PositiveSmallIntegerField(
        _("day sheet by mail (minutes before)"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(1440)],
        help_text=_("So long before each service its day sheet is mailed to the restaurant. 0: never."),
    )
    sends_thanks = models.BooleanField(_("thanks guests the day after"), default=False)
    confirms_by_mail = models.BooleanField(
        _("online bookings are confirmed by mail"),
        default=False,
        db_default=False,
        help_text=_("A booking stands once the guest has pressed the button in a mail; until then the table is held."),
    )
    no_shows_flagged = models.PositiveSmallIntegerField(
        _("no-shows that are flagged"),
        default=3,
        db_default=3,
        validators=[MaxValueValidator(MAX_NO_SHOWS)],
        help_text=_("From so many within 12 months on staff see it beside the guest. 0: never."),
    )
    no_shows_call = models.PositiveSmallIntegerField(
        _("no-shows until a guest is asked to call"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(MAX_NO_SHOWS)],
        help_text=_("From so many within 12 months on an online booking stands once staff confirm it. 0: never."),
    )
    retention_days = models.PositiveSmallIntegerField(
        _("guests are kept (days)"),
        default=730,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("So long after the last visit a guest's name, contact and notes are erased; the counts stay."),
    )
    hosts_use_codes = models.BooleanField(
        _("hosts sign in with codes"),
        default=False,
        db_default=False,
        help_text=_("Besides the password, a code of an app on their phone. Owners and managers always do."),
    )
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("restaurant")
        verbose_name_plural = _("restaurants")
        ordering = ("position", "name", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(max_party__gte=F("min_party")), name="restaurant_party_range"),
        ]

    def __str__(self) -> str:
        return " · ".join(isolated(text) for text in (self.name, self.city) if text)

    @property
    def visibility(self) -> Restaurant.Visibility:
        """Who finds the page: a draft is unpublished and has no key, a private restaurant has one."""
        if self.is_published:
            return self.Visibility.PUBLIC
        return self.Visibility.PRIVATE if self.link_key else self.Visibility.DRAFT

    @property
    def address(self) -> str:
        """The restaurant's part of the address of its page: the slug, and of a private one the key."""
        return self.slug if self.is_published or not self.link_key else f"{self.slug}{KEY_SIGN}{self.link_key}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The restaurant's time zone."""
        return zoneinfo.ZoneInfo(self.timezone)

    def clean(self) -> None:
        """Refuse a range of party sizes that no party is in."""
        super().clean()
        if self.min_party and self.max_party and self.min_party > self.max_party:
            raise ValidationError({"max_party": _("The largest party is smaller than the smallest.")})


class RestaurantCuisine(CachedModel):
    """One cuisine of a restaurant, as a lower-case word such as ``italian``; the listing filters by it."""

    cache_tags = Tags("restaurant:{restaurant_id}", "restaurants", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="cuisines", verbose_name=_("restaurant"))
    cuisine = models.CharField(_("cuisine"), max_length=60, db_index=True)

    class Meta:
        verbose_name = _("cuisine")
        verbose_name_plural = _("cuisines")
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "cuisine"], name="restaurantcuisine_unique")
        ]

    def __str__(self) -> str:
        return self.cuisine.replace("_", " ")
