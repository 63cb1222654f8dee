"""Staff of menus in tests: with these permissions alone, and what they read on a page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from reservations.models import Membership, Restaurant, User
from tests.factories import make_limited

everywhere: list[User] = []
"""Who belongs to every restaurant, those that the test still makes too: see conftest."""


def staff_with(*names: str) -> User:
    """Return staff of every restaurant with permissions of these code names alone."""
    user = make_limited(*names)
    everywhere.append(user)
    return user


def employ(instance: Restaurant, created: bool, **_others: Any) -> None:
    """Add them to a restaurant that was just made."""
    for user in everywhere if created else ():
        Membership.objects.create(user=user, restaurant=instance)


def url(name: str, *args: object) -> str:
    """Return the address of a page of the admin of menus."""
    return reverse(f"admin:menus_{name}", args=args)
