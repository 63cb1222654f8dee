"""Staff give restaurants and dishes photos; what is no photo is refused in words beside the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client
from pytest_django import Settings

from menus.models import Dish
from reservations.models import HistoryEvent, Restaurant
from restaurant_site.photos import storing
from tests.factories import make_member, make_menu, make_restaurant, make_staff
from tests.photos import pictures
from tests.photos.desk import errors, form_of, give, kept, send, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Restaurant:
    return make_restaurant(name="Here", slug="here")


@pytest.fixture
def dish(place: Restaurant) -> Dish:
    make_menu(place, dishes=["Soup"])
    return Dish.objects.get()


@pytest.fixture
def manager(client: Client, place: Restaurant) -> Client:
    client.force_login(make_member(place, "manager"))
    return client


@pytest.mark.parametrize("of", ["place", "dish"])
def test_a_manager_gives_a_photo_and_takes_it_away(
    manager: Client, folder: Path, of: str, request: pytest.FixtureRequest
) -> None:
    row = request.getfixturevalue(of)
    photo = give(manager, row, "A terrace <by> the “river”", pictures.located())
    assert (photo.width, photo.height, photo.alt) == (400, 640, "A terrace <by> the “river”")
    assert kept(folder) == {photo.name}
    assert not any(pictures.GPS in path.read_bytes() for path in folder.rglob("*.webp"))
    # The name that the uploader's file had is nowhere.
    assert not [path for path in folder.rglob("*") if "IMG" in path.name]
    told = HistoryEvent.objects.filter(restaurant=row.pk if of == "place" else row.restaurant_id).latest("pk")
    assert (told.kind, told.changes) == ("changed", {"told": ["photo", "photo_alt"]})

    page = manager.get(form_of(row)).content.decode()
    assert f'src="{photo.src}"' in page
    assert 'alt="A terrace &lt;by&gt; the “river”"' in page
    # Saved without a file, everything stays.
    assert send(manager, row, description="Other").status_code == 302
    row.refresh_from_db()
    assert (row.description, row.photo) == ("Other", photo)


@pytest.mark.django_db(transaction=True)
def test_a_replaced_and_a_removed_photo_are_gone_at_once(manager: Client, place: Restaurant, folder: Path) -> None:
    first = give(manager, place)
    second = give(manager, place, data=pictures.jpeg((300, 300)))
    assert kept(folder) == {second.name}
    assert manager.get(first.src).status_code == 404
    assert manager.get(second.src).status_code == 200
    assert send(manager, place, **{"photo-clear": "on"}).status_code == 302
    place.refresh_from_db()
    assert (place.photo, place.photo_alt, kept(folder)) == (None, "", set())
    assert manager.get(second.src).status_code == 404


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "The submitted file is empty."),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "Choose a JPEG, PNG or WebP file."),
    "page": (b"GIF89a" + pictures.SCRIPT, "Choose a JPEG, PNG or WebP file."),
    "archive": (pictures.zipped(), "Choose a JPEG, PNG or WebP file."),
    "damaged": (pictures.jpeg()[:-2000], "Open it, save it anew and choose the new file."),
    "20 MB": (pictures.jpeg() + bytes(20 * 1024 * 1024), "Choose one of at most 8 MB."),
    "100 megapixels": (pictures.png(10_000, 10_000), "at most 40 megapixels."),
    "small": (pictures.jpeg((100, 100)), "at least 200 pixels a side."),
}


def test_what_is_no_photo_is_refused_beside_the_field_and_nothing_else_is_lost(
    manager: Client, place: Restaurant, folder: Path
) -> None:
    for kind, (data, words) in REFUSED.items():
        answer = send(manager, place, photo=upload(data), photo_alt="Nothing", tagline=f"Typed: {kind}")
        found = errors(answer)
        assert list(found) == ["photo"], kind
        assert found["photo"][0].endswith(words), kind
        assert f'value="Typed: {kind}"' in answer.content.decode()
    place.refresh_from_db()
    assert (place.photo, place.tagline, kept(folder)) == (None, "", set())


def test_the_name_and_the_declared_type_count_for_nothing(manager: Client, place: Restaurant, folder: Path) -> None:
    names = ["../../../etc/passwd", "a\\b.svg", "x" * 300 + ".html", "‮gpj.exe", "<b>.php", ".htaccess"]
    for name in names:
        answer = send(manager, place, photo=upload(name=name, kind="text/html"), photo_alt="The terrace")
        assert answer.status_code == 302, name
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".webp"}
    assert {len(path.name) for path in folder.rglob("*.webp")} == {len("-480.webp") + 32}


def test_a_text_where_a_file_belongs_is_ignored(manager: Client, place: Restaurant) -> None:
    assert send(manager, place, photo="no file", photo_name="f" * 32, photo_width="9").status_code == 302
    place.refresh_from_db()
    assert place.photo is None


def test_a_photo_needs_words_and_has_to_be_chosen_again_after_another_error(
    manager: Client, place: Restaurant, folder: Path
) -> None:
    found = errors(send(manager, place, photo=upload(), photo_alt="  "))
    assert found["photo_alt"] == ["Say in a few words what the photo shows."]
    assert found["photo"][0].startswith("Choose the photo again")
    # So it is for an error in a line below the form.
    lines = {"areas-TOTAL_FORMS": 1, "areas-0-name": "x" * 500}
    answer = send(manager, place, photo=upload(), photo_alt="The terrace", **lines)
    assert errors(answer)["photo"][0].startswith("Choose the photo again")
    place.refresh_from_db()
    assert place.photo is None
    # The words are asked for where only they are taken away, too.
    give(manager, place)
    assert list(errors(send(manager, place, photo_alt=""))) == ["photo_alt"]


def test_both_a_new_photo_and_its_removal_is_a_contradiction(manager: Client, place: Restaurant) -> None:
    give(manager, place)
    found = errors(send(manager, place, photo=upload(), **{"photo-clear": "on"}))
    assert "not both" in found["photo"][0]


def test_a_storage_that_fails_costs_the_photo_alone(
    manager: Client, place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_more: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    found = errors(send(manager, place, photo=upload(), photo_alt="The terrace"))
    assert found["photo"][0].startswith("The photo could not be stored right now.")
    monkeypatch.undo()
    # One that can't delete keeps nobody from removing the photo; the sweep comes by later.
    give(manager, place)
    monkeypatch.setattr(FileSystemStorage, "delete", full)
    assert send(manager, place, **{"photo-clear": "on"}).status_code == 302


def test_a_site_without_a_place_for_photos_says_so(manager: Client, place: Restaurant, settings: Settings) -> None:
    settings.STORAGES = {name: value for name, value in settings.STORAGES.items() if name != "photos"}
    assert not storing.is_on()
    assert "whoever runs it has to set PHOTOS_URL first" in manager.get(form_of(place)).content.decode()
    assert send(manager, place, photo=upload(), photo_alt="The terrace").status_code == 302
    place.refresh_from_db()
    assert place.photo is None


def test_who_may_not_change_a_restaurant_gives_it_no_photo(
    client: Client, place: Restaurant, dish: Dish, folder: Path
) -> None:
    elsewhere = make_restaurant()
    # Who is not signed in is shown the login page.
    for user, statuses in [
        (None, {200}),
        (make_member(elsewhere, "owner"), {302, 403}),
        (make_member(elsewhere, "host"), {302, 403}),
        (make_member(place, "host"), {403}),
    ]:
        client.logout()
        if user:
            client.force_login(user)
        for row in (place, dish):
            answer = client.post(form_of(row), {"name": "Mine", "photo": upload(), "photo_alt": "x", "_save": "1"})
            assert answer.status_code in statuses
            row.refresh_from_db()
            assert (row.photo, kept(folder)) == (None, set())
    # A host sees the photo, and no field for another.
    client.force_login(make_staff())
    photo = give(client, place)
    client.force_login(make_member(place, "host"))
    page = client.get(form_of(place)).content.decode()
    assert f'src="{photo.src}"' in page
    assert 'type="file"' not in page


def test_a_request_beyond_all_photos_is_refused_unread_and_other_forms_take_no_file(
    manager: Client, place: Restaurant
) -> None:
    huge = {"photo": upload(bytes(25 * 1024 * 1024))}
    answer = manager.post(form_of(place), huge)
    assert answer.status_code == 413
    assert "choose a photo of at most 8 MB" in answer.content.decode()
    for path in (
        "/",
        "/admin/",
        "/admin/login/",
        f"/admin/reservations/restaurant/{place.pk}/delete/",
        f"/x/admin/reservations/restaurant/{place.pk}/change/more/",
        "/admin/reservations/table/add/",
    ):
        assert manager.post(path, {"photo": upload(bytes(2 * 1024 * 1024))}).status_code == 413, path
