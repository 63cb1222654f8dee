"""The tables of a restaurant: its areas, the tables in them, and those that are pushed together."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from reservations.messages.lines import isolated
from reservations.models.venue import MAX_PARTY, Restaurant
from restaurant_site.caching.writes import CachedModel, Tags


class Area(CachedModel):
    """A part of a restaurant that a guest may ask for: the terrace, the bar, the back room."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="areas", verbose_name=_("restaurant"))
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ("restaurant", "position", "pk")
        constraints: ClassVar = [models.UniqueConstraint(fields=["restaurant", "name"], name="area_name_unique")]

    def __str__(self) -> str:
        return isolated(self.name)


MOST_ACROSS, MOST_DOWN = 60, 200
"""The floor plan's size in its own units; the smallest table is three of them wide."""


class Table(CachedModel):
    """A table and the parties it seats."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    class Shape(models.TextChoices):
        """How a table is drawn on the floor plan."""

        ROUND = "round", _("round")
        SQUARE = "square", _("square")
        LONG = "long", _("long")
        UPRIGHT = "upright", _("long, turned")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="tables", verbose_name=_("restaurant"))
    # PROTECT would stop the restaurant's own cascade on Azure SQL, which checks
    # at once; an area with tables is refused in the admin instead.
    area = models.ForeignKey(Area, models.CASCADE, related_name="tables", verbose_name=_("area"))
    name = models.CharField(_("name"), max_length=30)
    min_seats = models.PositiveSmallIntegerField(
        _("smallest party"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    max_seats = models.PositiveSmallIntegerField(
        _("seats"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    is_online = models.BooleanField(
        _("bookable online"), default=True, help_text=_("Otherwise it is kept for staff and walk-ins.")
    )
    is_step_free = models.BooleanField(_("step-free"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    # Whole units from the upper left corner of its area's room. Without both it
    # is drawn below those that have a place, in a tidy row.
    plan_x = models.PositiveSmallIntegerField(
        _("from the left"), null=True, blank=True, validators=[MaxValueValidator(MOST_ACROSS)]
    )
    plan_y = models.PositiveSmallIntegerField(
        _("from the top"), null=True, blank=True, validators=[MaxValueValidator(MOST_DOWN)]
    )
    plan_shape = models.CharField(
        _("shape"), max_length=10, choices=Shape.choices, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("table")
        verbose_name_plural = _("tables")
        ordering = ("restaurant", "position", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="table_name_unique"),
            models.CheckConstraint(condition=Q(max_seats__gte=F("min_seats")), name="table_seat_range"),
        ]

    def __str__(self) -> str:
        return isolated(self.name)

    def clean(self) -> None:
        """Refuse a range of seats that no party is in, the area of another restaurant, and to shrink a combination."""
        super().clean()
        if self.min_seats and self.max_seats and self.min_seats > self.max_seats:
            raise ValidationError({"max_seats": _("There are fewer seats than the smallest party needs.")})
        if self.area_id and self.restaurant_id and self.area.restaurant_id != self.restaurant_id:
            raise ValidationError({"area": _("This area belongs to another restaurant.")})
        self._refuse_too_few_seats()

    def _refuse_too_few_seats(self) -> None:
        """Refuse fewer seats than before where a combination would still take parties that its tables don't hold."""
        if not self.pk or not self.max_seats or not Table.objects.filter(pk=self.pk, max_seats__gt=self.max_seats):
            return
        for combination in TableCombination.objects.filter(members__table=self).prefetch_related("tables"):
            others = sum(table.max_seats for table in combination.tables.all() if table.pk != self.pk)
            if others + self.max_seats < combination.max_party:
                text = _("The combination “%(combination)s” takes parties up to %(party)d. Change that first.")
                words = {"combination": combination, "party": combination.max_party}
                raise ValidationError({"max_seats": ValidationError(text, params=words)})


class TableCombination(CachedModel):
    """Tables that are pushed together for a party that none of them seats alone."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="combinations", verbose_name=_("restaurant")
    )
    name = models.CharField(_("name"), max_length=60)
    min_party = models.PositiveSmallIntegerField(
        _("smallest party"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    max_party = models.PositiveSmallIntegerField(
        _("largest party"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTY)]
    )
    is_online = models.BooleanField(_("bookable online"), default=True)
    tables: models.ManyToManyField[Table, CombinationTable] = models.ManyToManyField(
        Table, through="CombinationTable", related_name="combinations", verbose_name=_("tables")
    )

    class Meta:
        verbose_name = _("table combination")
        verbose_name_plural = _("table combinations")
        ordering = ("restaurant", "max_party", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="combination_name_unique"),
            models.CheckConstraint(condition=Q(max_party__gte=F("min_party")), name="combination_party_range"),
        ]

    def __str__(self) -> str:
        return isolated(self.name)

    def clean(self) -> None:
        """Refuse a range of party sizes that no party is in."""
        super().clean()
        if self.min_party and self.max_party and self.min_party > self.max_party:
            raise ValidationError({"max_party": _("The largest party is smaller than the smallest.")})


class CombinationTable(CachedModel):
    """One table of a combination."""

    cache_tags = Tags("restaurant:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"))
    combination = models.ForeignKey(
        TableCombination, models.CASCADE, related_name="members", verbose_name=_("combination")
    )
    table = models.ForeignKey(Table, models.CASCADE, related_name="memberships", verbose_name=_("table"))

    class Meta:
        verbose_name = _("table of a combination")
        verbose_name_plural = _("tables of a combination")
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["combination", "table"], name="combinationtable_unique")
        ]

    def __str__(self) -> str:
        return isolated(self.table.name)

    def clean(self) -> None:
        """Refuse a table of another restaurant."""
        super().clean()
        if self.table_id and self.combination_id and self.table.restaurant_id != self.combination.restaurant_id:
            raise ValidationError({"table": _("This table belongs to another restaurant.")})
