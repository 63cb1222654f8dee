"""What is served: menus, their sections and dishes. Prices are in the restaurant's currency."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from menus.labels import Allergen, Diet
from reservations.models import Restaurant
from restaurant_site.caching.writes import CachedModel, Tags


class Menu(CachedModel):
    """A card such as dinner or drinks."""

    cache_tags = Tags("menu:{restaurant_id}")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="menus", verbose_name=_("restaurant"))
    name = models.CharField(_("name"), max_length=80)
    note = models.CharField(_("note"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_published = models.BooleanField(_("published"), default=True)

    class Meta:
        verbose_name = _("menu")
        verbose_name_plural = _("menus")
        ordering = ("restaurant", "position", "pk")
        constraints: ClassVar = [models.UniqueConstraint(fields=["restaurant", "name"], name="menu_name_unique")]

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


class Dish(CachedModel):
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
    is_available = models.BooleanField(_("available"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    source_ref = models.CharField(_("source reference"), max_length=64, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("dish")
        verbose_name_plural = _("dishes")
        ordering = ("section", "position", "pk")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse the section of another restaurant."""
        super().clean()
        if self.section_id and self.restaurant_id and self.section.restaurant_id != self.restaurant_id:
            raise ValidationError({"section": _("This section belongs to another restaurant.")})
