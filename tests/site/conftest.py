"""Fixtures of the embedded servers' tests, and the site as production serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restaurant_site.embedded import ensure
from tests.conftest import Site, as_numbered
from tests.messages.smtp_server import SmtpServer
from tests.site import production
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


@pytest.fixture(scope="session")
def mail_server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture(scope="session")
def served_production(
    django_db_setup: None, mail_server: SmtpServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("production")
    with production.served(folder, production.environment(folder, mail_server.port)) as site:
        yield site


@pytest.fixture
def production_site(content_types: dict[tuple[str, str], int], served_production: Site, transactional_db: None) -> Site:
    """Give the site in the settings of production; what the test commits is seen by its workers."""
    as_numbered(content_types)
    return served_production
