"""Commands in any order, one after the other: after each, nothing is broken, and at the end the audit is clean.

`ANY_ORDER_EXAMPLES=500 pytest tests/concurrency/test_any_order.py` looks
further than the suite does, and at other orders each time.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from reservations.auditing.audit import audit
from tests import clock
from tests.concurrency.everything.commands import COMMANDS, OFTEN, Went, carry_out, everything_due
from tests.concurrency.everything.house import EVE, House, make_house
from tests.concurrency.invariants import broken

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("ANY_ORDER_EXAMPLES", "0"))

WAIT = "wait"
_OFTEN = [*OFTEN, *[WAIT] * 10]

went: Counter[tuple[str, Went]] = Counter()


def _local(hour: int, minute: int, days: int = 0) -> dt.datetime:
    """Return a moment around the eve in UTC, by Berlin's winter clock."""
    midnight = dt.datetime.combine(EVE, dt.time(), tzinfo=dt.UTC) - dt.timedelta(hours=1)
    return midnight + dt.timedelta(days=days, hours=hour, minutes=minute, seconds=7)


SEEDS = st.integers(0, 2**32 - 1)
MOMENTS = (_local(16, 50), _local(20, 10), _local(23, 40), _local(10, 0, 1))


class AnyOrder(RuleBasedStateMachine):
    """A house, at which one command follows another, or time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ExitStack()
        self.house: House | None = None
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE reservations_restaurant, reservations_user CASCADE")

    @initialize(moment=st.sampled_from(MOMENTS), seed=SEEDS)
    def begin(self, moment: dt.datetime, seed: int) -> None:
        self.clock.enter_context(clock.at(moment))
        self.house = make_house()
        draw = Random(seed)
        for command in ("hold", "confirm") * 3:
            self.do(command, draw)

    # One rule for all: of many Hypothesis takes few at a time, and hardly anything comes about.
    @rule(command=st.sampled_from(_OFTEN), seed=SEEDS)
    def step(self, command: str, seed: int) -> None:
        self.do(command, Random(seed))

    def do(self, command: str, draw: Random) -> None:
        """Carry out a command; where there is nothing to do it with, another instead."""
        assert self.house
        while command != WAIT:
            came_to = carry_out(command, self.house, draw)
            went[command, came_to] += 1
            if came_to != Went.IDLE:
                return
            command = draw.choice(_OFTEN)
        later = timezone.now() + dt.timedelta(minutes=draw.choice((1, 6, 11, 20, 31, 45, 90)))
        self.clock.close()
        self.clock.enter_context(clock.at(later))

    @invariant()
    def nothing_is_broken(self) -> None:
        assert self.house
        assert broken(self.house.restaurant.pk) == {}

    def teardown(self) -> None:
        try:
            if self.house:
                everything_due()
                assert violations() == {}
        finally:
            self.clock.close()


def violations() -> dict[str, list[str]]:
    """Return what the audit finds."""
    return {finding.name: finding.told for finding in audit() if finding.violations}


def looked_for(examples: int, steps: int, **more: Any) -> settings:
    """Return how far Hypothesis looks: so many evenings of so many steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def test_no_order_of_commands_breaks_anything() -> None:
    went.clear()
    run_state_machine_as_test(AnyOrder, settings=looked_for(EXAMPLES or 25, 60, derandomize=not EXAMPLES))
    # But for a few that need a rare evening, each had an effect somewhere.
    without = [name for name in COMMANDS if not went[name, Went.DONE]]
    assert len(without) <= 8, without
