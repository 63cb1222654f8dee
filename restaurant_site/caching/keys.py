"""Names in Redis: of entries, which carry the release, and of tokens, which every release shares."""

from __future__ import annotations

import hashlib
import re
import secrets

from django.conf import settings

ALL = "all"
"""The tag of everything: each entry carries it, and renewing it empties the cache at once."""

MAGIC = b"\xc1"
"""The first byte of whatever this app stores: no JSON, no number and no MessagePack begins with it."""

_TAG = re.compile(r"[a-z][a-z0-9_-]*(:[A-Za-z0-9_-]+)*\Z")
_PREFIX = "t:"
_READABLE = re.compile(r"[!-~]{1,200}\Z")


class TokenKey(str):
    """The key of a token. By its type, so that no key of anybody else can look like one."""

    __slots__ = ()


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Return the name in Redis; Django's KEY_FUNCTION.

    Tokens have one name whatever the alias, so that an entry and its tokens can
    be read in one round trip through the entry's alias.
    """
    return key if type(key) is TokenKey else f"{key_prefix}:{version}:{key}"


def token_key(tag: str) -> TokenKey:
    """Return the key of a tag's token."""
    return TokenKey(_PREFIX + tag)


def untoken(key: TokenKey) -> str:
    """Return the tag of a token's key."""
    return key.removeprefix(_PREFIX)


def is_tag(text: str) -> bool:
    """Return whether a text has the shape of a tag: words joined by colons, such as ``day:7:2026-12-24``."""
    return len(text) <= 200 and bool(_TAG.match(text))


def new_token() -> bytes:
    """Return a random token; every attempt to renew a tag draws one of its own."""
    return MAGIC + secrets.token_bytes(12)


def entry_key(kind: str, name: str) -> str:
    """Return the key of an entry of this release; a long or unprintable name is hashed."""
    shown = name if _READABLE.match(name) else "#" + hashlib.blake2b(name.encode(), digest_size=20).hexdigest()
    return f"{kind}:{settings.RELEASE}:{shown}"
