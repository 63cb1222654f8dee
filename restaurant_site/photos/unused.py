"""Photos that no row has any more: deleted at once where one row parts with one, and swept where many went."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Sequence

from django.utils import timezone

from restaurant_site.photos import storing
from restaurant_site.photos.photo import Photo

GRACE = dt.timedelta(hours=1)
"""An unused photo younger than this may be of a form whose transaction has not ended."""

ROUND = 60
"""So many sweeps look through all folders once."""

_IN_A_LIST = 1000


def discard(photo: Photo) -> None:
    """Delete a photo from the storage, unless a row has it: a copied dish has the photo of the other.

    To be called after the commit that parted with it. Raises what the storage
    raises; the sweep then deletes it within some hours.
    """
    if storing.is_on() and not used([photo.name]):
        storing.delete(photo)


def used(names: Sequence[str]) -> set[str]:
    """Return those of the names that a row has."""
    from restaurant_site.photos.models import photo_models

    found: set[str] = set()
    for start in range(0, len(names), _IN_A_LIST):
        some = names[start : start + _IN_A_LIST]
        for model in photo_models():
            found |= set(model._base_manager.filter(photo_name__in=some).values_list("photo_name", flat=True))
    return found


def sweep_some() -> int:
    """Sweep the folders whose turn it is in this minute, so that an hour sees all; return how many files went."""
    turn = int(time.time() // 60) % ROUND
    return sweep(storing.FOLDERS[turn::ROUND])


def sweep(folders: Iterable[str] = storing.FOLDERS) -> int:
    """Delete the photos of some folders that no row has and that are older than `GRACE`; return how many files."""
    if not storing.is_on():
        return 0
    count = 0
    for folder in folders:
        files = storing.files(folder)
        unused = files.keys() - used(sorted(files))
        for name in sorted(unused):
            count += storing.delete_old(files[name], timezone.now() - GRACE)
    return count
