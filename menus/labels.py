"""The 14 allergens of EU regulation 1169/2011, Annex II, and the diets that dishes are marked with."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Allergen(models.TextChoices):
    """An allergen that EU law makes a menu declare, in the order of Annex II."""

    GLUTEN = "gluten", _("gluten")
    CRUSTACEANS = "crustaceans", _("crustaceans")
    EGGS = "eggs", _("eggs")
    FISH = "fish", _("fish")
    PEANUTS = "peanuts", _("peanuts")
    SOY = "soy", _("soy")
    MILK = "milk", _("milk")
    NUTS = "nuts", _("nuts")
    CELERY = "celery", _("celery")
    MUSTARD = "mustard", _("mustard")
    SESAME = "sesame", _("sesame")
    SULPHITES = "sulphites", _("sulphites")
    LUPIN = "lupin", _("lupin")
    MOLLUSCS = "molluscs", _("molluscs")


class Diet(models.TextChoices):
    """A diet that a dish suits."""

    VEGAN = "vegan", _("vegan")
    VEGETARIAN = "vegetarian", _("vegetarian")
    HALAL = "halal", _("halal")
    KOSHER = "kosher", _("kosher")
