"""Two imports at the same moment save every dish once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from menus.importing import saving
from menus.importing.rows import COLUMNS, DishSpec, dishes_of, read_row
from menus.locking import lock
from menus.models import Dish, Menu
from reservations.models import Restaurant
from tests.factories import make_restaurant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def specs() -> list[DishSpec]:
    rows = (
        dict.fromkeys(COLUMNS, "") | {"restaurant_id": "mensa", "dish": f"Dish {n}", "last_served": "2026-06-25"}
        for n in range(30)
    )
    return dishes_of(map(read_row, rows), 60)


def save_twice_at_once(restaurant: Restaurant) -> None:
    dishes, barrier = specs(), threading.Barrier(2)
    failures: list[Exception] = []

    def work() -> None:
        try:
            barrier.wait(timeout=10)
            saving.save_dishes(restaurant_id=restaurant.pk, dishes=dishes)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []


def test_two_imports_at_once_save_every_dish_once() -> None:
    restaurant = make_restaurant()
    for _ in range(5):
        Menu.objects.all().delete()
        save_twice_at_once(restaurant)
        assert Dish.objects.count() == 30


def test_without_the_lock_they_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: both have looked before either has written."""
    restaurant = make_restaurant()
    # The menu and its section are there, so that only dishes can be doubled.
    saving.save_dishes(restaurant_id=restaurant.pk, dishes=specs()[:1])
    Dish.objects.all().delete()
    both = threading.Barrier(2)
    looked = saving._sections

    def look_together(*args: object) -> object:
        sections = looked(*args)  # type: ignore[arg-type]
        both.wait(timeout=10)
        return sections

    monkeypatch.setattr(saving, "lock", lambda _restaurant_id: None)
    monkeypatch.setattr(saving, "_sections", look_together)
    save_twice_at_once(restaurant)
    assert Dish.objects.count() == 60


@pytest.mark.postgresql("a wait is bounded in the middle of a connection")
def test_the_lock_keeps_no_booking_waiting() -> None:
    """A row that refers to the restaurant is written while an import holds the lock."""
    restaurant = make_restaurant()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lock(restaurant.pk)
                held.set()
                done.wait(timeout=10)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        Menu.objects.create(restaurant=restaurant, name="Dinner")
    finally:
        done.set()
        thread.join(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
