"""What a web worker waits for: a lock two seconds, a statement five, and where more is justified it is asked for."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from reservations.engine import stuck
from reservations.models import Reservation, ServiceDay
from restaurant_site.database import azure, waits
from restaurant_site.database.failures import Failure, failure_of
from restaurant_site.database.patience import patient
from restaurant_site.database.waits import WEB, Busy, Waits
from tests.conftest import database_url
from tests.factories import days_ahead, make_member, make_reservation, make_venue
from tests.pages import read

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql("its options of a connection are shown"),
]

QUICK = Waits(lock=0.2, statement=0.4, idle=15)
"""As in a web worker, in a tenth of the time."""


@pytest.fixture
def bounded() -> Iterator[None]:
    """Wait as a web worker does, on a connection of that kind."""
    connection.close()
    waits.bound(QUICK)
    yield
    waits.bound(None)
    connection.close()


def test_a_connection_of_a_web_worker_has_its_bounds() -> None:
    connection.close()
    waits.bound(WEB)
    try:
        assert shown("lock_timeout") == "2s"
        assert shown("statement_timeout") == "5s"
        assert shown("idle_in_transaction_session_timeout") == "15s"
    finally:
        waits.bound(None)
        connection.close()
    # A command takes what its work takes.
    assert shown("statement_timeout") == shown("lock_timeout") == "0"


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def test_the_options_of_the_url_win(monkeypatch: pytest.MonkeyPatch, bounded: None) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c statement_timeout=7000")
    assert shown("statement_timeout") == "7s"
    assert shown("lock_timeout") == "200ms"


def test_a_slow_statement_is_given_up_unless_more_is_asked_for(bounded: None) -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError) as caught:
        sleep(3)
    assert failure_of(caught.value) is Failure.SLOW
    assert time.monotonic() - began < 2
    with patient():
        sleep(0.6)
    assert shown("statement_timeout") == "400ms"


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_a_day_that_is_held_is_told_with_what_was_typed(bounded: None) -> None:
    venue = make_venue(tables=[2] * 4)
    date = days_ahead(venue)
    ServiceDay.objects.create(restaurant=venue, date=date)
    client = Client(raise_request_exception=False)
    form = read(client.get(f"/restaurants/{venue.slug}/times/?date={date}&party=2")).form("/hold/")
    pressed = form.pressed("19:00")
    with holding(venue.pk, date):
        response = client.post(form.button("19:00").action, pressed)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    page = read(response)
    assert page.headings[0] == "Very many people want this day right now"
    assert not Reservation.objects.exists()
    # The same form again, with its key.
    again = page.form("/hold/")
    assert again.pressed("Send it again")["key"] == pressed["key"]
    assert client.post(again.action, again.pressed("Send it again")).status_code == 302


class holding:  # noqa: N801 - reads as a sentence
    """A client that has locked a day and does nothing any more."""

    def __init__(self, restaurant_id: int, date: dt.date) -> None:
        self.client = psycopg.connect(database_url())
        self.client.execute(
            "SELECT id FROM reservations_serviceday WHERE restaurant_id = %s AND date = %s FOR UPDATE",
            [restaurant_id, date],
        )

    def __enter__(self) -> None:
        """Go on: it has the lock already."""

    def __exit__(self, *_error: object) -> None:
        self.client.close()


def test_staff_send_what_they_typed_once_more(bounded: None) -> None:
    venue = make_venue(tables=[2] * 4)
    reservation = make_reservation(venue)
    client = Client(raise_request_exception=False)
    client.force_login(make_member(venue, "manager"))
    address = f"/admin/reservations/reservation/{reservation.pk}/cancel/"
    form = read(client.get(address)).form("")
    with holding(venue.pk, reservation.service_date):
        response = client.post(address, form.values | {"reason": "They rang."})
    assert response.status_code == 503
    again = read(response).form(address)
    typed = again.pressed("Send it again")
    assert typed["reason"] == "They rang."
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert client.post(address, typed).status_code == 302
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CANCELLED


def test_of_those_who_wait_for_a_stuck_day_one_stays(bounded: None) -> None:
    """And who asks for another day is not concerned."""
    day = dt.date(2030, 1, 1)
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with stuck.waiting_for(1, day):
            entered.set()
            leave.wait(10)

    def later() -> str:
        try:
            with stuck.waiting_for(1, day):
                for _time in range(50):
                    time.sleep(0.05)
                    waits.look_in()
        except Busy:
            return "busy"
        return "got it"

    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(first)
        assert entered.wait(5)
        began = time.monotonic()
        # One comes while it still might come, the other when that is over.
        assert pool.submit(later).result() == "busy"
        assert time.monotonic() - began < stuck.MOST + 1
        began = time.monotonic()
        assert pool.submit(later).result() == "busy"
        assert time.monotonic() - began < stuck.LEAST
        with stuck.waiting_for(1, day + dt.timedelta(days=1)), stuck.waiting_for(2, day):
            waits.look_in()
        leave.set()
        running.result(5)
    with stuck.waiting_for(1, day):
        waits.look_in()


@pytest.mark.parametrize(("days", "together"), [(1, 1), (4, 4)])
def test_one_thread_of_a_process_at_a_time_asks_the_database_for_a_day(bounded: None, days: int, together: int) -> None:
    """Those of other days are there at the same time: so what keeps these apart is the day."""
    meeting = threading.Barrier(together)
    asking, most = 0, 0
    counting = threading.Lock()

    def lock(number: int) -> None:
        nonlocal asking, most
        with stuck.waiting_for(1, dt.date(2031, 1, 1) + dt.timedelta(days=number % days)):
            with counting:
                asking += 1
                most = max(most, asking)
            meeting.wait(5)
            time.sleep(0.01)
            with counting:
                asking -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lock, range(4)))
    assert most == together


def test_on_azure_sql_the_connection_is_told() -> None:
    """There is none here: what it is told."""
    told: list[str] = []
    cursor = SimpleNamespace(execute=told.append)
    wrapper: Any = SimpleNamespace(
        vendor="microsoft", connection=SimpleNamespace(timeout=None), cursor=lambda: _Context(cursor)
    )
    azure.bound(wrapper)
    assert not told
    waits.bound(WEB)
    try:
        azure.bound(wrapper)
    finally:
        waits.bound(None)
    assert told == ["SET LOCK_TIMEOUT 2000"]
    assert wrapper.connection.timeout == 5


class _Context:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __enter__(self) -> Any:
        return self.value

    def __exit__(self, *_error: object) -> None:
        pass


def test_a_connection_that_was_given_up_is_replaced(bounded: None) -> None:
    def give_up() -> None:
        raise Busy("enough")

    with waits.checked(give_up), pytest.raises(Busy):
        sleep(0.3)
    connections["default"].close_if_unusable_or_obsolete()
    sleep(0)
