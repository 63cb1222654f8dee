"""A connection that answered a moment ago is not asked again, and one that was ended is noticed all the same."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base as django

from restaurant_site.database.postgresql import base

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql("its driver's connection is asked"),
]


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """Return a second connection, which has answered just now."""
    wrapper = connection.copy()
    wrapper.connect()
    assert wrapper.is_usable()
    yield wrapper
    wrapper.close()


def test_who_answered_is_not_asked_again_and_who_was_ended_is_not_used(
    other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    stock = django.DatabaseWrapper.is_usable

    def heard(wrapper: django.DatabaseWrapper) -> bool:
        asked.append(bool(stock(wrapper)))
        return asked[-1]

    monkeypatch.setattr(django.DatabaseWrapper, "is_usable", heard)
    assert other.is_usable()
    assert asked == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [other.connection.info.backend_pid])
    give_up = time.monotonic() + 5
    while other.is_usable():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    assert asked[-1] is False


def test_after_a_while_it_is_asked(other: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    other.connection.pgconn.finish()
    assert not other.is_usable()
    other.close()
    other.connect()
    assert other.is_usable()
    monkeypatch.setattr(base, "_TRUSTED", 0.0)
    other.connection.close()
    assert not other.is_usable()
