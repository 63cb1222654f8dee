"""A pytest plugin: what the ORM asks PostgreSQL while tests run is made for Azure SQL, too, and looked at.

``python -m pytest -p tests.database.shadow tests/menus`` fails where a statement
would be refused there. TSQL_SAID names a file for what was seen, as JSON. A
process of its own, since mssql-django changes Django's methods as it loads.
"""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models.sql import compiler as django

from tests.database.offline import asking, connected
from tests.database.tsql import faults

AZURE = "azure"


class Seen:
    """The statements by their text, lists cut to one, with the modules of the project that asked; and what failed."""

    def __init__(self) -> None:
        self.statements: dict[str, set[str]] = {}
        self.failed: dict[str, str] = {}
        self.tests: dict[str, set[str]] = {}
        self.azure: Any = None
        self.test = ""

    def look(self, compiler: Any, returning: Any) -> None:
        """Make the statement of a compiler for Azure SQL, and send it as far as the wire."""
        if "_check" in compiler.query.annotations:
            # Django's own question whether a constraint holds is worded by what the settings' database can.
            return
        if self.azure is None:
            self.azure = connected(AZURE)
            self.azure.inc_thread_sharing()
            self.azure.autocommit, self.azure.in_atomic_block = False, True
        # By its name, which is each thread's own: some compilers hand on that alone.
        connections[AZURE] = self.azure
        theirs = compiler.query.clone().get_compiler(using=AZURE)
        theirs.returning_fields = returning
        wire = self.azure.connection
        wire.said.clear()
        try:
            made = theirs.as_sql()
            for sql, params in made if isinstance(made, list) else [made]:
                if sql:
                    with self.azure.cursor() as cursor:
                        cursor.execute(sql, params)
        except EmptyResultSet:
            return
        except Exception as error:
            self.failed[f"{type(error).__name__}: {error}"] = f"{self.test}\n{traceback.format_exc()}"
        modules = {path for path, _function in asking()}
        self.tests.setdefault(self.test, set()).update(modules)
        for said in wire.said:
            # By how many rows at once or out of how many is another matter: `tests/site/test_models.py`, `batches`.
            text = re.sub(r"\?(?:, \?)+", "?, ?", said.sql)
            text = re.sub(r"\(\?, \?\)(?:, \(\?, \?\))+", "(?, ?)", text)
            self.statements.setdefault(text, set()).update(modules)


seen = Seen()


def _shadowed(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.connection.vendor == "postgresql":
            returning = kwargs.get("returning_fields") or (args[0] if args and isinstance(args[0], list) else None)
            seen.look(self, returning)
        return original(self, *args, **kwargs)

    return execute_sql


def pytest_configure(config: pytest.Config) -> None:
    """Begin to look."""
    for kind in (django.SQLCompiler, django.SQLInsertCompiler, django.SQLUpdateCompiler):
        kind.execute_sql = _shadowed(kind.execute_sql)  # type: ignore[method-assign]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Know whose statements come next."""
    seen.test = item.nodeid


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Judge what was seen; a statement that would be refused fails the run."""
    wrong = {sql: found for sql in seen.statements if (found := faults(sql))}
    told = {
        "modules": sorted(set().union(*seen.statements.values())),
        "statements": len(seen.statements),
        "tests": {name: sorted(modules) for name, modules in seen.tests.items()},
        "faults": {sql: [*found, *sorted(seen.statements[sql])] for sql, found in wrong.items()},
        "failed": seen.failed,
    }
    if wrong or seen.failed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if path := os.environ.get("TSQL_SAID"):
        Path(path).write_text(json.dumps(told, indent=1), encoding="utf-8")
    else:
        sys.stdout.write(f"\n{json.dumps(told, indent=1)}\n")
