"""What every test of menus has: staff who belong to whatever restaurant the test makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.models.signals import post_save

from reservations.models import Restaurant
from tests.menus.staff import employ, everywhere


@pytest.fixture(autouse=True)
def staff_everywhere() -> Iterator[None]:
    """Employ whom `staff_with` makes at restaurants that come later, until the test ends."""
    post_save.connect(employ, sender=Restaurant)
    yield
    post_save.disconnect(employ, sender=Restaurant)
    everywhere.clear()
