"""A folder of its own for the photos of each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from restaurant_site.photos import where


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Keep photos there, and return it."""
    kept = tmp_path / "photos"
    settings.STORAGES = settings.STORAGES | where.storages(kept.as_uri(), "")
    return kept
