"""What a migration must not do while code of the release before is still serving: CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

_GONE = (migrations.RemoveField, migrations.RenameField, migrations.DeleteModel, migrations.RenameModel)


def narrowing(app: str, migration: migrations.Migration, before: ProjectState, last: ProjectState) -> Iterator[str]:
    """Yield what a migration takes from code that knows the state before, by what is left of it in the last state.

    A migration that says ``contracts = True`` may: the release before no longer uses what it removes.
    """
    if getattr(migration, "contracts", False):
        return
    for operation in migration.operations:
        told = f"{app}.{migration.name}: {operation.describe()}"
        if isinstance(operation, (*_GONE, migrations.AlterModelTable)):
            yield told
        elif isinstance(operation, (migrations.AddField, migrations.AlterField)):
            if why := _narrowed(app, operation.model_name, operation.name, before, last):
                yield f"{told}: {why}"
        elif _binds_what_was_there(app, operation, before):
            yield f"{told}: rows of before may not keep to it"


def _narrowed(app: str, model: str, name: str, before: ProjectState, last: ProjectState) -> str:
    """Say how a column refuses what code of before writes; nothing for models that are new."""
    old_model, new_model = before.models.get((app, model.lower())), last.models.get((app, model.lower()))
    if old_model is None or new_model is None or name not in new_model.fields:
        return ""
    field = new_model.fields[name]
    old = old_model.fields.get(name)
    if field.many_to_many:
        return ""
    if old is None:
        return "" if field.null or field.has_db_default() else "an INSERT that does not name it fails"
    if type(field) is not type(old):
        return "another type"
    if old.null and not field.null:
        return "it no longer takes NULL"
    if field.unique and not old.unique:
        return "it became unique"
    if (field.max_length or 0) < (old.max_length or 0):
        return "it became shorter"
    return ""


def _binds_what_was_there(app: str, operation: Operation, before: ProjectState) -> bool:
    """Tell whether a constraint is new and on columns that code of before fills in."""
    if not isinstance(operation, migrations.AddConstraint):
        return False
    model = before.models.get((app, operation.model_name.lower()))
    if model is None:
        return False
    constraint = operation.constraint
    if isinstance(constraint, models.UniqueConstraint):
        return set(constraint.fields) <= set(model.fields)
    if isinstance(constraint, models.CheckConstraint):
        return any(f"'{name}" in repr(constraint.condition) for name in model.fields)
    return True
