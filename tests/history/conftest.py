"""The two stores, and the emulator behind one of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from reservations.history.happened import Store
from reservations.history.store import store as chosen
from reservations.models import Restaurant
from tests.factories import make_restaurant
from tests.history.emulator import KEY, Emulator
from tests.history.memory import MemoryStore


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Return one for all tests that don't stop it."""
    with Emulator() as running:
        yield running


@pytest.fixture
def cosmos(settings: Settings, emulator: Emulator) -> Emulator:
    """Let the settings name the emulator, and a database in it that nobody else uses."""
    copy_to(settings, emulator)
    return emulator


def copy_to(settings: Settings, emulator: Emulator) -> None:
    """Let the settings say that the history is copied to the emulator."""
    settings.COSMOS_URL = emulator.url
    settings.COSMOS_KEY = KEY
    settings.COSMOS_DATABASE = f"test-{secrets.token_hex(6)}"
    settings.HISTORY_COPIED = True


@pytest.fixture(params=["sql", pytest.param("cosmos", marks=pytest.mark.audit)])
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the stores in turn, as the settings choose it."""
    if request.param == "cosmos":
        request.getfixturevalue("cosmos")
    return chosen()


@pytest.fixture
def place(transactional_db: None) -> Restaurant:
    """Return a restaurant where something can happen."""
    return make_restaurant()


@pytest.fixture
def copy(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """Return a store in memory, to which the history is copied."""
    settings.HISTORY_COPIED = True
    kept = MemoryStore()
    monkeypatch.setattr("reservations.history.store._cosmos", lambda *_account: kept)
    return kept
