"""docs/authorization.md says of every address who may open it."""

from __future__ import annotations

from tests.reservations.roles.document import PATH, document
from tests.reservations.roles.table import DINERS, OTHERS, WAYS
from tests.reservations.roles.walking import every_pattern


def test_every_address_outside_the_admin_is_placed() -> None:
    names = {name for name, route in every_pattern() if name and not route.startswith("admin/")}
    assert sorted(names ^ set(DINERS)) == [], "say in tests/reservations/roles/table.py who opens these, under DINERS"


def test_the_document_is_in_step() -> None:
    assert PATH.read_text() == document(), "make authorization writes it anew"


def test_the_document_has_every_address() -> None:
    lines = PATH.read_text().splitlines()
    named = [name for name, _route in every_pattern() if name]
    more = sum(len(ways) - 1 for ways in WAYS.values())
    assert len([line for line in lines if line.startswith("| `/")]) == len(named) + more
    assert len(OTHERS) > 5
