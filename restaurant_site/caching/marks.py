"""Whether anything changed since: a short text that is another one after any of some tags was renewed. No SQL."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from django.conf import settings

from restaurant_site.caching.keys import token_key
from restaurant_site.caching.store import Unavailable, enabled, store


def mark_of(*tags: str, alias: str = "default") -> str | None:
    """Return a text that tells nothing but that it is the same for as long as none of the tags was renewed.

    One round trip to Redis where every tag has its token. None where Redis may
    not be asked: then only the database knows. Read it before what it stands for.
    """
    if not settings.CACHE_ENABLED or not enabled(alias):
        return None
    asked = store(alias)
    if not asked.gate.usable():
        return None
    try:
        tokens = _tokens(tags, alias)
    except Unavailable:
        return None
    digest = hashlib.blake2b(b"".join(tokens[tag] for tag in tags), digest_size=12).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _tokens(tags: Sequence[str], alias: str) -> dict[str, bytes]:
    asked = store(alias)
    found = asked.read([token_key(tag) for tag in tags])
    known = {tag: found[name] for tag in tags if (name := token_key(tag)) in found}
    return asked.tokens(tags, known)[0]
