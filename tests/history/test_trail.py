"""The chain of a service date: whoever edits, removes or reorders what was written is found out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from reservations.history import trail
from reservations.history.trail import By
from reservations.models import HistoryEvent, Restaurant
from tests.factories import make_restaurant
from tests.history.rows import DAY, chain_of, event, happen

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = By("staff", "admin", 6)

EDITS: dict[str, Any] = {
    "chain": "2027-03-28",
    "position": 77,
    "digest": "0" * 64,
    "kind": "finished",
    "subject": "entry",
    "subject_number": 999,
    "guest_number": 12,
    "actor": "guest",
    "user_number": 7,
    "source": "web",
    "changes": {"party_size": [2, 5]},
    "happened_at": dt.datetime(2027, 3, 27, 12, tzinfo=dt.UTC),
}
"""Each column, and something else for it."""


@pytest.fixture
def chain(place: Restaurant) -> list[HistoryEvent]:
    """Return five events of one date, written by three transactions."""
    happen(place, event("held", party_size=[None, 2]), event("confirmed"), by=STAFF)
    happen(place, event("changed", party_size=[2, 4], starts_at=["18:00", "19:00"]), event("late"))
    happen(place, event("cancelled"))
    rows = chain_of(place)
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert trail.check(rows) == []
    return rows


def test_every_column_is_edited_below() -> None:
    columns = {field.name for field in HistoryEvent._meta.concrete_fields}
    assert columns - {"id"} == {*EDITS, "restaurant"}


@pytest.mark.parametrize("column", [*EDITS, "restaurant"])
@pytest.mark.parametrize("index", [0, 2, 3])
def test_an_edited_event_is_named(place: Restaurant, chain: list[HistoryEvent], column: str, index: int) -> None:
    value = make_restaurant() if column == "restaurant" else EDITS[column]
    HistoryEvent.objects.filter(pk=chain[index].pk).update(**{column: value})
    faults = trail.check(chain_of(place))
    assert faults
    assert all(DAY.isoformat() in fault for fault in faults)
    # One that left the chain is named by the one that then has no predecessor.
    gone = column in ("chain", "position", "restaurant")
    assert f"{index + 2} follows {index}" in faults[0] if gone else f"event {index + 1} is not" in faults[0]


def test_a_removed_event_is_named(place: Restaurant, chain: list[HistoryEvent]) -> None:
    chain[2].delete()
    assert trail.check(chain_of(place)) == [f"chain {DAY}: 4 follows 2"]


def test_a_removed_event_is_named_also_where_the_others_close_ranks(
    place: Restaurant, chain: list[HistoryEvent]
) -> None:
    chain[2].delete()
    for row in chain[3:]:
        HistoryEvent.objects.filter(pk=row.pk).update(position=row.position - 1)
    assert f"chain {DAY}: event 3 is not what was written" in trail.check(chain_of(place))


def test_swapped_events_are_named(place: Restaurant, chain: list[HistoryEvent]) -> None:
    for row, position in ((chain[1], 100), (chain[2], 2), (chain[1], 3)):
        HistoryEvent.objects.filter(pk=row.pk).update(position=position)
    assert f"chain {DAY}: event 2 is not what was written" in trail.check(chain_of(place))


def test_events_that_swap_what_they_tell_are_named(place: Restaurant, chain: list[HistoryEvent]) -> None:
    for row, other in ((chain[1], chain[2]), (chain[2], chain[1])):
        HistoryEvent.objects.filter(pk=row.pk).update(kind=other.kind, changes=other.changes, digest=other.digest)
    faults = trail.check(chain_of(place))
    assert [f"event {number} is not" in "".join(faults) for number in (2, 3)] == [True, True]


def test_one_fault_names_one_event(place: Restaurant, chain: list[HistoryEvent]) -> None:
    HistoryEvent.objects.filter(pk=chain[1].pk).update(user_number=8)
    assert trail.check(chain_of(place)) == [f"chain {DAY}: event 2 is not what was written"]


def test_the_newest_events_can_be_cut_off(place: Restaurant, chain: list[HistoryEvent]) -> None:
    """A chain by itself does not know how long it was: `check_history` compares it with the copy."""
    chain[4].delete()
    assert trail.check(chain_of(place)) == []


def test_chains_of_two_dates_know_nothing_of_each_other(place: Restaurant, chain: list[HistoryEvent]) -> None:
    next_day = DAY + dt.timedelta(days=1)
    happen(place, event("held", 9), date=next_day)
    HistoryEvent.objects.filter(pk=chain[0].pk).update(kind="x")
    [row] = chain_of(place, next_day.isoformat())
    assert (row.position, trail.check([row])) == (1, [])


def test_what_changed_is_told_of_personal_fields_by_name_alone() -> None:
    before = {"party_size": 2, "name": "Ada Guest", "note": "", "email": "ada@example.org", "starts_at": None}
    start = dt.datetime(2027, 3, 27, 18, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    after = {"party_size": 4, "name": "Grace", "note": "by the window", "email": "ada@example.org", "starts_at": start}
    assert trail.difference(before, after) == {
        "party_size": [2, 4],
        "starts_at": [None, "2027-03-27T17:30:00+00:00"],
        "told": ["name", "note"],
    }
