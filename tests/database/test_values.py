"""What prepares a statement's values makes of each what its field does, and keeps nothing that people write."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils.functional import lazystr

from reservations.models import Reservation
from restaurant_site.database import values
from tests import factories as make

FIELDS = [field for model in apps.get_models() for field in model._meta.concrete_fields]
SOME: list[Any] = [
    *[None, True, False, 0, 1, 2, 999, 1000, 1001, -1, 2**40, 1.5, Decimal("2.50")],
    *["", "x", "0", "2026-12-24", "Zoë", lazystr("lazy"), Reservation.Status.HELD, Reservation.Source.ONLINE],
    *[[], [1, 2], {"a": 1}, dt.date(2026, 12, 24), dt.time(18), dt.datetime(2026, 12, 24, 18, tzinfo=dt.UTC)],
    # Without a zone it warns.
    dt.datetime.fromisoformat("2026-12-24T18:00"),
    dt.datetime(2026, 12, 24, 18, tzinfo=ZoneInfo("Europe/Berlin")),
    *[uuid.UUID(int=7), b"x"],
]


def outcome(prepare: Any, value: Any) -> tuple[Any, ...]:
    """Return what comes of a value, with its type, or the error."""
    try:
        found = prepare(value, connection)
    except Exception as error:
        return type(error), str(error)
    return type(found), repr(getattr(found, "obj", found)), repr(found) if isinstance(found, str | int) else ""


def test_all_kinds_of_fields_are_asked() -> None:
    assert len({type(field) for field in FIELDS}) > 12
    kept: dict[type | None, set[str]] = {}
    for field in FIELDS:
        kept.setdefault(values._kept(field, connection.vendor), set()).add(type(field).__name__)
    assert kept[str] >= {"CharField", "TextField", "EmailField", "SlugField"}
    assert kept[dt.datetime] == {"DateTimeField"}
    assert kept[dt.date] == {"DateField"}
    assert {values._kept(field, "microsoft") for field in FIELDS} == {str, None}


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_it_is_what_the_field_makes_of_it(field: models.Field[Any, Any]) -> None:
    prepare = values.preparer(field, connection.vendor)
    # A second time from memory; numbers and truths that are equal are not the same.
    for value in [*SOME, *SOME]:
        assert outcome(prepare, value) == outcome(field.get_db_prep_save, value), value


def test_a_field_with_a_way_of_its_own_keeps_it() -> None:
    own = type("Own", (models.CharField,), {"get_prep_value": lambda self, value: str(value)[::-1]})
    prepare = values.preparer(own(max_length=9), connection.vendor)
    assert prepare("abc", connection) == "cba"


def test_what_people_write_is_not_remembered() -> None:
    secret = "".join(["Ada ", "Lovelace ", str(uuid.uuid4())])
    for field in FIELDS:
        prepare = values.preparer(field, connection.vendor)
        for value in (secret, [secret], {"name": secret}):
            outcome(prepare, value)
        known = next(cell.cell_contents for cell in prepare.__closure__ or () if type(cell.cell_contents) is dict)
        assert secret not in repr(known)
        assert len(known) < 1200


@pytest.mark.django_db
def test_rows_are_read_as_their_fields_read_them() -> None:
    venue = make.make_venue()
    for row in [venue, make.make_hold(venue), *(model() for model in apps.get_models())]:
        fields = tuple(row._meta.concrete_fields)
        own = [field for field in fields if not values._reads_alone(field)]
        read = values.reader(fields)(row)
        for field, value in zip(fields, read, strict=True):
            if field not in own:
                assert value == field.pre_save(row, True)


def test_a_field_that_fills_itself_in_does() -> None:
    field = models.DateTimeField(auto_now_add=True)
    field.set_attributes_from_name("made")
    row: Any = Reservation()
    row.made = None
    (found,) = values.reader((field,))(row)
    assert found is not None
    assert row.made is found
