"""Whether there is a restaurant at all, for the first page of the admin."""

from __future__ import annotations

from django import template

from reservations.models import Restaurant

register = template.Library()


@register.simple_tag
def nothing_set_up() -> bool:
    """Return whether there is no restaurant yet."""
    return not Restaurant.objects.exists()
