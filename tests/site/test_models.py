"""The models keep to what every supported database can do, and to one restaurant each."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.models.fields.json import JSONField

from reservations.models import JobBeat, Restaurant, User

APPS = ("reservations", "menus", "accounts")
MODELS = [model for label in APPS for model in apps.get_app_config(label).get_models(include_auto_created=True)]
# Django's own tables of the user's groups and permissions hang on the user.
OF_NO_RESTAURANT = {
    JobBeat,
    Restaurant,
    User,
    User.groups.through,
    User.user_permissions.through,
    *apps.get_app_config("accounts").get_models(),
}

PORTABLE = (
    models.BigAutoField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DecimalField,
    models.ForeignKey,
    models.IntegerField,
    JSONField,
    models.TextField,
    models.TimeField,
)
"""Kinds of columns that PostgreSQL and Azure SQL both have; what derives from them counts."""


def columns(model: type[models.Model]) -> list[models.Field]:  # type: ignore[type-arg]
    return list(model._meta.local_concrete_fields)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
class TestModel:
    def test_carries_its_restaurant(self, model: type[models.Model]) -> None:
        if model in OF_NO_RESTAURANT:
            return
        field = model._meta.get_field("restaurant")
        assert isinstance(field, models.ForeignKey)
        assert field.remote_field.model is Restaurant
        assert not field.null

    def test_has_columns_that_every_database_has(self, model: type[models.Model]) -> None:
        for field in columns(model):
            assert isinstance(field, PORTABLE), field
            assert not type(field).__module__.startswith("django.contrib.postgres"), field
            assert not getattr(field, "db_collation", None), field
            # A constant, if any: an expression is not the same on both.
            assert field.db_default is models.NOT_PROVIDED or isinstance(field.db_default, str | int), field

    def test_has_unique_constraints_that_every_database_has(self, model: type[models.Model]) -> None:
        options = model._meta
        together = [tuple(names) for names in options.unique_together]
        for constraint in options.constraints:
            assert isinstance(constraint, models.UniqueConstraint | models.CheckConstraint), constraint
            if isinstance(constraint, models.CheckConstraint):
                continue
            assert constraint.fields, f"{constraint.name} is over an expression"
            for name in ("condition", "deferrable", "include", "opclasses", "nulls_distinct"):
                assert not getattr(constraint, name), f"{constraint.name} has {name}"
            together.append(tuple(constraint.fields))
        for name in {name for names in together for name in names}:
            # A single nullable column may be unique=True instead.
            field = options.get_field(name)
            assert isinstance(field, models.Field)
            assert not field.null, f"a constraint is over the nullable {name}"

    def test_has_indexes_that_every_database_has(self, model: type[models.Model]) -> None:
        for index in model._meta.indexes:
            assert type(index) is models.Index
            assert index.fields
            assert not any((index.expressions, index.condition, index.include, index.opclasses)), index.name


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    out = io.StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=out)
    except SystemExit:
        pytest.fail(f"A migration is missing:\n{out.getvalue()}")


def migrations() -> list[tuple[str, str]]:
    return sorted(key for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations if key[0] in APPS)


@pytest.mark.django_db
@pytest.mark.parametrize(("app", "name"), migrations())
def test_every_migration_can_be_told_as_sql(app: str, name: str) -> None:
    out = io.StringIO()
    call_command("sqlmigrate", app, name, stdout=out, no_color=True)
    assert out.getvalue().strip()
