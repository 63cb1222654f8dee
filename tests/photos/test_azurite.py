"""Photos in Azure Blob Storage, as Microsoft's emulator has it; `make audit` runs this."""

from __future__ import annotations

import datetime as dt
import io
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from restaurant_site.photos import storing, where
from restaurant_site.photos.azure import BlobStorage
from restaurant_site.photos.making import make
from restaurant_site.photos.photo import Photo
from tests.history import install
from tests.photos.pictures import jpeg

pytestmark = pytest.mark.audit

# The emulator's own account, which is the same everywhere.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@pytest.fixture
def container(settings: Settings) -> Iterator[BlobStorage]:
    """Keep photos in a container of an emulator."""
    node = install.node()
    assert node, "No Node: run `make audit`, which installs it."
    assert install.BLOB_SERVER.exists(), "No emulator: run `make audit`, which installs it."
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [node, str(install.BLOB_SERVER), "--blobPort", str(port), "--inMemoryPersistence"]
    process = subprocess.Popen([*command, "--skipApiVersionCheck"], stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        settings.STORAGES = settings.STORAGES | where.storages(f"http://127.0.0.1:{port}/{ACCOUNT}/photos", KEY)
        storage = storing.storage()
        assert isinstance(storage, BlobStorage)
        storage.client.create_container()
        yield storage
    finally:
        process.kill()
        process.wait(timeout=20)


def _wait(port: int) -> None:
    for _attempt in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("The emulator did not answer.")


def test_a_photo_is_kept_read_listed_and_deleted(container: BlobStorage) -> None:
    made = make(io.BytesIO(jpeg()), 1)
    storing.keep(made)
    assert storing.content(made.name, 640) == made.copies[-1][1]
    assert storing.content("0" * 32, 480) is None
    blob = container.client.get_blob_client(f"{made.name[:2]}/{made.name}-480.webp")
    told = blob.get_blob_properties().content_settings
    assert (told.content_type, told.content_disposition) == ("image/webp", "inline")
    assert told.cache_control == "public, max-age=31536000, immutable"
    files = storing.files(made.name[:2])
    assert list(files) == [made.name]
    assert len(files[made.name]) == 2
    now = dt.datetime.now(dt.UTC)
    assert storing.delete_old(files[made.name], now - dt.timedelta(hours=1)) == 0
    photo = Photo(made.name, made.width, made.height, "")
    # What is gone already is no error.
    for _twice in range(2):
        storing.delete(photo)
        assert storing.files(made.name[:2]) == {}
