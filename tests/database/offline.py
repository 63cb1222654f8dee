"""T-SQL of everything, without a server: ``python -m tests.database.offline`` writes what was said as JSON.

A process of its own, since mssql-django replaces some of Django's methods for
all databases as it loads. Its connection leads to `Wire`, which keeps what was
sent and answers with nothing.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from tests.database import odbc  # noqa: F401 - mssql-django asks for the driver as it loads

ROOT = f"{Path(__file__).resolve().parents[2]}/"
URL = "mssql://app:secret@nowhere.example/restaurant"


FOR_OTHERS = "restaurant_site/database/dialect.py:sent"
"""What sends the statements of whoever calls it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A statement as it would go to the server, how many parameters, and which function of which file sent it."""

    sql: str
    parameters: int
    sender: str


@dataclass(slots=True)
class Wire:
    """A connection of the driver's."""

    said: list[Said] = field(default_factory=list)
    row: tuple[Any, ...] | None = None
    """The answer to who wants one row."""
    autocommit: bool = True
    timeout: int = 0

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    def commit(self) -> None:
        """Do nothing, as everything else here."""

    rollback = close = commit


@dataclass(slots=True)
class _Cursor:
    wire: Wire
    rowcount: int = 1

    @property
    def description(self) -> Any:
        """Say that there are rows where there would be, in whichever columns."""
        return [()] if self.wire.said[-1].sql.startswith("SELECT") or " OUTPUT " in self.wire.said[-1].sql else None

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        self.wire.said.append(Said(sql, len(parameters or ()), _sender()))
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self.wire.row

    def fetchmany(self, size: int = 0) -> list[Any]:
        return []

    def fetchall(self) -> list[Any]:
        last = self.wire.said[-1].sql
        return [(0,)] if last.startswith("SELECT COUNT(*) FROM") or " OUTPUT INSERTED" in last else []

    def nextset(self) -> bool:
        return False

    def close(self) -> None:
        """Do nothing."""


def asking() -> Iterator[tuple[str, str]]:
    """Yield the project's files and functions on the stack, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame:
        path = frame.f_code.co_filename
        if path.startswith(ROOT) and not path.startswith((f"{ROOT}.venv", f"{ROOT}tests")):
            yield path.removeprefix(ROOT), frame.f_code.co_name
        frame = frame.f_back


def _sender() -> str:
    """Return the innermost of them, such as reservations/engine/inserts.py:insert; who sends for others is none."""
    return next((found for found in map(":".join, asking()) if found != FOR_OTHERS), "")


def connected(name: str = "default") -> Any:
    """Return Django's connection to an Azure SQL that is not there, in a transaction that never ends."""
    from django.db.utils import ConnectionHandler

    from restaurant_site.database import urls

    config = urls.database(URL)
    wrapper: Any = ConnectionHandler({"default": config, name: config})[name]
    # As the service reports itself: version 12, which mssql-django takes for 2014, and its edition.
    wrapper._known_versions[name], wrapper._known_azures[name] = 2014, True
    wrapper.connection, wrapper.autocommit = Wire(), True
    wrapper.ensure_connection = lambda: None
    wrapper._set_autocommit = lambda autocommit: None
    return wrapper


def migrations(connection: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each statement of each migration in order, with its migration and what the tables so far refuse of it."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations import RunPython
    from django.db.migrations.state import ProjectState

    from tests.database.tables import Tables

    tables = Tables()
    connection.introspection.get_constraints = lambda cursor, table: tables.constraints(table)
    loader = MigrationLoader(None, ignore_no_migrations=True)
    order = {node: None for leaf in sorted(loader.graph.leaf_nodes()) for node in loader.graph.forwards_plan(leaf)}
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for node in order:
        migration, name = loader.graph.nodes[node], ".".join(node)
        made: list[tuple[str, str, list[str]]] = []
        with _collecting(connection, tables, name, made) as editor:
            before = state.clone()
            state = migration.apply(state, editor, collect_sql=True)
            connection.connection.said.clear()
            for operation in migration.operations:
                if isinstance(operation, RunPython) and node[0] in ("reservations", "menus"):
                    operation.code(before.apps, editor)
        yield from made
        yield from ((name, said.sql, []) for said in connection.connection.said)


@contextmanager
def _collecting(connection: Any, tables: Any, name: str, made: list[tuple[str, str, list[str]]]) -> Iterator[Any]:
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        execute = editor.execute

        def kept(sql: Any, params: Any = (), has_result: bool = False) -> Any:
            found = execute(sql, params, has_result)
            statement = editor.collected_sql[-1]
            made.append((name, statement, tables.faults(statement)))
            return found

        editor.execute = kept
        yield editor


def prepared(connection: Any) -> Iterator[tuple[str, str, int]]:
    """Yield every statement that a write rule prepares, with its module and how many parameters it has."""
    from django.db import transaction

    from reservations import urls  # noqa: F401 - loads all of them
    from reservations.jobs import loop  # noqa: F401
    from reservations.queries.prepared import Prepared, PreparedUpdate

    for found in [one for one in gc.get_objects() if isinstance(one, Prepared | PreparedUpdate)]:
        with transaction.atomic():
            found._compile(connection)
        statement = found._made[connection.vendor]
        yield found._build.__module__, statement.sql, len(statement.params)


def by_hand(connection: Any) -> Iterator[Said]:
    """Run all code that sends statements by hand, and yield what it sent."""
    from django.apps import apps
    from django.core.checks import run_checks
    from django.db import transaction
    from django.test import RequestFactory

    from reservations.auditing.audit import audit
    from reservations.engine import inserts
    from reservations.models import ServiceDay
    from reservations.queries.prepared import Prepared
    from restaurant_site.caching import outbox
    from restaurant_site.database import azure, dialect, replica, waits
    from restaurant_site.middleware import Health

    wire = connection.connection
    wire.said.clear()
    wire.row = (12, "Azure SQL")
    for model in apps.get_models():
        with transaction.atomic():
            inserts.insert(model())
            inserts.insert_many([model(), model()])
    with transaction.atomic():
        outbox._note({"menu:7"}, "default")
        outbox._note({"menu:8"}, "default")
        connection.run_on_commit.clear()
        dialect.locked_row("default", "reservations_serviceday", ["restaurant_id", "date"], "id", 7)
    waits.bound(waits.WEB)
    azure.bound(connection)
    replica.replayed("default")
    run_checks(tags=["database"], databases=["default"])
    Health(lambda request: None)(RequestFactory().get("/readyz"))  # type: ignore[arg-type, return-value]
    assert Prepared(lambda: ServiceDay.objects.values_list("pk")).rows() == []
    wire.row = None
    assert list(audit(restaurants=(1, 2)))
    yield from wire.said


def main() -> None:
    """Write what was said, by kind."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "restaurant_site.settings"
    import django
    from django.db import connections

    django.setup()
    connection = connected()
    connections["default"] = connection
    found = {
        "migrations": list(migrations(connection)),
        "prepared": list(prepared(connection)),
        "by hand": [(said.sender, said.sql, said.parameters) for said in by_hand(connection)],
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
