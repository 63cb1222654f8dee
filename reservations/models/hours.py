"""When a restaurant is open, and which services take bookings. All times are local wall time."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from reservations.engine.slots import SLOT_MINUTES
from reservations.models.venue import MAX_PARTY, DeadlineFields, Restaurant
from restaurant_site.caching.writes import CachedModel, Tags

EVERY_DAY = 0b1111111
"""The weekday mask of a service that takes place every day; Monday is bit 0."""


class OpeningPeriod(CachedModel):
    """One line of the opening hours that guests are shown. Nothing is booked by it."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    class Day(models.IntegerChoices):
        """A weekday, as `datetime.date.weekday` counts, or public holidays."""

        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")
        HOLIDAY = 7, _("Public holidays")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="opening_periods", verbose_name=_("restaurant")
    )
    day = models.PositiveSmallIntegerField(_("day"), choices=Day.choices)
    opens = models.TimeField(_("opens"), null=True, blank=True, help_text=_("Both empty: closed all day."))
    closes = models.TimeField(
        _("closes"), null=True, blank=True, help_text=_("Not after the opening time: on the next day.")
    )

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ("restaurant", "day", "opens")

    def __str__(self) -> str:
        if self.opens is None or self.closes is None:
            return f"{self.get_day_display()}: {_('closed')}"
        return f"{self.get_day_display()}: {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self) -> None:
        """Refuse half a period."""
        super().clean()
        if (self.opens is None) != (self.closes is None):
            raise ValidationError({"closes": _("Give both times, or neither for a closed day.")})


class SpecialDay(CachedModel):
    """A date with hours of its own: closed, or with replacement services instead of the usual ones."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="special_days", verbose_name=_("restaurant")
    )
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=120, blank=True, help_text=_("Such as Christmas Eve."))
    is_closed = models.BooleanField(_("closed"), default=True)
    hours = models.CharField(
        _("hours shown"), max_length=120, blank=True, help_text=_("Such as 12:00–16:00, where not closed.")
    )

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ("restaurant", "date")
        constraints: ClassVar = [models.UniqueConstraint(fields=["restaurant", "date"], name="specialday_date_unique")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}".strip()


class Closure(CachedModel):
    """A range of dates, both included, on which nothing is served, or one service does not take place."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="closures", verbose_name=_("restaurant"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=160, blank=True, help_text=_("Guests see this."))
    service = models.ForeignKey(
        "reservations.Service",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="closures",
        verbose_name=_("service"),
        help_text=_("Only this service; empty: the whole day."),
    )

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ("restaurant", "starts_on")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="closure_date_range")
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on} {self.reason}".strip()

    def clean(self) -> None:
        """Refuse a range that ends before it begins."""
        super().clean()
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The last day is before the first.")})
        if self.service_id and self.service is not None and self.service.restaurant_id != self.restaurant_id:
            raise ValidationError({"service": _("This service belongs to another restaurant.")})


class Service(CachedModel, DeadlineFields):
    """A sitting such as lunch or dinner: the times at which parties are seated, and its rules.

    It takes place on its weekdays between its validity dates; or, where it
    belongs to a special day, on that date alone, instead of the usual ones. A
    last seating that is earlier than the first is after midnight.
    """

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="services", verbose_name=_("restaurant"))
    special_day = models.ForeignKey(
        SpecialDay,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="services",
        verbose_name=_("special day"),
        help_text=_("Only on this date, replacing the usual services."),
    )
    name = models.CharField(_("name"), max_length=60)
    weekdays = models.PositiveSmallIntegerField(
        _("weekdays"), default=EVERY_DAY, validators=[MaxValueValidator(EVERY_DAY)]
    )
    first_seating = models.TimeField(_("first seating"))
    last_seating = models.TimeField(_("last seating"), help_text=_("Earlier than the first seating: after midnight."))
    interval_minutes = models.PositiveSmallIntegerField(
        _("interval (minutes)"), default=30, help_text=_("A time is offered this often; a multiple of 15.")
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    min_party = models.PositiveSmallIntegerField(
        _("smallest party online"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)],
        help_text=_("Empty: as the restaurant says."),
    )
    max_party = models.PositiveSmallIntegerField(
        _("largest party online"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)],
        help_text=_("Empty: as the restaurant says."),
    )
    max_covers = models.PositiveSmallIntegerField(
        _("pacing (covers per time)"),
        null=True,
        blank=True,
        help_text=_("At most so many covers arrive at one time. Empty: no limit."),
    )
    max_online_covers = models.PositiveSmallIntegerField(
        _("of those online"),
        null=True,
        blank=True,
        help_text=_("At most so many of them booked online. Empty: no limit of its own."),
    )

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ("restaurant", "first_seating", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(interval_minutes__gt=0), name="service_interval_positive")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.first_seating:%H:%M}–{self.last_seating:%H:%M}"

    def clean(self) -> None:
        """Refuse times off the grid of slots, and ranges that hold nothing."""
        super().clean()
        errors: dict[str, Any] = {}
        for name in ("first_seating", "last_seating"):
            value = getattr(self, name)
            if value is not None and (value.minute % SLOT_MINUTES or value.second or value.microsecond):
                errors[name] = _("Use a quarter of an hour, such as 18:15.")
        if not self.interval_minutes or self.interval_minutes % SLOT_MINUTES:
            errors["interval_minutes"] = _("Use 15 or a multiple of it.")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            errors["valid_until"] = _("The last date is before the first.")
        if self.min_party and self.max_party and self.max_party < self.min_party:
            errors["max_party"] = _("The largest party is smaller than the smallest.")
        if self.special_day_id and self.restaurant_id and self.special_day is not None:
            if self.special_day.restaurant_id != self.restaurant_id:
                errors["special_day"] = _("This special day belongs to another restaurant.")
            elif self.special_day.is_closed:
                errors["special_day"] = _("The restaurant is closed on this day. Untick “closed” there first.")
        if errors:
            raise ValidationError(errors)


class TurnTime(CachedModel):
    """How long a party of up to so many covers holds its table."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="turn_times", verbose_name=_("restaurant"))
    service = models.ForeignKey(
        Service,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="turn_times",
        verbose_name=_("service"),
        help_text=_("Empty: for every service that has no turn times of its own."),
    )
    up_to = models.PositiveSmallIntegerField(
        _("parties up to"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    minutes = models.PositiveSmallIntegerField(_("minutes"), validators=[MinValueValidator(15), MaxValueValidator(720)])

    class Meta:
        verbose_name = _("turn time")
        verbose_name_plural = _("turn times")
        ordering = ("restaurant", "service", "up_to")

    def __str__(self) -> str:
        return f"≤ {self.up_to}: {self.minutes} min"

    def clean(self) -> None:
        """Refuse the service of another restaurant."""
        super().clean()
        if self.service_id and self.service is not None and self.service.restaurant_id != self.restaurant_id:
            raise ValidationError({"service": _("This service belongs to another restaurant.")})
