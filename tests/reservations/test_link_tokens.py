"""A signed link holds for one kind of row of one restaurant, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reservations.links import (
    entry_reference_of,
    entry_token,
    press_token,
    pressed_by,
    reference_of,
    request_reference_of,
    request_token,
    reservation_token,
)

Sign = Callable[[int, str], str]
Read = Callable[[int, str], str | None]


def press(restaurant_id: int, reference: str) -> str:
    return press_token(restaurant_id, reference, "ada@example.org")


def pressed(restaurant_id: int, token: str) -> str | None:
    told = pressed_by(restaurant_id, token)
    return told[0] if told else None


KINDS: list[tuple[Sign, Read]] = [
    (reservation_token, reference_of),
    (entry_token, entry_reference_of),
    (request_token, request_reference_of),
    (press, pressed),
]


@pytest.mark.parametrize(("sign", "read"), KINDS)
def test_a_token_is_read_where_it_was_made(sign: Sign, read: Read) -> None:
    token = sign(7, "ABC123XYZ")
    assert read(7, token) == "ABC123XYZ"
    assert read(8, token) is None
    assert read(7, token[:-1]) is None
    assert read(7, token.replace("ABC", "ABD")) is None
    assert read(7, "ABC123XYZ") is None
    assert [other(7, token) for _sign, other in KINDS if other is not read] == [None] * (len(KINDS) - 1)
