"""How the tables are emptied behind a test that commits.

Django truncates every table and makes all permissions anew, which takes fifteen
times as long as deleting the few rows that a test has written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, ProgrammingError, connections, transaction
from django.db.models import Max
from django.test import TransactionTestCase

_MADE_BY_MIGRATIONS = (ContentType, Permission)


def empty_quickly(patching: pytest.MonkeyPatch) -> None:
    """Let tests delete their rows, on PostgreSQL; on other databases, and for what asks for more, Django flushes."""
    flush: Callable[[TransactionTestCase], None] = vars(TransactionTestCase)["_fixture_teardown"]
    try:
        first = {model: model._default_manager.aggregate(last=Max("pk"))["last"] or 0 for model in _MADE_BY_MIGRATIONS}
    except (ProgrammingError, OperationalError):
        # None of the tests that were asked for needs a database: none was made.
        return

    def empty(case: Any) -> None:
        aliases = case._databases_names(include_mirrors=False)
        if case.available_apps is not None or case.serialized_rollback:
            return flush(case)
        if any(connections[alias].vendor != "postgresql" for alias in aliases):
            return flush(case)
        for alias in aliases:
            _delete(alias, first)
        return None

    patching.setattr(TransactionTestCase, "_fixture_teardown", empty)


def _delete(alias: str, first: dict[Any, int]) -> None:
    """Delete all rows but those that were there at first. References are looked at when the transaction ends."""
    connection = connections[alias]
    quote = connection.ops.quote_name
    kept = {model._meta.db_table: last for model, last in first.items()}
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    # Whoever still writes to one of them is waited for, as a TRUNCATE would.
    statements = [f"LOCK TABLE {', '.join(map(quote, tables))} IN SHARE ROW EXCLUSIVE MODE"]
    statements += [
        f"DELETE FROM {quote(table)} WHERE id > {kept[table]}" if table in kept else f"DELETE FROM {quote(table)}"  # noqa: S608 - names of tables
        for table in tables
    ]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        cursor.execute("; ".join(statements))
