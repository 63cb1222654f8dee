"""Two who type one code at the same moment: one is let in. Without the row's lock both are."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from reservations.models import User
from restaurant_site.accounts import codes
from tests.factories import make_staff
from tests.site.accounts.phones import code_of

THREADS = 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["phone", "recovery"])
@pytest.mark.parametrize("locked", [True, False])
def test_one_code_lets_one_in(monkeypatch: pytest.MonkeyPatch, kind: str, locked: bool) -> None:
    user = make_staff()
    key = codes.new_key()
    readable = codes.readable_key(key)
    recovery = codes.set_up(user=user, key=key, code=code_of(readable, steps=-1))
    typed = code_of(readable) if kind == "phone" else recovery[0]
    meet = threading.Barrier(THREADS)
    look = codes._wait_of

    def meeting(device: Any) -> int:
        # Both have read the row; the lock lets one come here at a time.
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(0.5)
        return look(device)

    monkeypatch.setattr(codes, "_wait_of", meeting)
    if not locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *_args, **_kwargs: rows)
    verdicts: list[bool] = []

    def typing(user: User) -> None:
        try:
            verdicts.append(codes.verify(user=user, typed=typed).is_right)
        finally:
            connection.close()

    threads = [threading.Thread(target=typing, args=(user,)) for _number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(verdicts) == THREADS
    # A recovery code is used up by deleting its row, which holds by itself.
    expected = 1 if locked or kind == "recovery" else 2
    assert sum(verdicts) == expected
