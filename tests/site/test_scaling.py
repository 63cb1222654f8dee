"""What docs/scaling.md says of sharding by restaurant is what the models are, and the keys can be made to fit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from reservations.engine import booking
from reservations.models import Reservation, Restaurant, Table
from tests import factories as make
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
Model = type[models.Model]


def of_restaurants() -> list[Model]:
    """Return the models whose rows carry their restaurant."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if any(field.name == "restaurant" for field in model._meta.local_concrete_fields)
    ]


def unique_keys(model: Model) -> Iterator[models.UniqueConstraint]:
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield constraint


def columns(model: Model, names: tuple[str, ...]) -> list[str]:
    return [str(field.column) for field in model._meta.local_concrete_fields if field.name in names]


def within(model: Model) -> Iterator[tuple[str, Model]]:
    """Return the columns by which a row names another row of its restaurant, and whose it is."""
    for field in model._meta.local_concrete_fields:
        if isinstance(field, models.ForeignKey) and field.related_model in of_restaurants():
            yield field.column, field.related_model


def named(heading: str) -> set[str]:
    """Return the names in the first column of the table below a heading."""
    part = DOCUMENT.partition(f"### {heading}\n")[2].partition("\n#")[0]
    return {name for row in re.findall(r"^\| ([^|]+) \|", part, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}


def test_the_document_names_the_tables_that_no_restaurant_has() -> None:
    ours = {"reservations", "menus", "accounts", "caching"}
    there = {
        model.__name__
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in ours and model not in of_restaurants()
    }
    assert named("Tables of no restaurant") == there


def test_the_document_names_the_unique_keys_without_the_restaurant() -> None:
    lacking = {
        constraint.name
        for model in of_restaurants()
        for constraint in unique_keys(model)
        if "restaurant" not in constraint.fields
    }
    assert named("Unique keys that lack it") == lacking


def test_the_document_counts_the_keys() -> None:
    tables = of_restaurants()
    kept = [key for model in tables for key in unique_keys(model) if "restaurant" in key.fields]
    links = [link for model in tables for link in within(model)]
    said = re.search(r"(\d+) tables carry .*?(\d+) unique keys .*?(\d+) foreign keys", DOCUMENT, re.DOTALL)
    assert said
    assert tuple(map(int, said.groups())) == (len(tables), len(kept), len(links))


def shard(cursor: CursorWrapper) -> None:
    """Let each key contain the restaurant, as Citus asks of the keys of a distributed table."""
    execute = cursor.execute
    tables = of_restaurants()
    for model in tables:
        name = model._meta.db_table
        # With it go the foreign keys to it.
        execute(f'ALTER TABLE "{name}" DROP CONSTRAINT "{name}_pkey" CASCADE')
        execute(f'ALTER TABLE "{name}" ADD PRIMARY KEY (restaurant_id, id)')
        for key in unique_keys(model):
            if "restaurant" not in key.fields:
                of_key = ", ".join(["restaurant_id", *columns(model, tuple(key.fields))])
                execute(f'ALTER TABLE "{name}" DROP CONSTRAINT "{key.name}"')
                execute(f'ALTER TABLE "{name}" ADD CONSTRAINT "{key.name}" UNIQUE ({of_key})')
    for model in tables:
        for column, other in within(model):
            execute(
                f'ALTER TABLE "{model._meta.db_table}" ADD FOREIGN KEY (restaurant_id, "{column}") '
                f'REFERENCES "{other._meta.db_table}" (restaurant_id, id) DEFERRABLE INITIALLY DEFERRED'
            )


def seat_at_anothers(venue: Restaurant, table: Table) -> None:
    """Seat a party at a table of another restaurant, and let the database look at once."""
    make.make_seated(venue, [table], make.make_wish(venue))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
def test_the_code_runs_unchanged_on_keys_that_contain_the_restaurant() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("elastic clusters are PostgreSQL")
    with connection.cursor() as cursor:
        shard(cursor)
    venue, other = make.make_venue(tables=(2, 2)), make.make_venue(tables=(2,))
    make.make_menu(venue)
    first, second = venue.tables.order_by("pk")
    wish = make.make_wish(venue)
    make.make_seated(venue, [first], wish, guest=make.make_guest(venue))
    make.make_seated(venue, [second], wish)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.make_seated(venue, [first], wish)
    assert Reservation.objects.filter(restaurant=venue).count() == 2
    # And a row of one restaurant can't name one of another.
    with pytest.raises(IntegrityError), transaction.atomic():
        seat_at_anothers(other, first)


@pytest.mark.django_db(transaction=True)
def test_what_a_booking_asks_names_its_restaurant() -> None:
    venue = make.make_venue(tables=(2,) * 4)
    gone = make.make_reservation(venue)
    with CaptureQueriesContext(connection) as log:
        booking.confirm(reservation=make.make_hold(venue), details=make.make_details())
        booking.cancel(reservation=gone, by_guest=True)
    sent = [entry["sql"] for entry in log.captured_queries if entry["sql"] not in ("BEGIN", "COMMIT", "ROLLBACK")]
    assert len(sent) > 20
    across = {shape(sql) for sql in sent if not is_of_one(sql)}
    assert across == named("What a booking asks of more than one restaurant"), sent


def is_of_one(sql: str) -> bool:
    """Return whether a statement says of which restaurant it is, in what it writes or by what it chooses."""
    rest = sql if sql.startswith("INSERT") else sql.partition(" WHERE ")[2]
    return (
        bool(re.search(r'"?restaurant_id"?|"reservations_restaurant"\."id" = ', rest)) and '."browser" = ' not in rest
    )


def shape(sql: str) -> str:
    """Return what a statement is about: its first table."""
    found = re.search(r'(?:INTO|FROM|UPDATE) "(\w+)"', sql)
    assert found, sql
    return found[1]
