"""One browser that presses two times at once, and staff who close a day while somebody books."""

from __future__ import annotations

import datetime as dt
import threading
import time
from functools import partial

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from reservations.engine import booking
from reservations.engine.locks import lock_days
from reservations.models import Closure, Reservation, ServiceDay
from tests import factories as make
from tests.concurrency.crew import Crew

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def test_two_times_pressed_together_leave_one_hold() -> None:
    restaurant = make.make_venue(tables=(2, 2, 2))
    early, late = (make.make_wish(restaurant, at=at) for at in (dt.time(18), dt.time(20)))
    with Crew(2) as crew:
        for attempt in range(10):
            key = f"key{attempt:05}"
            crew.race(partial(booking.hold, wish=wish, browser="b" * 64, key=key) for wish in (early, late))
            assert Reservation.objects.filter(status=Reservation.Status.HELD).count() == 1


def test_closing_a_day_waits_for_a_booking_in_flight() -> None:
    restaurant = make.make_venue()
    date = make.days_ahead(restaurant)
    ServiceDay.objects.create(restaurant=restaurant, date=date)
    staff = Client()
    staff.force_login(make.make_staff())
    locked, closed_at = threading.Event(), []

    def close() -> None:
        locked.wait(10)
        form = {"restaurant": restaurant.pk, "starts_on": date, "ends_on": date, "reason": "Wedding"}
        response = staff.post(f"{reverse('admin:reservations_closure_add')}?restaurant={restaurant.pk}", form)
        closed_at.append(time.monotonic())
        connections.close_all()
        assert response.status_code == 302

    thread = threading.Thread(target=close)
    thread.start()
    with transaction.atomic():
        lock_days(restaurant.pk, [date])
        locked.set()
        time.sleep(0.6)
        let_go = time.monotonic()
    thread.join(10)
    assert Closure.objects.count() == 1
    assert closed_at[0] > let_go
