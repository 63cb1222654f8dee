"""Eight processes do everything at once to one house, while its evening passes: the audit is clean afterwards.

Without the day's lock and the claims the same crowd leaves what the audit names.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random

import pytest

from reservations.auditing.audit import audit
from tests import clock
from tests.concurrency.everything.commands import COMMANDS, Went, carry_out, everything_due
from tests.concurrency.everything.crowd import hammer
from tests.concurrency.everything.house import EVE, House, make_house
from tests.concurrency.invariants import broken
from tests.reservations.people import make_guest

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

TWICE = "two parties hold one table at one time"
BOOKING = ("hold", "hold", "confirm", "book", "change", "cancel", "release")
AFTERNOON = dt.datetime.combine(EVE, dt.time(16, 40, 7), tzinfo=dt.UTC)


EVENINGS = 3


@pytest.fixture
def house(transactional_db: None) -> House:
    """Return a house that is booked for the evening already."""
    return booked_house()


def booked_house() -> House:
    """Return a new house that is booked for the evening already."""
    with clock.at(AFTERNOON):
        found = make_house(tables_each=2)
        # So many hosts leave nobody standing for a quarter of an hour.
        found.restaurant.late_minutes = 1
        found.restaurant.save()
        draw = Random(1)
        for name in ("hold", "confirm", "book", "join") * 15:
            carry_out(name, found, draw)
        # Everybody else has something to come nearly always, and so can't be erased.
        for number in range(6):
            make_guest(found.restaurant, email=f"gone{number}@example.org")
        return found


def violations(house: House, moment: dt.datetime) -> dict[str, object]:
    """Return what audit and invariants find at a moment, once all is done that was due by then."""
    with clock.at(moment):
        everything_due()
        found: dict[str, object] = {finding.name: finding.told for finding in audit() if finding.violations}
        return {**found, **broken(house.restaurant.pk)}


@pytest.mark.parametrize(("seconds", "missed"), [(22, 10), pytest.param(60, 2, marks=pytest.mark.audit)])
def test_everything_at_once_leaves_the_audit_clean(house: House, seconds: int, missed: int) -> None:
    went: Counter[str] = Counter()
    for evening in range(EVENINGS):
        told, moment = hammer(house, AFTERNOON, processes=8, seconds=seconds)
        assert told.errors == []
        assert violations(house, moment) == {}
        # It was no queue, and no empty house: some met, and but for a few rare ones each command had an effect.
        assert told.retries > 0
        went += told.went
        without = [name for name in COMMANDS if not went[f"{name} {Went.DONE}"]]
        if len(without) <= missed:
            break
        # Which rare ones found nothing to do is chance: another house has another evening.
        assert evening < EVENINGS - 1, without
        house = booked_house()


def test_without_lock_and_claims_the_audit_names_what_the_same_crowd_leaves(house: House) -> None:
    """Each for a while, for what was booked twice may be cancelled: it is looked for again and again."""
    named: Counter[str] = Counter()

    def look(moment: dt.datetime) -> bool:
        with clock.at(moment):
            named.update({finding.name: finding.violations for finding in audit()})
            named.update(broken(house.restaurant.pk))
        return all(named[name] for name in ("overlaps", TWICE))

    hammer(house, AFTERNOON, processes=8, seconds=90, commands=BOOKING, unguarded=True, enough=look)
    assert all(named[name] for name in ("overlaps", TWICE)), named
