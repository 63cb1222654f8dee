"""Where photos are kept is one variable: a folder, or a container of Azure Blob Storage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.core.pipeline.transport import HttpRequest, HttpTransport
from azure.storage.blob import BlobServiceClient
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings
from storages.backends.azure_storage import AzureStorage

from restaurant_site.photos import storing, unused, where
from restaurant_site.photos.azure import BlobStorage
from tests.factories import make_restaurant, make_staff
from tests.photos.blobs import KEY, Blobs
from tests.photos.desk import errors, give, send, upload

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "https://house.blob.core.windows.net"


def test_a_folder_and_a_container() -> None:
    assert where.storages("", "") == {}
    assert where.storages("file:///srv/my%20photos", "")["photos"]["OPTIONS"] == {"location": "/srv/my photos"}
    blobs = where.storages(f"{ACCOUNT}/photos", "key")["photos"]
    assert blobs["BACKEND"] == "restaurant_site.photos.azure.BlobStorage"
    assert blobs["OPTIONS"] == {"account_url": ACCOUNT, "azure_container": "photos", "account_key": "key"}
    emulated = where.storages("http://127.0.0.1:10000/devstoreaccount1/photos", "")["photos"]["OPTIONS"]
    assert (emulated["account_url"], emulated["azure_container"]) == (
        "http://127.0.0.1:10000/devstoreaccount1",
        "photos",
    )


@pytest.mark.parametrize(
    "url",
    [
        "file://srv/photos",
        "file:///",
        ACCOUNT,
        f"{ACCOUNT}/",
        f"{ACCOUNT}/photos?sig=secret",
        "https://u:p@house/photos",
    ],
)
def test_what_names_no_place_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PHOTOS_URL") as refused:
        where.storages(url, "")
    assert "secret" not in str(refused.value)


def test_settings_follow_the_environment_and_azure_is_imported_only_where_it_is_named() -> None:
    program = """if True:
        import sys
        import django
        from django.conf import settings
        django.setup()
        print(settings.STORAGES.get("photos", {}).get("BACKEND"), settings.SECURE_CSP["img-src"][2:])
        print([name for name in ("azure.storage.blob", "storages") if name in sys.modules])
    """

    def told(**given: str) -> str:
        names = {"SITE_ENV": "production", "SECRET_KEY": "s" * 60, "ALLOWED_HOSTS": "h", "SITE_URL": "https://h"}
        urls = {"DATABASE_URL": "postgresql://h/n", "REDIS_URL": "redis://h/0", "EMAIL_URL": "smtp://h"}
        module = {"DJANGO_SETTINGS_MODULE": "restaurant_site.settings"}
        env = {"PATH": os.environ["PATH"], **names, **urls, **module, "EMAIL_FROM": "a@example.org", **given}
        run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True)
        return run.stdout.replace("\n", " ").strip() or run.stderr.splitlines()[-1]

    assert told() == "None [] []"
    folder = "django.core.files.storage.FileSystemStorage"
    assert told(SITE_ENV="development", DEBUG="0").startswith(folder)
    given = {"PHOTOS_URL": f"{ACCOUNT}/photos", "PHOTOS_BASE_URL": "https://cdn.example.org/photos/"}
    assert told(**given) == "restaurant_site.photos.azure.BlobStorage ['https://cdn.example.org'] []"
    assert "PHOTOS_URL does not begin with one of file://" in told(PHOTOS_URL="ftp://h/photos")


@pytest.fixture
def blobs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """Keep photos in a container that answers as Azure's does, without a network."""
    found = Blobs()

    class Transport(HttpTransport[Any, Any]):
        def send(self, request: HttpRequest, **_more: Any) -> Any:
            return found.answer(request)

        def open(self) -> None: ...
        def close(self) -> None: ...
        def __exit__(self, *_args: object) -> None: ...

    made = BlobServiceClient

    def client(url: str, **more: Any) -> BlobServiceClient:
        found.waits = {name: more[name] for name in ("connection_timeout", "read_timeout", "retry_total")}
        return made(url, transport=Transport(), **(more | {"retry_total": 0}))

    monkeypatch.setattr("restaurant_site.photos.azure.BlobServiceClient", client)
    settings.STORAGES = settings.STORAGES | where.storages(f"{ACCOUNT}/photos", KEY)
    return found


@pytest.mark.django_db(transaction=True)
def test_a_photo_goes_through_a_container_and_back(client: Client, blobs: Blobs) -> None:
    assert isinstance(storing.storage(), AzureStorage)
    assert isinstance(storing.storage(), BlobStorage)
    client.force_login(make_staff())
    place = make_restaurant()
    photo = give(client, place)
    assert sorted(blobs.held) == [f"/photos/{photo.name[:2]}/{photo.name}-{width}.webp" for width in (480, 640)]
    for blob in blobs.held.values():
        assert blob.headers["x-ms-blob-content-type"] == "image/webp"
        assert blob.headers["x-ms-blob-cache-control"] == "public, max-age=31536000, immutable"
        assert blob.headers["x-ms-blob-content-disposition"] == "inline"
    assert set(blobs.signed) == {True}
    assert blobs.waits == {"connection_timeout": 3, "read_timeout": 5, "retry_total": 1}
    answer = Client().get(photo.src)
    assert answer.content == blobs.held[f"/photos/{photo.name[:2]}/{photo.name}-480.webp"].data
    assert Client().get(f"/photos/{'0' * 32}-480.webp").status_code == 404
    # Used, so it stays, however old; then unused.
    assert unused.sweep([photo.name[:2]]) == 0
    type(place).objects.filter(pk=place.pk).update(photo_name="")
    assert unused.sweep([photo.name[:2]]) == 2
    assert blobs.held == {}
    # A removed one goes at once.
    give(client, place)
    send(client, place, **{"photo-clear": "on"})
    assert blobs.held == {}


@pytest.mark.django_db(transaction=True)
def test_a_container_that_is_away_costs_the_photo_alone(client: Client, blobs: Blobs) -> None:
    client.force_login(make_staff())
    place = make_restaurant()
    photo = give(client, place)
    blobs.is_away = True
    answer = Client().get(photo.src)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    found = errors(send(client, place, photo=upload(), photo_alt="The terrace"))
    assert found["photo"][0].startswith("The photo could not be stored right now.")
