"""The site as production serves it, at its own address, for programs that look at it as everybody does."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.install import FLAGS, chromium
from tests.conftest import Site
from tests.site import production
from tests.site.proxy import Proxy, write_certificate


@pytest.fixture(scope="session")
def front_door(served_production: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return the proxy in front of the site, which speaks HTTPS."""
    certificate = write_certificate(production.HOST, tmp_path_factory.mktemp("door"))
    with Proxy(urlsplit(served_production.url).port or 0, certificate, keeps=True) as door:
        yield door


@pytest.fixture(scope="session")
def flags(front_door: Proxy) -> list[str]:
    """Return what Chromium is started with, so that it finds the site at its own address and asks nobody else."""
    hosts = f"MAP {production.HOST}:443 127.0.0.1:{front_door.port}, MAP * ~NOTFOUND"
    rules = f"--host-resolver-rules={hosts}, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    return [*FLAGS, "--ignore-certificate-errors", rules]


@pytest.fixture(scope="session")
def chrome(playwright: Playwright, flags: list[str]) -> Iterator[Browser]:
    """Return a Chromium that knows the site's name."""
    running = playwright.chromium.launch(executable_path=chromium(), args=flags)
    yield running
    running.close()
