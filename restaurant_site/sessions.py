"""Sessions in SQL, read through Redis (Django's ``cached_db``), with strict keys.

Django takes any cookie of eight characters or more as a key and asks the
database for it; a NUL byte smuggled in by an octal escape of the cookie then
ends in an error of PostgreSQL. Only keys of the shape Django makes are looked up.
"""

from __future__ import annotations

import re

from django.contrib.sessions.backends.cached_db import SessionStore as CachedDbSessionStore

_KEY = re.compile(r"[0-9a-z]{32}\Z")


class SessionStore(CachedDbSessionStore):
    """Django's cached_db store; a key of any other shape counts as no session."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Return whether the key could have been made by this store."""
        return bool(key and _KEY.match(key))
