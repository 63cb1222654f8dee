"""What the tests can say to PostgreSQL alone: skipped with its reason where DATABASE_URL names another database.

docs/databases.md lists the files, and `tests/database/test_postgresql_alone.py` finds them.
"""

from __future__ import annotations

import pytest
from django.db import connection


def alone(why: str) -> None:
    """Skip the test that runs, from a helper that speaks PostgreSQL's own words."""
    if connection.vendor != "postgresql":
        pytest.skip(f"PostgreSQL alone: {why}")


def skip_elsewhere(items: list[pytest.Item]) -> None:
    """Skip what is marked with ``postgresql(why)``."""
    if connection.vendor == "postgresql":
        return
    for item in items:
        if mark := item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.skip(reason=f"PostgreSQL alone: {mark.args[0]}"))
