"""Limits are off in every other test: all of those come from one address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from restaurant_site.limits import counting, leases


@pytest.fixture(autouse=True)
def limited(settings: Settings) -> Iterator[None]:
    """Switch them on, with nothing counted yet."""
    settings.LIMITS_SCALE = 100
    counting.forget()
    leases.forget()
    yield
    counting.forget()
    leases.forget()
