"""What differs between the databases, and what reads the replica, stands where it should: found in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("restaurant_site", "reservations", "menus")
DIALECT = "restaurant_site/database/dialect.py"

# Statements by hand. Those of the first are of one side alone; the others' are portable, and sent to both parsers.
BY_HAND = {
    DIALECT,
    "restaurant_site/database/replica.py",
    "restaurant_site/database/checks.py",
    "restaurant_site/management/commands/rehearse_restore.py",
    "restaurant_site/middleware.py",
    "restaurant_site/caching/outbox.py",
    "reservations/engine/inserts.py",
    "reservations/queries/prepared.py",
    "reservations/auditing/scope.py",
}
READS_THE_REPLICA = {"reservations/admin/reports.py", "menus/admin/exchanging.py", "restaurant_site/database/checks.py"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def asks_which(tree: ast.AST) -> bool:
    """Return whether code decides by the kind of the database: its vendor, or a feature that one side has."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(part, ast.Attribute) and part.attr == "vendor" for part in (node.left, *node.comparators)
        ):
            return True
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "features"
            # Django's own word for when constraints are checked.
            and node.attr != "can_defer_constraint_checks"
        ):
            return True
    return False


def sends_by_hand(tree: ast.AST) -> bool:
    calls = {
        node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return bool(
        {call.attr for call in calls} & {"cursor", "raw", "extra"}
        or any(
            call.attr == "sent" and isinstance(call.value, ast.Name) and call.value.id == "dialect" for call in calls
        )
        or {"RawSQL"} & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    )


def reads_the_replica(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module == "restaurant_site.database.replica" and names & {"read", "ALIAS", "replayed"}:
                return True
            if node.module == "restaurant_site.database" and "replica" in names:
                return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("using", "db_manager")
            and any(isinstance(argument, ast.Constant) for argument in node.args)
        ):
            # An alias in words, instead of the one that a reader was given.
            return True
    return False


def test_one_module_knows_which_database_it_is() -> None:
    assert [name for name, tree in sources() if asks_which(tree) and name != DIALECT] == []


def test_statements_by_hand_are_known() -> None:
    found = {name for name, tree in sources() if sends_by_hand(tree)}
    assert found == BY_HAND


def test_reports_and_exports_alone_read_the_replica() -> None:
    found = {name for name, tree in sources() if reads_the_replica(tree)}
    assert found == READS_THE_REPLICA


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("if connection.vendor == 'postgresql': pass", (True, False, False)),
        ("connection.features.has_select_for_update_of", (True, False, False)),
        ("made[connection.vendor]", (False, False, False)),
        ("with connection.cursor() as cursor: pass", (False, True, False)),
        ("dialect.sent(connection, 'SELECT 1', [])", (False, True, False)),
        ("Menu.objects.raw('SELECT 1')", (False, True, False)),
        ("x = RawSQL('1', [])", (False, True, False)),
        ("from restaurant_site.database.replica import read", (False, False, True)),
        ("from restaurant_site.database.replica import suffix", (False, False, False)),
        ("Menu.objects.using('replica')", (False, False, True)),
        ("Menu.objects.using(using)", (False, False, False)),
    ],
)
def test_the_search_finds_what_it_should(code: str, found: tuple[bool, bool, bool]) -> None:
    tree = ast.parse(code)
    assert (asks_which(tree), sends_by_hand(tree), reads_the_replica(tree)) == found
