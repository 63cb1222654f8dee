"""What is served: menus, their sections and dishes. Prices are in the restaurant's currency."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from menus.labels import Allergen, Diet
from reservations.models import Restaurant, Service
from restaurant_site.caching.writes import CachedModel, Tags
from restaurant_site.photos.models import WithPhoto

EVERY_DAY = 0b1111111
"""The weekday mask of a menu that is served every day; Monday is bit 0."""


class Menu(CachedModel):
    """A card such as dinner or drinks.

    Diners see it if it is published and its time to go live has come, unless
    one that replaces it is live too. It applies at its services, on its
    weekdays, between its dates; at other times diners find it further down.
    """

    cache_tags = Tags("menu:{restaurant_id}")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="menus", verbose_name=_("restaurant"))
    name = models.CharField(_("name"), max_length=80)
    note = models.CharField(_("note"), max_length=300, blank=True)
    title = models.CharField(
        _("name for diners"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: the name. Two menus may share this one."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_published = models.BooleanField(
        _("published"), default=True, help_text=_("Unticked, it is a draft, which staff alone see.")
    )
    goes_live_at = models.DateTimeField(
        _("goes live"), null=True, blank=True, help_text=_("A published menu is seen from then on. Empty: at once.")
    )
    replaces = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
        help_text=_("Once this menu is live, diners no longer see that one."),
    )
    weekdays = models.PositiveSmallIntegerField(
        _("weekdays"),
        default=EVERY_DAY,
        db_default=EVERY_DAY,
        validators=[MinValueValidator(1), MaxValueValidator(EVERY_DAY)],
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("menu")
        verbose_name_plural = _("menus")
        ordering = ("restaurant", "position", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="menu_name_unique"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="menu_date_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """What diners read above it."""
        return self.title or self.name

    def is_live(self, now: dt.datetime) -> bool:
        """Return whether its time has come at a moment (aware); one that replaces it is not asked."""
        return self.is_published and (self.goes_live_at is None or self.goes_live_at <= now)

    def clean(self) -> None:
        """Refuse a range that holds nothing, and to replace itself or a menu of another restaurant."""
        super().clean()
        errors: dict[str, Any] = {}
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            errors["valid_until"] = _("The last date is before the first.")
        if self.replaces_id and self.replaces is not None:
            if self.replaces.restaurant_id != self.restaurant_id:
                errors["replaces"] = _("This menu belongs to another restaurant.")
            elif self.pk in _replaced(self.replaces):
                errors["replaces"] = _("That menu replaces this one already.")
        if errors:
            raise ValidationError(errors)


def _replaced(menu: Menu) -> set[int]:
    """Return the menu and all that it replaces, by number."""
    found: set[int] = set()
    row: Menu | None = menu
    while row is not None and row.pk not in found:
        found.add(row.pk)
        row = row.replaces
    return found


class MenuService(CachedModel):
    """A service at which a menu applies; a menu without any applies all day.

    The name counts beside the row: a special day's dinner is dinner too, and a
    menu of a service that was deleted applies at none, rather than always.
    """

    cache_tags = Tags("menu:{restaurant_id}", fixed=True)

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"))
    menu = models.ForeignKey(Menu, models.CASCADE, related_name="services", verbose_name=_("menu"))
    service = models.ForeignKey(
        Service, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("service of a menu")
        verbose_name_plural = _("services of menus")
        ordering = ("menu", "pk")
        constraints: ClassVar = [models.UniqueConstraint(fields=["menu", "name"], name="menuservice_name_unique")]

    def __str__(self) -> str:
        return self.name


class Section(CachedModel):
    """A part of a menu such as starters."""

    cache_tags = Tags("menu:{restaurant_id}")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"))
    menu = models.ForeignKey(Menu, models.CASCADE, related_name="sections", verbose_name=_("menu"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ("menu", "position", "pk")

    def __str__(self) -> str:
        return self.name or str(_("(no heading)"))

    def clean(self) -> None:
        """Refuse the menu of another restaurant."""
        super().clean()
        if self.menu_id and self.restaurant_id and self.menu.restaurant_id != self.restaurant_id:
            raise ValidationError({"menu": _("This menu belongs to another restaurant.")})


def validate_allergens(codes: object) -> None:
    """Raise ValidationError unless codes is a list of known allergens."""
    _validate_codes(codes, Allergen.values)


def validate_diets(codes: object) -> None:
    """Raise ValidationError unless codes is a list of known diets."""
    _validate_codes(codes, Diet.values)


def _validate_codes(codes: object, known: list[str]) -> None:
    if not isinstance(codes, list) or any(code not in known for code in codes):
        raise ValidationError(_("Use only these: %(known)s."), params={"known": ", ".join(known)})


class Dish(CachedModel, WithPhoto):
    """A dish or drink. A price that is no number is kept as its words; an unknown label is kept as written."""

    cache_tags = Tags("menu:{restaurant_id}")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="dishes", verbose_name=_("restaurant"))
    section = models.ForeignKey(Section, models.CASCADE, related_name="dishes", verbose_name=_("section"))
    name = models.CharField(_("name"), max_length=300)
    description = models.CharField(_("description"), max_length=500, blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty: the price note alone is shown."),
    )
    price_note = models.CharField(
        _("price note"), max_length=80, blank=True, help_text=_("Such as “per 100 g” or “market price”.")
    )
    price_source = models.CharField(
        _("price as imported"), max_length=120, blank=True, editable=False, help_text=_("As the source wrote it.")
    )
    allergens: models.JSONField[list[str], list[str]] = models.JSONField(
        _("allergens"), default=list, blank=True, validators=[validate_allergens]
    )
    diets: models.JSONField[list[str], list[str]] = models.JSONField(
        _("diets"), default=list, blank=True, validators=[validate_diets]
    )
    other_labels: models.JSONField[list[str], list[str]] = models.JSONField(
        _("other labels"), default=list, blank=True, help_text=_("Additives, kinds of meat, and labels nobody knows.")
    )
    is_available = models.BooleanField(
        _("available"), default=True, help_text=_("Unticked, it is off until somebody ticks this again.")
    )
    off_until = models.DateTimeField(
        _("sold out until"), null=True, blank=True, editable=False, help_text=_("Then it is back by itself.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    source_ref = models.CharField(_("source reference"), max_length=64, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("dish")
        verbose_name_plural = _("dishes")
        ordering = ("section", "position", "pk")
        permissions: ClassVar = [("sell_out_dish", "Can say that a dish is sold out, and that it is back")]

    def __str__(self) -> str:
        return self.name

    def is_on(self, now: dt.datetime) -> bool:
        """Return whether guests can have it at a moment (aware)."""
        return self.is_available and (self.off_until is None or self.off_until <= now)

    def clean(self) -> None:
        """Refuse the section of another restaurant."""
        super().clean()
        if self.section_id and self.restaurant_id and self.section.restaurant_id != self.restaurant_id:
            raise ValidationError({"section": _("This section belongs to another restaurant.")})
