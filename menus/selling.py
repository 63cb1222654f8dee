"""Write rules of service: a dish is sold out, off for longer, or back."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from menus import applying, sittings, trail
from menus.models import Dish
from reservations.models import Restaurant, User


class State(StrEnum):
    """How a dish stands: on, off until the next service date, or off until somebody brings it back."""

    ON = "on"
    SOLD_OUT = "sold_out"
    KEPT_OFF = "kept_off"


def state_of(dish: Dish, now: dt.datetime) -> State:
    """Return how a dish stands at a moment (aware)."""
    if not dish.is_available:
        return State.KEPT_OFF
    return State.ON if dish.is_on(now) else State.SOLD_OUT


def sell(*, dish: Dish, restaurant: Restaurant, state: State, user: User) -> State:
    """Let a dish stand so from now on, and return how it stood; diners see it at once.

    Sold out, it is back by itself when the restaurant's next service date
    begins. Doing it twice changes nothing more; the history has each touch.
    Raises `Dish.DoesNotExist` where the dish is gone.
    """
    now = timezone.now()
    values: dict[str, object] = {"is_available": state != State.KEPT_OFF, "off_until": None}
    if state == State.SOLD_OUT:
        near = sittings.around(restaurant, now, days=1)
        values["off_until"] = applying.next_service_date(near, now, restaurant.zone)
    with transaction.atomic():
        before = Dish.objects.get(pk=dish.pk, restaurant=restaurant)
        rows = Dish.objects.filter(pk=dish.pk, restaurant=restaurant).renewing(f"menu:{restaurant.pk}")
        if not rows.update(**values):
            raise Dish.DoesNotExist
        trail.record(user, [(before, _words(state))])
        trail.tell(user, restaurant.pk, [("back_on" if state == State.ON else str(state), before, {})])
    return state_of(before, now)


def _words(state: State) -> str:
    if state == State.ON:
        return _("Back on.")
    return _("Sold out.") if state == State.SOLD_OUT else _("Kept off.")
