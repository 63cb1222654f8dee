"""Staff of menus in tests: with these permissions alone, and what they read on a page."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.urls import reverse

from reservations.models import User
from tests.factories import make_user


def staff_with(*names: str) -> User:
    """Return a member of staff with permissions of these code names alone."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def url(name: str, *args: object) -> str:
    """Return the address of a page of the admin of menus."""
    return reverse(f"admin:menus_{name}", args=args)
