"""Sessions: rows in SQL, read through Redis under a token of their own.

The token is read before the row, and renewed with every save and deletion, by
way of the outbox. So a session that was logged out while another request was
between its read and its fill stays logged out, which Django's ``cached_db``
does not hold. Redis keeps the row's signed text: whoever can write to Redis
can't make a session up.
"""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, router, transaction
from django.db.models import signals
from django.utils import timezone
from django.utils.crypto import get_random_string

from restaurant_site.caching.outbox import SESSION_PREFIX, changed
from restaurant_site.caching.stamps import do_not_store, valid_until
from restaurant_site.caching.through import Layer
from restaurant_site.database.failures import failure_of

# Of the shape that Django makes. It takes any cookie of eight characters for a
# key, and a NUL byte smuggled in by an octal escape ends in an error of PostgreSQL.
_KEY = re.compile(r"[0-9a-z]{32}\Z")
_SECONDS = 3600

_layer: Layer[str] = Layer(
    "session", "sessions", encode=lambda signed: signed.encode(), decode=lambda payload: payload.decode()
)


def tag_of(session_key: str) -> str:
    """Return the tag of a session. Hashed: neither the outbox nor Redis tells anybody a session's key."""
    return SESSION_PREFIX + hashlib.sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    """Django's session store with rows in SQL, whose reads go through the cache."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Return whether the key could have been made by this store."""
        return bool(key and _KEY.match(key))

    def _get_new_session_key(self) -> str:
        """Return a new key without asking whether anybody has it: the insert of one that is taken is refused."""
        return get_random_string(32, VALID_KEY_CHARS)

    def load(self) -> dict[str, Any]:
        """Return the session's data; for one that is not there, or has expired, {} without a key."""
        key = self.session_key
        if key is None:
            self._session_key = None
            return {}
        tag = tag_of(key)
        signed = _layer.read(f"s:{tag}", functools.partial(self._row, key), tags=[tag], fresh=_SECONDS).value
        if not signed:
            self._session_key = None
            return {}
        return self.decode(signed)

    def _row(self, key: str) -> str:
        """Return the signed text of the session's row, or "" where there is none."""
        row = self.model.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
        if row is None:
            # Keys that lead nowhere are endlessly many.
            do_not_store("no session")
            return ""
        valid_until(row.expire_date)
        return str(row.session_data)

    def save(self, must_create: bool = False) -> None:
        """Save as Django's store does, and renew the session's token."""
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        using = router.db_for_write(self.model, instance=row)
        try:
            with transaction.atomic(using=using):
                row.save(force_insert=must_create, force_update=not must_create, using=using)
                changed(tag_of(self.session_key), using=using)
        except IntegrityError:
            if must_create:
                raise CreateError from None
            raise
        except DatabaseError as error:
            # A database that is away has deleted no session: that is a 503, and not a request that was wrong.
            if must_create or failure_of(error) is not None:
                raise
            raise UpdateError from None

    def delete(self, session_key: str | None = None) -> None:
        """Delete a session, by default this one, and renew its token even where there is no row."""
        key = session_key or self.session_key
        if key is None:
            return
        using = router.db_for_write(self.model)
        with transaction.atomic(using=using):
            self.model.objects.using(using).filter(session_key=key).delete()
            changed(tag_of(key), using=using)

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the rows of expired sessions. Their entries have ended by themselves, so nothing is renewed."""
        rows = cls.get_model_class().objects.filter(expire_date__lt=timezone.now())
        # Past the signal, which would read each row and renew its tag.
        rows._raw_delete(rows.db)

    async def aload(self) -> dict[str, Any]:
        """Load, as `load` does."""
        return await sync_to_async(self.load)()

    async def asave(self, must_create: bool = False) -> None:
        """Save, as `save` does."""
        await sync_to_async(self.save)(must_create)

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete, as `delete` does."""
        await sync_to_async(self.delete)(session_key)


def _deleted(sender: type[Session], instance: Session, using: str, **_kwargs: Any) -> None:
    changed(tag_of(instance.session_key), using=using)


def connect() -> None:
    """Renew the token of a session that is deleted in some other way, such as by an operator."""
    signals.pre_delete.connect(_deleted, sender=Session, dispatch_uid="caching.session")
