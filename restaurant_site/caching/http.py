"""What HTTP asks of a stored page: encodings, conditions, and which answers may be stored at all."""

from __future__ import annotations

import functools
import gzip
import hashlib

import msgspec

Headers = list[tuple[str, str]]

# Of the message, not of the page: made anew for each answer.
_OWN = frozenset({"content-length", "content-encoding", "etag", "x-cache", "connection", "date", "server"})
_PAGE_TYPES = ("text/html", "application/xml", "text/xml", "text/plain")
_MOST_BYTES = 2 * 1024 * 1024

PERSONAL = frozenset({"Set-Cookie", "Vary", "Cache-Control", "nonce"})
"""Reasons of `refusal` for which an answer may be one visitor's."""


class Page(msgspec.Struct, array_like=True, gc=False):
    """A page as it is stored: the status line, its headers, and the body in gzip with its plain length.

    body is the plain body of a page that was just made and is not stored.
    """

    status: str
    headers: list[tuple[str, str]]
    etag: str
    zipped: bytes
    length: int

    def plain(self) -> bytes:
        """Return the body for a client without gzip."""
        return gzip.decompress(self.zipped)


_decoder = msgspec.msgpack.Decoder(Page)
encode = msgspec.msgpack.Encoder().encode
decode = _decoder.decode


def page(status: str, headers: Headers, body: bytes) -> Page:
    """Return an answer of Django's as a page, with an ETag of its content and gzip of it."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OWN]
    names = {name.lower() for name, _value in kept}
    if "cache-control" not in names:
        # Browsers keep it and ask each time whether it still is the same.
        kept.append(("Cache-Control", "no-cache"))
    kept = [(name, value) for name, value in kept if name.lower() != "vary"] + [("Vary", "Accept-Encoding")]
    # Of the headers too: a new policy must reach who has the body.
    digest = hashlib.blake2b(repr(kept).encode() + body, digest_size=12).hexdigest()
    return Page(status, kept, f'W/"{digest}"', gzip.compress(body, 6, mtime=0), len(body))


def refusal(status: str, headers: Headers, body: bytes) -> str:
    """Return why an answer must not be stored for everyone, or "".

    Names and directives are compared without case and padding, and ``*`` counts
    as varying: each was a hole in Django's own page cache (CVE-2026-6907,
    CVE-2026-8404, CVE-2026-48587).
    """
    kind = ""
    for name, value in headers:
        low = name.lower().strip()
        words = {word.partition("=")[0].strip().lower() for word in value.split(",")}
        if low == "set-cookie":
            return "Set-Cookie"
        if low == "vary" and words - {"accept-encoding", ""}:
            return "Vary"
        if low == "cache-control" and words & {"private", "no-store"}:
            return "Cache-Control"
        if low.startswith("content-security-policy") and "'nonce-" in value.lower():
            # Served twice, a nonce protects nobody.
            return "nonce"
        if low == "content-encoding":
            return "Content-Encoding"
        if low == "content-type":
            kind = value.partition(";")[0].strip().lower()
    if not status.startswith("200"):
        return f"status {status[:3]}"
    if kind not in _PAGE_TYPES:
        return "Content-Type"
    return "size" if len(body) > _MOST_BYTES else ""


@functools.lru_cache(maxsize=512)
def takes_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        weight = 1.0
        for parameter in parameters.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(value.strip())
                except ValueError:
                    weight = 0.0
        weights[coding.strip()] = weight
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def is_match(condition: str, etag: str) -> bool:
    """Return whether an If-None-Match header names the page (RFC 9110, 13.1.2: the weak comparison)."""
    if condition.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") == wanted for part in condition.split(","))
