"""The picture of a shared link: a photo where there is one, else drawn with the name, or without what no font has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from reservations.models import Restaurant
from restaurant_site.found import picture
from tests.factories import make_restaurant, make_staff
from tests.photos.desk import give
from tests.site.found.reading import head_of

pytestmark = pytest.mark.django_db

SITE = "https://book.example.org"


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = SITE


def shared(slug: str = "here") -> dict[str, str]:
    return head_of(Client().get(f"/restaurants/{slug}/").content.decode()).metas


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_picture_is_drawn_and_may_be_kept_for_ever() -> None:
    make_restaurant(slug="here", name="Zum Blauen Bock")
    told = shared()
    path = told["og:image"].removeprefix(SITE)
    response = Client().get(path)
    image = opened(response.content)
    assert (response["Content-Type"], image.format) == ("image/png", "PNG")
    assert image.size == (1200, 630) == (int(told["og:image:width"]), int(told["og:image:height"]))
    assert told["og:image:alt"] == "Zum Blauen Bock, Berlin"
    assert told["twitter:card"] == "summary_large_image"
    assert len(response.content) < 40_000
    assert "immutable" in response["Cache-Control"]
    assert Client().get(path, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_another_name_has_another_address_to_which_the_old_one_leads() -> None:
    restaurant = make_restaurant(slug="here", name="Zum Blauen Bock")
    before = shared()["og:image"].removeprefix(SITE)
    drawn = Client().get(before).content
    restaurant.name = "Zum Roten Ochsen"
    restaurant.save()
    after = shared()["og:image"].removeprefix(SITE)
    assert after != before
    response = Client().get(before)
    assert (response.status_code, response["Location"]) == (302, after)
    assert Client().get(after).content != drawn
    restaurant.phone = "+49 30 9"
    restaurant.save()
    assert shared()["og:image"] == SITE + after, "what it does not show changes nothing"


def test_a_photo_goes_before(settings: Any, tmp_path: Path) -> None:
    settings.PHOTOS_URL = tmp_path.as_uri()
    settings.STORAGES = settings.STORAGES | {
        "photos": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        }
    }
    restaurant = make_restaurant(slug="here")
    client = Client()
    client.force_login(make_staff(is_superuser=True))
    photo = give(client, restaurant)
    told = shared()
    assert told["og:image"] == f"{SITE}/photos/{photo.name}-{photo.width}.webp"
    assert (told["og:image:width"], told["og:image:height"]) == (str(photo.width), str(photo.height))


def words(name: str, city: str = "") -> int:
    """Return how much differs from the picture without words."""
    bare, drawn = (opened(picture.draw("here", "", *text)).convert("RGB") for text in (("", ""), (name, city)))
    return sum(one != other for one, other in zip(bare.tobytes(), drawn.tobytes(), strict=True))


@pytest.mark.parametrize("name", ["Łódź", "L’Été à Møns", "Ресторан Пушкинъ", "Ταβέρνα", "Phở 24"])
def test_names_that_the_font_has_are_written(name: str) -> None:
    assert words(name) > 5_000


@pytest.mark.parametrize("name", ["مطعم بيروت", "すし処", "Sushi 🍣", "X" * 120, "a\x00b", "a\u202eb", "Word " * 40])
def test_a_name_that_can_not_be_written_is_left_out_and_not_boxed(name: str) -> None:
    assert words(name, "Berlin") == 0


def test_a_city_that_can_not_be_written_is_left_out_alone() -> None:
    assert words("Sushi", "東京") == words("Sushi") > 0


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/here-000000000000.png",
        "/pictures/nobody-000000000000.png",
        "/pictures/here-0.png",
        "/pictures/here-00000000000g.png",
        "/pictures/-.png",
        "/pictures/%00-000000000000.png",
        f"/pictures/{'a' * 3000}-000000000000.png",
    ],
)
def test_other_addresses_lead_nowhere_or_to_the_picture(path: str) -> None:
    make_restaurant(slug="here")
    response = Client().get(path)
    expected = 302 if path.startswith("/pictures/here-000000000000") else 400 if "%00" in path else 404
    assert response.status_code == expected


def test_nobody_else_s_restaurant_is_drawn() -> None:
    restaurant = make_restaurant(slug="here")
    path = shared()["og:image"].removeprefix(SITE)
    Restaurant.objects.filter(pk=restaurant.pk).update(is_published=False)
    assert Client().get(path).status_code == 404
    Restaurant.objects.filter(pk=restaurant.pk).update(link_key="a" * 24)
    assert Client().get(path).status_code == 404


def test_what_it_shows_is_in_its_address() -> None:
    assert picture.digest("a", "", "A", "B") == picture.digest("a", "", "A", "B")
    assert len({picture.digest("a", *text) for text in (("", "A", "B"), ("", "AB", ""), ("#123456", "A", "B"))}) == 3
