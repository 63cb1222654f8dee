"""The tables of a restaurant and what they make together, from one statement."""

from __future__ import annotations

import pytest

from reservations.engine.availability import CombinationSpec
from reservations.models import Table
from reservations.queries.day import day_plan
from reservations.queries.house import house
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_tables_in_their_order_and_combinations_with_all_their_members() -> None:
    venue = make.make_venue(tables=(2, 2, 4))
    first, second, third = venue.tables.order_by("pk")
    other = make.make_venue(tables=(2, 2))
    make.make_combination(other, list(other.tables.all()))
    late, early = make.make_combination(venue, [third, first]), make.make_combination(venue, [second, third, first])
    Table.objects.filter(pk=first.pk).update(position=9)
    Table.objects.filter(pk=second.pk).update(is_active=False)

    date = make.days_ahead(venue)
    for found in (day_plan(venue.pk, date, seatings=False), house(venue.pk, date)):
        assert [(table.id, table.name, table.max_seats) for table in found.tables] == [
            (third.pk, third.name, 4),
            (first.pk, first.name, 2),
        ]
        # One that misses a table in use is no smaller one.
        assert found.combinations == tuple(
            CombinationSpec(one.pk, members, one.min_party, one.max_party, one.is_online)
            for one, members in ((late, (first.pk, third.pk)), (early, (first.pk, second.pk, third.pk)))
        )


def test_a_house_without_tables_has_none() -> None:
    venue = make.make_venue(tables=())
    plan = day_plan(venue.pk, make.days_ahead(venue), seatings=False)
    assert (plan.tables, plan.combinations) == ((), ())
