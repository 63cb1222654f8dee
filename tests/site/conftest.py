"""Fixtures of the embedded servers' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restaurant_site.embedded import ensure
from tests.site.checkouts import home_of, processes, remove


@pytest.fixture
def make_checkout(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    made: list[Path] = []

    def make(*parts: str) -> Path:
        checkout = tmp_path.joinpath(*parts)
        checkout.mkdir(parents=True)
        made.append(checkout)
        return checkout

    yield make
    for checkout in made:
        remove(checkout)


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    checkout = tmp_path_factory.mktemp("checkout")
    ensure(checkout).release()
    yield checkout
    remove(checkout)


@pytest.fixture
def checkout(shared_checkout: Path) -> Iterator[Path]:
    """Give a checkout that has its data, shared to save time by the tests that leave it intact."""
    yield shared_checkout
    assert processes(home_of(shared_checkout).path) == []
