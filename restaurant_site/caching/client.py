"""The django-redis client of the site's caches: entries and tokens pass as they are, the rest is JSON."""

from __future__ import annotations

from typing import Any

from django_redis.client import DefaultClient
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from restaurant_site.caching.keys import MAGIC


class EntryClient(DefaultClient):  # type: ignore[misc]  # django-redis ships no types
    """Django's documented cache API as django-redis has it, with a short way for bytes that this app made.

    The stock client first tries to read every value as a number, which for a
    page costs more than Redis does.
    """

    def connect(self, index: int = 0) -> Any:
        """Connect; what fails is an interrupted connection, as with every command, which the alias may ignore."""
        try:
            return super().connect(index)
        except RedisError as error:
            raise ConnectionInterrupted(connection=None) from error

    def decode(self, value: Any) -> Any:
        """Return what was stored; what nobody here stored comes back as the bytes that it is, and is no entry."""
        if type(value) is bytes and value[:1] == MAGIC:
            return value
        try:
            return super().decode(value)
        except ValueError:
            return value

    def encode(self, value: Any, *, allow_int: bool = True) -> Any:
        """Return what is sent to Redis."""
        if type(value) is bytes and value[:1] == MAGIC:
            return value
        return super().encode(value, allow_int=allow_int)
