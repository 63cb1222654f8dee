"""As much of Azure Blob Storage's interface as photos use, in memory: put, get, head, list and delete."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.exceptions import ServiceRequestError
from azure.core.utils import case_insensitive_dict

KEY = "ZW11bGF0b3I="
"""Any base64 will do."""

_DATE = "Mon, 02 Nov 2026 10:00:00 GMT"


@dataclass
class Blob:
    """What was put, and the headers that came with it."""

    data: bytes
    headers: dict[str, str]


class Pieces(list[bytes]):
    """A body in pieces, on which the client puts what it knows of the blob."""

    response: Answer

    @property
    def content_length(self) -> int:
        """How many bytes the pieces are."""
        return sum(map(len, self))


class Answer:
    """A response as azure-core's pipeline reads it."""

    def __init__(self, request: Any, status: int, body: bytes = b"", **headers: str) -> None:
        self.request = self.internal_response = request
        self.status_code, self.reason = status, str(status)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = case_insensitive_dict({"content-length": str(len(body)), **told})
        self.content_type = self.headers.get("content-type", "application/xml")
        self.block_size, self._body = 4096, body

    def body(self) -> bytes:
        """Return the body."""
        return self._body

    def text(self, encoding: str | None = None) -> str:
        """Return the body as text."""
        return self._body.decode(encoding or "utf-8")

    read = body

    def json(self) -> Any:
        """Return nothing: the interface is XML."""
        return None

    def close(self) -> None:
        """Close nothing."""

    def stream_download(self, _pipeline: Any, **_more: Any) -> Any:
        """Return the body in one piece."""
        pieces = Pieces([self._body])
        pieces.response = self
        return pieces

    def raise_for_status(self) -> None:
        """Leave errors to who asked."""


@dataclass
class Blobs:
    """One account. Old enough are all its blobs."""

    held: dict[str, Blob] = field(default_factory=dict)
    signed: list[bool] = field(default_factory=list)
    waits: dict[str, int] = field(default_factory=dict)
    is_away: bool = False

    def answer(self, request: Any) -> Answer:
        """Answer a request."""
        if self.is_away:
            raise ServiceRequestError("away")
        self.signed.append(request.headers.get("Authorization", "").startswith("SharedKey house:"))
        parts = urlsplit(request.url)
        path, query = unquote(parts.path), parse_qs(parts.query)
        if query.get("comp") == ["list"]:
            return self._listed(request, path, query.get("prefix", [""])[0])
        if request.method == "PUT":
            data = request.data if isinstance(request.data, bytes) else (request.data or io.BytesIO()).read()
            self.held[path] = Blob(data, {name.lower(): value for name, value in request.headers.items()})
            return Answer(request, 201, etag='"1"', last_modified=_DATE)
        blob = self.held.get(path)
        if blob is None:
            return Answer(request, 404, x_ms_error_code="BlobNotFound")
        if request.method == "DELETE":
            del self.held[path]
            return Answer(request, 202)
        told: dict[str, Any] = {
            "etag": '"1"',
            "last_modified": _DATE,
            "x_ms_blob_type": "BlockBlob",
            "content_type": "image/webp",
        }
        if request.method == "HEAD":
            return Answer(request, 200, **told, content_length=str(len(blob.data)))
        size = len(blob.data)
        return Answer(request, 206, blob.data, **told, content_range=f"bytes 0-{size - 1}/{size}")

    def _listed(self, request: Any, container: str, prefix: str) -> Answer:
        names = [name.removeprefix(f"{container}/") for name in sorted(self.held)]
        told = f"<Last-Modified>{_DATE}</Last-Modified><BlobType>BlockBlob</BlobType>"
        rows = "".join(
            f"<Blob><Name>{name}</Name><Properties>{told}</Properties></Blob>"
            for name in names
            if name.startswith(prefix)
        )
        body = f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{rows}</Blobs></EnumerationResults>'
        return Answer(request, 200, body.encode(), content_type="application/xml")
