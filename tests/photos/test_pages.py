"""Diners see the photos, at once and never an old one; nothing but pictures is served from where they are kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from menus.models import Dish
from reservations.models import Restaurant
from tests.caching.asking import both_workers
from tests.conftest import Site
from tests.factories import make_menu, make_restaurant, make_staff
from tests.photos.desk import give, send
from tests.photos.pictures import jpeg


@pytest.fixture
def place() -> Restaurant:
    make_restaurant(slug="other")
    return make_restaurant(slug="here")


@pytest.fixture
def dish(place: Restaurant) -> Dish:
    make_menu(place, dishes=["Soup"])
    return Dish.objects.get()


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def images(page: str) -> list[dict[str, str]]:
    """Return the attributes of the images in a page's content."""
    tags = re.findall(r"<img [^>]*>", page.partition("<main")[2])
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in tags]


@pytest.mark.django_db
def test_pages_show_photos_with_their_size_and_words(staff: Client, place: Restaurant, dish: Dish) -> None:
    assert images(staff.get("/restaurants/here/").content.decode()) == []
    photo = give(staff, place, 'A "terrace"', jpeg((2000, 1500)))
    of_dish = give(staff, dish, "Soup with cream")
    top, below = images(staff.get("/restaurants/here/").content.decode())
    assert (top["alt"], top["width"], top["height"]) == ("A &quot;terrace&quot;", "1600", "1200")
    assert top["srcset"] == ", ".join(f"/photos/{photo.name}-{width}.webp {width}w" for width in (480, 960, 1600))
    assert top["src"] == photo.src
    assert top["sizes"]
    assert (top["fetchpriority"], below["loading"]) == ("high", "lazy")
    assert (below["src"], below["alt"]) == (of_dish.src, "Soup with cream")
    assert [image["src"] for image in images(staff.get("/restaurants/here/menu/").content.decode())] == [
        photo.src,
        of_dish.src,
    ]
    (card,) = images(staff.get("/").content.decode())
    assert (card["src"], card["loading"]) == (photo.src, "lazy")


@pytest.mark.django_db(transaction=True)
def test_every_worker_shows_the_new_photo_at_once(site: Site, staff: Client, place: Restaurant, dish: Dish) -> None:
    pages = ("/restaurants/here/", "/restaurants/here/menu/", "/", "/de/restaurants/here/")
    with both_workers(site) as workers:

        def shown() -> set[tuple[str, ...]]:
            return {
                tuple(image["src"] for image in images(worker.get(path).body.decode()))
                for worker in workers
                for path in pages
                for _twice in range(2)
            }

        assert shown() == {()}
        for _twice in range(2):
            one, other = give(staff, place), give(staff, dish)
            assert shown() == {(one.src, other.src), (one.src,)}
        send(staff, place, **{"photo-clear": "on"})
        send(staff, dish, **{"photo-clear": "on"})
        assert shown() == {()}


@pytest.mark.django_db
def test_a_photo_is_served_as_a_picture_and_nothing_else(staff: Client, place: Restaurant) -> None:
    photo = give(staff, place)
    visitor = Client()
    answer = visitor.get(photo.src)
    assert answer.status_code == 200
    assert answer.content[:4] == b"RIFF"
    assert (
        dict(answer.headers).items()
        >= {
            "Content-Type": "image/webp",
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Disposition": "inline",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }.items()
    )
    # Nobody's session: the same for everyone.
    assert not answer.cookies
    assert "Vary" not in answer.headers
    assert visitor.head(photo.src).content == b""
    assert visitor.get(photo.src, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert visitor.post(photo.src).status_code == 405


@pytest.mark.django_db
def test_only_names_of_photos_are_looked_up(staff: Client, place: Restaurant, folder: Path) -> None:
    photo = give(staff, place)
    (folder / "secret.webp").write_bytes(b"secret")
    name = photo.name
    for path in [
        "",
        "secret.webp",
        f"{name}.webp",
        f"{name}-480",
        f"{name}-480.html",
        f"{name}-480.webp/",
        f"{name}-480.webp%0A",
        f"{name}-480.webp%00",
        f"{name[:2]}/{name}-480.webp",
        f"{name}-481.webp",
        f"{name}-0480.webp",
        f"{name}-99999.webp",
        f"{name.upper()}-480.webp",
        f"{name[:-1]}٣-480.webp",
        f"{name}-48٠.webp",
        f"..%2f{name}-480.webp",
        "../secret.webp",
        "%2e%2e/secret.webp",
        f"{'0' * 32}-480.webp",
    ]:
        answer = Client().get(f"/photos/{path}")
        assert answer.status_code in (400, 404), path
        assert b"secret" not in answer.content


@pytest.mark.django_db
def test_photos_may_be_fetched_elsewhere(staff: Client, place: Restaurant, settings: Settings) -> None:
    settings.PHOTOS_BASE_URL = "https://cdn.example.org/house"
    photo = give(staff, place)
    (top,) = images(Client().get("/restaurants/here/").content.decode())
    assert top["src"] == f"https://cdn.example.org/house/{photo.name[:2]}/{photo.name}-480.webp"
