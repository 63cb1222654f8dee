"""Fixtures of the accounts' tests."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Let a wrong password take no half second: how many there are is what is tested."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def required(settings: Settings) -> None:
    """Ask for codes, as production does."""
    settings.SECOND_FACTOR = "required"
