"""A photo is kept for as long as a row has it, and no longer."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from menus.copying import copy_menu
from menus.models import Dish, Menu
from reservations.models import Restaurant
from restaurant_site.photos import unused
from tests.factories import make_menu, make_restaurant, make_staff
from tests.menus.staff import url
from tests.pages import read
from tests.photos.desk import give, kept, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place() -> Restaurant:
    return make_restaurant()


@pytest.fixture
def dish(place: Restaurant) -> Dish:
    make_menu(place, name="Dinner", dishes=["Soup"])
    return Dish.objects.get()


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def age(folder: Path) -> None:
    """Let every file be two hours old."""
    for path in folder.rglob("*.webp"):
        os.utime(path, (time.time() - 7200,) * 2)


def copy(staff: Client, dish: Dish, **typed: object) -> Dish:
    form = read(staff.get(url("menu_copy", dish.section.menu_id))).forms[-1]
    assert staff.post(url("menu_copy", dish.section.menu_id), form.values | typed).status_code == 302
    return Dish.objects.exclude(pk=dish.pk).get()


def test_a_copied_menu_has_the_photos_until_the_last_dish_parts_with_one(
    staff: Client, dish: Dish, folder: Path
) -> None:
    photo = give(staff, dish)
    copied = copy(staff, dish)
    assert copied.photo == photo
    send(staff, dish, **{"photo-clear": "on"})
    assert kept(folder) == {photo.name}
    assert Client().get(photo.src).status_code == 200
    send(staff, copied, **{"photo-clear": "on"})
    assert kept(folder) == set()


def test_a_menu_copied_to_another_restaurant_has_them_too(staff: Client, dish: Dish, folder: Path) -> None:
    photo = give(staff, dish)
    other = make_restaurant()
    copied = copy(staff, dish, restaurant=other.pk)
    assert (copied.restaurant_id, copied.photo) == (other.pk, photo)
    dish.restaurant.delete()
    age(folder)
    unused.sweep()
    assert kept(folder) == {photo.name}


def test_the_copy_and_the_removal_of_a_photo_wait_for_each_other(staff: Client, dish: Dish, folder: Path) -> None:
    """Without the copy's lock on the dishes the removal would find the photo unused, and delete it."""
    photo = give(staff, dish)
    row = Dish.objects.get()
    done = threading.Event()

    def remove() -> None:
        try:
            mine = Dish.objects.get(pk=row.pk)
            mine.set_photo()
            mine.save()
            done.set()
        finally:
            connection.close()

    thread = threading.Thread(target=remove)
    with transaction.atomic():
        copy_menu(
            menu=row.section.menu,
            restaurant=row.restaurant,
            name="Copy",
            goes_live_at=None,
            replaces=False,
            user=make_staff(),
        )
        thread.start()
        assert not done.wait(0.3), "the removal waits until the copy is there"
    thread.join(20)
    assert done.is_set()
    assert Dish.objects.get(section__menu__name="Copy").photo == photo
    assert kept(folder) == {photo.name}


def test_a_form_that_lay_open_does_not_bring_a_removed_photo_back(staff: Client, dish: Dish, folder: Path) -> None:
    give(staff, dish)
    stale = Dish.objects.get()
    send(staff, dish, **{"photo-clear": "on"})
    stale.name = "Stew"
    stale.save()
    dish.refresh_from_db()
    assert (dish.name, dish.photo, kept(folder)) == ("Stew", None, set())


def test_a_deleted_dish_takes_its_photo_along_unless_nothing_was_deleted(
    staff: Client, dish: Dish, folder: Path
) -> None:
    photo = give(staff, dish)
    with transaction.atomic():
        Dish.objects.get().delete()
        transaction.set_rollback(True)
    assert kept(folder) == {photo.name}
    staff.post(url("dish_delete", dish.pk), {"post": "yes"})
    assert not Dish.objects.exists()
    assert kept(folder) == set()


def test_photos_of_what_went_in_bulk_are_swept_and_younger_or_other_files_stay(
    staff: Client, place: Restaurant, dish: Dish, folder: Path
) -> None:
    of_place, of_dish = give(staff, place), give(staff, dish)
    other = folder / of_dish.name[:2] / "notes.txt"
    other.write_text("not a photo")
    Menu.objects.all().delete()
    assert unused.sweep() == 0, "younger than an hour: perhaps of a form that is being saved"
    age(folder)
    assert unused.sweep() == 2
    assert kept(folder) == {of_place.name}
    assert other.exists()
    assert unused.sweep() == 0


def test_an_hour_of_sweeps_looks_into_every_folder(staff: Client, dish: Dish, folder: Path) -> None:
    give(staff, dish)
    Menu.objects.all().delete()
    age(folder)
    now = time.time() + 60
    gone = 0
    for minute in range(unused.ROUND):
        with time_machine.travel(now + 60 * minute, tick=False):
            gone += unused.sweep_some()
    assert (gone, kept(folder)) == (2, set())
