"""What of the tests speaks PostgreSQL's own words: marked, so that it is skipped elsewhere, and listed in the docs."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection

from tests import postgresql

ROOT = Path(__file__).resolve().parents[2]

# Each is PostgreSQL's alone. What else may be, shows where DATABASE_URL names a server of Azure SQL.
WORDS = re.compile(
    r"\bpg_[a-z]|import psycopg|\bf?\"SHOW |SET (?:LOCAL )?lock_timeout|FOR (?:NO KEY )?UPDATE\b|set_config"
    r"|STRING_AGG|TO_JSONB|mark\.postgresql\(|postgresql import alone"
)
OWN_SERVERS = {
    # They start a PostgreSQL of their own, whatever DATABASE_URL names.
    "tests/concurrency/outages.py",
    "tests/concurrency/test_killed_under_load.py",
    "tests/site/bounded/test_stuck_database.py",
    "tests/soak/verdict.py",
    "tests/site/checkouts.py",
    "tests/site/test_embedded.py",
    "tests/site/test_embedded_trouble.py",
}
OF_THE_CHECKS = {
    # Words that are parsed or compared, and sent to nobody.
    "tests/database/drivers.py",
    "tests/database/standby.py",
    "tests/database/test_postgresql_alone.py",
    "tests/database/test_tsql_lint.py",
    "tests/database/tsql.py",
}


def speaking() -> dict[str, str]:
    """Return the texts of the tests and helpers with such words, by their path."""
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")
    }
    return {name: text for name, text in texts.items() if WORDS.search(text)}


def test_what_speaks_postgresql_is_marked_and_listed() -> None:
    found = speaking()
    assert set(found) >= OWN_SERVERS | OF_THE_CHECKS
    alone = {name: text for name, text in found.items() if name not in OWN_SERVERS | OF_THE_CHECKS}
    for name, text in alone.items():
        assert "mark.postgresql(" in text or "import alone" in text, f"{name} is not marked"
    docs = (ROOT / "docs/databases.md").read_text(encoding="utf-8")
    listed = docs.partition("## Tests of PostgreSQL alone")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(tests/[\w/]+\.py)`", listed)) == set(alone)


def test_elsewhere_it_is_skipped_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    added: list[pytest.MarkDecorator] = []
    marks = {"postgresql": pytest.mark.postgresql("it sleeps").mark}
    marked = SimpleNamespace(get_closest_marker=marks.get, add_marker=added.append)
    other = SimpleNamespace(get_closest_marker=lambda name: None, add_marker=added.append)
    postgresql.skip_elsewhere([marked, other])  # type: ignore[list-item]
    assert not added or connection.vendor != "postgresql"
    monkeypatch.setattr(postgresql, "connection", SimpleNamespace(vendor="microsoft"))
    added.clear()
    postgresql.skip_elsewhere([marked, other])  # type: ignore[list-item]
    assert [mark.kwargs["reason"] for mark in added] == ["PostgreSQL alone: it sleeps"]
    with pytest.raises(pytest.skip.Exception, match="PostgreSQL alone: a clock"):
        postgresql.alone("a clock")
