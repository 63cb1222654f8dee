"""From the settings' URL to Django's storage."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("file", "https", "http")


def storages(url: str, key: str) -> dict[str, dict[str, Any]]:
    """Return the entry of ``STORAGES`` for ``PHOTOS_URL``, none where it is empty.

    ``file:///folder`` is a folder; ``https://account.blob.core.windows.net/container``
    a container of Azure Blob Storage, with the account's key or, without one,
    the machine's own identity. Raises ImproperlyConfigured.
    """
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ImproperlyConfigured("PHOTOS_URL has more than a place: the key belongs into PHOTOS_KEY.")
    if parts.scheme == "file":
        folder = unquote(parts.path)
        if parts.netloc or not folder.strip("/"):
            raise ImproperlyConfigured("PHOTOS_URL names no folder: use file:///srv/photos, with three slashes.")
        options = {"location": folder}
        return {"photos": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}}
    account, _slash, container = parts.path.strip("/").rpartition("/")
    if not parts.netloc or not container:
        raise ImproperlyConfigured(
            "PHOTOS_URL names no container: use https://account.blob.core.windows.net/container, or file:///folder."
        )
    options = {
        # An emulator has the account in the path.
        "account_url": f"{parts.scheme}://{parts.netloc}" + (f"/{account}" if account else ""),
        "azure_container": container,
        "account_key": key,
    }
    return {"photos": {"BACKEND": "restaurant_site.photos.azure.BlobStorage", "OPTIONS": options}}


def origins(base_url: str) -> list[str]:
    """Return what the content security policy has to allow for photos that are fetched elsewhere."""
    parts = urlsplit(base_url)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
