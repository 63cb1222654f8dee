"""Photos in a container of Azure Blob Storage; imported only where ``PHOTOS_URL`` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, ContainerClient
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from storages.backends.azure_storage import AzureStorage

if TYPE_CHECKING:

    class _AzureStorage(Storage):
        """django-storages' class, which has no types."""

        account_url: str
        account_key: str | None
        client: ContainerClient

        def get_default_settings(self) -> dict[str, Any]:
            """Return what can be set, and to what it is by default."""

else:
    _AzureStorage = AzureStorage

CONNECT_SECONDS, READ_SECONDS = 3, 5
"""Of one attempt; there is one more."""


class BlobStorage(_AzureStorage):
    """A container, reached at the account's own address within short waits.

    The account's key signs in, or without one the machine's own identity. Each
    blob says what it is and how long it may be kept, for those who fetch it
    there instead of from the site.
    """

    def get_default_settings(self) -> dict[str, Any]:
        """Add the account's address, and what photos want; nothing else in Django's settings counts."""
        return {
            **super().get_default_settings(),
            "account_url": None,
            "timeout": READ_SECONDS,
            "cache_control": "public, max-age=31536000, immutable",
            "object_parameters": {"content_type": "image/webp", "content_disposition": "inline"},
        }

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Return a blob, read as a whole. Raises FileNotFoundError, as a folder does."""
        try:
            data: bytes = self.client.download_blob(name, timeout=READ_SECONDS).readall()
        except ResourceNotFoundError as error:
            raise FileNotFoundError(name) from error
        return ContentFile(data)

    def _get_service_client(self) -> BlobServiceClient:
        return BlobServiceClient(
            self.account_url,
            credential=self.account_key or DefaultAzureCredential(),
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retry_total=1,
        )
