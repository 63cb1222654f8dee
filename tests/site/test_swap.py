"""While a release is swapped in, code of the one before reads and writes on the schema of the new one."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.db import connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from reservations.models import Reservation, Restaurant, Table
from tests import factories as make
from tests.site.expanding import narrowing

# The newest migration of each app in the release before: to be moved on with every release. Nothing has been
# released yet, so this is as far back as the schema can be used.
RELEASED = {"reservations": "0003_history_of_before", "menus": "0001_initial", "caching": "0001_outbox"}


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    """Return the migrations, without a look at the database."""
    return MigrationLoader(None)


@pytest.fixture(scope="module")
def before(loader: MigrationLoader) -> ProjectState:
    """Return the models as the release before knows them."""
    return loader.project_state(list(RELEASED.items()))


def since(loader: MigrationLoader) -> list[migrations.Migration]:
    """Return the project's own migrations that the release before does not have."""
    known = {node for leaf in RELEASED.items() for node in loader.graph.forwards_plan(leaf)}
    return [one for key, one in sorted(loader.disk_migrations.items()) if key[0] in RELEASED and key not in known]


def holding(operation: Operation) -> migrations.Migration:
    """Return a migration of one operation."""

    class Other(migrations.Migration):
        operations: ClassVar = [operation]

    return Other("0099_other", "reservations")


def test_migrations_since_the_last_release_take_nothing_away(loader: MigrationLoader, before: ProjectState) -> None:
    new = since(loader)
    assert len(new) > 10
    last = loader.project_state()
    assert [fault for one in new for fault in narrowing(one.app_label, one, before, last)] == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("restaurant", "slug"),
        migrations.RenameField("restaurant", "slug", "short"),
        migrations.DeleteModel("Table"),
        migrations.AddField("restaurant", "stars", models.IntegerField(default=0)),
        migrations.AlterField("restaurant", "slug", models.SlugField(max_length=3)),
        migrations.AlterField("restaurant", "slug", models.IntegerField()),
        migrations.AlterField("reservation", "held_until", models.DateTimeField()),
        migrations.AddConstraint("table", models.UniqueConstraint(fields=["name"], name="n")),
        migrations.AddConstraint("table", models.CheckConstraint(condition=models.Q(name="a"), name="c")),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_takes_something_away_is_found(before: ProjectState, operation: Any) -> None:
    last = before.clone()
    operation.state_forwards("reservations", last)
    migration = holding(operation)
    assert len(list(narrowing("reservations", migration, before, last))) == 1
    # Once the release before no longer uses it, it may go.
    setattr(migration, "contracts", True)  # noqa: B010
    assert list(narrowing("reservations", migration, before, last)) == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("restaurant", "stars", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("restaurant", "stars", models.IntegerField(null=True)),
        migrations.AlterField("restaurant", "slug", models.SlugField(max_length=300, unique=True)),
        migrations.AddIndex("table", models.Index(fields=["name"], name="n")),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_only_adds_is_let_through(before: ProjectState, operation: Any) -> None:
    last = before.clone()
    operation.state_forwards("reservations", last)
    migration = holding(operation)
    assert list(narrowing("reservations", migration, before, last)) == []


@pytest.mark.django_db(transaction=True)
def test_code_of_before_reads_and_writes_rows_on_the_schema_of_today(before: ProjectState) -> None:
    """Every row is read by the models of before, and written again without the columns that they don't know."""
    if not connection.features.can_defer_constraint_checks:
        pytest.skip("rows are taken out and put back in any order")
    venue = make.make_venue(tables=(2, 4))
    make.make_menu(venue)
    make.make_hold(venue, date=make.days_ahead(venue))
    make.make_member(venue)
    old = [model for app in RELEASED if app != "caching" for model in before.apps.get_app_config(app).get_models()]
    rows = {model: list(model._default_manager.all()) for model in old}
    assert sum(map(bool, rows.values())) > 8
    with transaction.atomic():
        for model in rows:
            model._default_manager.all()._raw_delete(connection.alias)
        assert not Restaurant.objects.exists()
        for model, kept in rows.items():
            model._default_manager.bulk_create(kept)
    # Code of today reads what that of before wrote.
    assert Restaurant.objects.get().no_shows_flagged == 3
    assert Reservation.objects.get().asked == ""
    assert {table.plan_shape for table in Table.objects.all()} == {""}
    assert apps.get_model("menus", "Menu")._default_manager.get().weekdays == 127
