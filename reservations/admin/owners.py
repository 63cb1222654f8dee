"""Whose the fields of a restaurant's form are: how it is presented is a manager's, how it is booked the owner's."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest

from reservations import access
from reservations.models import Restaurant

SET_BOOKING = "reservations.set_booking"

PRESENTED = frozenset(
    {
        *("tagline", "description", "street", "postcode", "city", "country", "latitude", "longitude"),
        *("phone", "email", "website", "hours_text", "photo", "photo_alt", "accent"),
    }
)
"""What a manager may change. Every other field, also one that comes later, is the owner's."""

LISTED = ("position",)
"""Where a restaurant stands among others is for superusers."""


class OwnersFields(admin.ModelAdmin):  # type: ignore[type-arg]
    """Leaves fields of a restaurant's form to those whose they are."""

    prepopulated_fields: ClassVar[dict[str, Any]] = {}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str] | tuple[Any, ...]:
        """Fix what is not the user's to change at this restaurant."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fixed
        if isinstance(obj, Restaurant) and access.may(request.user, SET_BOOKING, obj.pk):
            return (*fixed, *LISTED)
        others = flatten_fieldsets(self.get_fieldsets(request, obj))
        return (*fixed, *(name for name in others if name not in PRESENTED and name not in fixed))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Fill in nothing that is fixed."""
        fixed = self.get_readonly_fields(request, obj)
        found = super().get_prepopulated_fields(request, obj)
        return {name: sources for name, sources in found.items() if name not in fixed}
