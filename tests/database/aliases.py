"""One more database among the settings, while a test runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections


def name(alias: str, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a database by an alias, as a variable does at the start."""
    connections.settings[alias] = config
    connections.configure_settings(connections.settings)
    wrapper = connections[alias]

    def connect() -> None:
        if wrapper.connection is None:
            with wrapper.wrap_database_errors:
                wrapper.connect()

    # Django's own forbids an alias that came after the test began.
    monkeypatch.setattr(wrapper, "ensure_connection", connect)


def forget(alias: str) -> None:
    """Close its connection and take it from the settings, if it is there."""
    if alias in connections.settings:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
