"""Where photos are kept: Django's storage ``photos``, a folder or a container of Azure Blob Storage."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from restaurant_site.photos.making import Made
from restaurant_site.photos.photo import SHAPE, Photo, path, widths

logger = logging.getLogger("restaurant_site.photos")

ALIAS = "photos"
FOLDERS = tuple(f"{number:02x}" for number in range(256))
_FILE = re.compile(rf"({SHAPE})-\d{{1,4}}\.webp\Z")


class AwayError(Exception):
    """The storage does not answer, or does not take what it is given."""


def is_on() -> bool:
    """Return whether the site keeps photos at all."""
    return ALIAS in settings.STORAGES


def storage() -> Storage:
    """Return the storage. Raises InvalidStorageError where the site keeps no photos."""
    return storages[ALIAS]


def keep(made: Made) -> None:
    """Write every copy of a photo. Raises AwayError; what was written until then is swept later."""
    try:
        for width, data in made.copies:
            storage().save(path(made.name, width), ContentFile(data))
    except Exception as error:
        # Each storage has errors of its own.
        logger.exception("A photo can't be stored.")
        raise AwayError from error


def content(name: str, width: int) -> bytes | None:
    """Return a copy, or None where there is none. Raises AwayError."""
    try:
        with storage().open(path(name, width)) as file:
            data: bytes = file.read()
            return data
    except FileNotFoundError:
        return None
    except Exception as error:
        logger.exception("A photo can't be read.")
        raise AwayError from error


def delete(photo: Photo) -> None:
    """Delete every copy of a photo; one that is gone already is no error."""
    for width in widths(photo.width):
        storage().delete(path(photo.name, width))


def files(folder: str) -> dict[str, list[str]]:
    """Return what is in one of the `FOLDERS`: the names of photos, each with the paths of its copies."""
    try:
        _folders, listed = storage().listdir(folder)
    except FileNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for entry in listed:
        # Some storages list bare names, others whole paths.
        base = entry.rpartition("/")[2]
        if match := _FILE.fullmatch(base):
            found.setdefault(match[1], []).append(f"{folder}/{base}")
    return found


def delete_old(paths: Iterable[str], before: dt.datetime) -> int:
    """Delete those of the files that were written before a moment (aware); return how many."""
    count = 0
    for place in paths:
        if storage().get_modified_time(place) < before:
            storage().delete(place)
            count += 1
    return count
