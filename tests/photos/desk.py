"""Staff at the forms with a photo, as a browser sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from restaurant_site.photos.photo import Photo
from tests.pages import read
from tests.photos.pictures import jpeg


def form_of(row: Model) -> str:
    """Return the address of a row's form."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,))


def upload(data: bytes | None = None, name: str = "IMG_0001.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    """Return a chosen file, a good JPEG unless other bytes are given."""
    return SimpleUploadedFile(name, jpeg() if data is None else data, content_type=kind)


def send(client: Client, row: Model, **typed: Any) -> Any:
    """Save a row's form as it is shown, with these fields typed."""
    address = form_of(row)
    form = next(form for form in read(client.get(address)).forms if "photo_alt" in form.values)
    return client.post(address, {**form.values, "_save": "Save", **typed})


def errors(answer: Any) -> dict[str, list[str]]:
    """Return what the page says beside its fields."""
    assert answer.status_code == 200
    return {name: list(texts) for name, texts in answer.context["adminform"].form.errors.items()}


def give(client: Client, row: Any, alt: str = "The terrace", data: bytes | None = None) -> Photo:
    """Give a row a photo on its form, and return it."""
    answer = send(client, row, photo=upload(data), photo_alt=alt)
    assert answer.status_code == 302, errors(answer)
    row.refresh_from_db()
    photo: Photo | None = row.photo
    assert photo
    return photo


def kept(folder: Path) -> set[str]:
    """Return the names of the photos that a folder holds."""
    return {path.name.partition("-")[0] for path in folder.rglob("*.webp")}
