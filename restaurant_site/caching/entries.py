"""The form of an entry in Redis: what it was made from, how long it is good, and the answer. MessagePack, no pickle."""

from __future__ import annotations

import zlib

import msgspec

from restaurant_site.caching.keys import MAGIC

_FORMAT = b"\x02"
_HEAD = MAGIC + _FORMAT
_SUM = 4
_BODY = len(_HEAD) + _SUM


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An entry. tokens stand in the order of tags; the times are seconds since the epoch.

    From fresh_until on one process makes it anew, and until that is done the
    others still serve it; from valid_until on nobody does. payload is the
    answer as its class encodes it.
    """

    tags: list[str]
    tokens: list[bytes]
    fresh_until: float
    valid_until: float
    payload: bytes

    def matches(self, tokens: dict[str, bytes]) -> bool:
        """Return whether every tag still has the token that it had before the data was read."""
        return all(tokens.get(tag) == token for tag, token in zip(self.tags, self.tokens, strict=False))


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Return the entry as it is stored."""
    body = _encoder.encode(entry)
    # A page is handed on as it lies there, and nobody else would notice a bit that turned.
    return _HEAD + zlib.crc32(body).to_bytes(_SUM) + body


def decode(stored: object) -> Entry | None:
    """Return the entry, or None for what is none: missing, corrupt, foreign, or of another format."""
    if type(stored) is not bytes or stored[:2] != _HEAD:
        return None
    body = memoryview(stored)[_BODY:]
    if zlib.crc32(body).to_bytes(_SUM) != stored[len(_HEAD) : _BODY]:
        return None
    try:
        entry = _decoder.decode(body)
    except msgspec.MsgspecError:
        return None
    # An entry that depends on nothing could never be renewed.
    return entry if entry.tags and len(entry.tags) == len(entry.tokens) else None
