"""What a booking writes has no index that another begins with: each write would keep both, and no question needs it."""

from __future__ import annotations

import pytest
from django.db import models

from reservations.models import (
    Block,
    BookingRequest,
    Brake,
    Guest,
    HistoryEvent,
    Message,
    Refusal,
    Reservation,
    ServiceDay,
    TableClaim,
    WaitlistEntry,
)

WRITTEN = (
    *(Block, BookingRequest, Brake, Guest, HistoryEvent, Message, Refusal, Reservation, ServiceDay, TableClaim),
    WaitlistEntry,
)


def begun_with(model: type[models.Model]) -> set[str]:
    """Return the fields with which an index of all the model's rows begins, by themselves or before others."""
    indexes = [one.fields for one in model._meta.indexes if not one.condition]
    unique = [
        one.fields for one in model._meta.constraints if isinstance(one, models.UniqueConstraint) and not one.condition
    ]
    return {fields[0] for fields in (*indexes, *unique) if fields}


@pytest.mark.parametrize("model", WRITTEN)
def test_no_key_has_an_index_that_another_begins_with(model: type[models.Model]) -> None:
    keys = {field.name for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)}
    alone = {name for name in keys if getattr(model._meta.get_field(name), "db_index", False)}
    assert alone & begun_with(model) == set()
    # Without one of its own a key needs the other: what is deleted is looked for by it.
    assert keys - alone <= begun_with(model)
