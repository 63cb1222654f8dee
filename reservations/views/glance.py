"""A look at the cached day before a table is held: on a full evening most wishes end here."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from reservations import cached
from reservations.engine import booking, selling
from reservations.engine.availability import DayPlan, surely_full
from reservations.engine.booking import Wish
from reservations.engine.errors import NotAnswered


@dataclass(slots=True)
class Glance:
    """What `booking.hold` asks first for a browser's wish; keeps the plan that was seen, for the page of other times.

    A cached day is never older than the last answered write, so its no is as
    good as that of a page of times; for who holds nothing here and has had no
    answer to this button, which are asked then. Its yes is good for nothing.
    Where nothing is cached, as on a day that sells fast, the database is asked who
    comes, unless a table was just sold there; the house itself is cached all the same.
    """

    wish: Wish
    browser: str
    key: str
    plan: DayPlan | None = None

    def __call__(self) -> DayPlan | None:
        """Raise `Refused` where the cached day is surely full, or where the fresh one says no."""
        ask = booking.ask_of(self.wish)
        seen = cached.day_plan.seen(self.wish.restaurant_id, self.wish.date)
        self.plan = seen.value
        if self.plan is not None:
            reason = surely_full(self.plan, ask, self.wish.start, timezone.now())
            if reason is None:
                return self.plan
            if booking.is_new_here(self.wish, self.browser, self.key):
                raise NotAnswered(reason)
        known = cached.house_on(self.wish.restaurant_id, self.wish.date).plan(self.wish.date)
        if self.plan is None and selling.sells((self.wish.restaurant_id, self.wish.date)):
            return known
        return booking.look(self.wish, ask, self.browser, known)
