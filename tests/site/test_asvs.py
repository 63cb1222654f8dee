"""The list of ASVS items is whole and honest: each says what holds it, and every file that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ITEMS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$", LIST, re.MULTILINE)
NAMED = re.compile(r"`((?:tests|restaurant_site|reservations|menus|docs)/[^`]*|Makefile|Dockerfile|SECURITY\.md)`")


def test_every_item_has_what_holds_it_or_why_it_does_not_apply() -> None:
    assert len(ITEMS) > 180
    for number, asks, held in ITEMS:
        assert asks.strip()
        assert NAMED.search(held) or held.startswith(("Does not apply", "Open")), number


def test_every_file_that_is_named_is_there() -> None:
    named = {path for _number, _asks, held in ITEMS for path in NAMED.findall(held)}
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_items_come_once_and_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _asks, _held in ITEMS]
    assert numbers == sorted(set(numbers))
    assert {number[0] for number in numbers} == set(range(1, 18))


def test_the_list_is_dated() -> None:
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", LIST)
