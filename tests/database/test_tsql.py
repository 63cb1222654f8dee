"""Every migration and every statement by hand as Azure SQL would get it: made without a server, and parsed as T-SQL."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from restaurant_site.database.batches import rows_of
from tests.database.offline import FOR_OTHERS
from tests.database.test_one_place import ROOT, sources
from tests.database.tsql import MOST_PARAMETERS, faults, marked

# Who sends statements by hand, and why none of these reaches Azure SQL.
NEVER_THERE = {
    "restaurant_site/database/dialect.py:allow": "the driver counts",
    "restaurant_site/database/dialect.py:keep_one_state": "there is no such state",
    "restaurant_site/management/commands/rehearse_restore.py:_scratch": "PostgreSQL's dumps",
    "restaurant_site/management/commands/rehearse_restore.py:_look": "PostgreSQL's dumps",
}


HEAD = "INSERT INTO [t] (…) VALUES "


@pytest.fixture(scope="module")
def offline() -> dict[str, list[list[Any]]]:
    """Return what `tests.database.offline` says, by kind."""
    variables = os.environ | {"DATABASE_URL": "mssql://u:p@nowhere/n", "REDIS_URL": "none"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.database.offline"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[list[Any]]] = json.loads(done.stdout)
    return found


def executions() -> Iterator[str]:
    """Yield each function of the project that sends a statement of its own, with its file."""
    for name, tree in sources():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and executes(function):
                yield f"{name}:{function.name}"


def executes(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (
            (node.func.attr in ("execute", "executemany", "callproc", "copy") and "cursor" in node.func.value.id)
            or (node.func.attr == "sent" and node.func.value.id == "dialect")
        )
        for node in ast.walk(function)
    )


def test_every_migration_is_t_sql_that_azure_sql_takes(offline: dict[str, list[list[Any]]]) -> None:
    found = offline["migrations"]
    wrong = {
        f"{name}: {fault}"
        for name, sql, of_the_tables in found
        if not sql.startswith("--")
        for fault in [*faults(sql), *of_the_tables]
    }
    assert not wrong
    # Of all apps, Django's and the libraries' too.
    apps = {name.partition(".")[0] for name, _sql, _faults in found}
    assert apps > {"auth", "sessions", "admin", "contenttypes", "axes", "otp_totp", "caching", "reservations", "menus"}
    assert sum(sql.startswith("CREATE TABLE") for _name, sql, _faults in found) > 45


def test_every_prepared_statement_is_t_sql(offline: dict[str, list[list[Any]]]) -> None:
    assert len(offline["prepared"]) > 20
    for module, sql, parameters in offline["prepared"]:
        assert not faults(marked(sql)), (module, sql)
        assert parameters <= MOST_PARAMETERS


def test_every_statement_by_hand_is_t_sql(offline: dict[str, list[list[Any]]]) -> None:
    for sender, sql, _parameters in offline["by hand"]:
        assert not faults(sql), (sender, sql)


@pytest.mark.parametrize("columns", [1, 2, 3, 7, 60, 2000])
def test_an_insert_of_many_rows_is_within_its_bounds(columns: int) -> None:
    row = f"({', '.join('?' * columns)})"
    head = HEAD.replace("…", ", ".join(f"[c{number}]" for number in range(columns)))
    assert not faults(head + ", ".join([row] * rows_of(columns)))
    assert faults(head + ", ".join([row] * (rows_of(columns) + 2 + 100 // columns)))


def test_none_by_hand_is_missed(offline: dict[str, list[list[Any]]]) -> None:
    # Whoever adds one lets `offline.by_hand` run it, or says here why Azure SQL never gets it.
    sent = {sender for sender, _sql, _parameters in offline["by hand"]}
    assert set(executions()) - sent - {FOR_OTHERS} == set(NEVER_THERE)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f():\n with connection.cursor() as cursor: cursor.execute('SELECT 1')", True),
        ("def f():\n other_cursor.executemany(sql, rows)", True),
        ("def f():\n dialect.sent(connection, 'SELECT 1', [])", True),
        ("def f():\n update.sent(own=7)", False),
        ("def f():\n pool.execute(work)", False),
    ],
)
def test_the_search_finds_who_sends_one(code: str, found: bool) -> None:
    assert executes(ast.parse(code)) is found


def test_raw_sql_of_migrations_would_be_made_too() -> None:
    # RunSQL goes through the schema's editor, whose every statement is kept: it needs no list.
    using = {
        path.name
        for folder in ("reservations", "menus", "restaurant_site")
        for path in (ROOT / folder).rglob("migrations/*.py")
        if "cursor" in path.read_text(encoding="utf-8")
    }
    assert using == set()
