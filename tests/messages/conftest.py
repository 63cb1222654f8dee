"""A mail server for the tests of sending, and the addresses to which mails lead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.messages.smtp_server import SmtpServer


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    """Run a mail server that takes everything, and let this process send to it."""
    with SmtpServer() as running:
        settings.EMAIL_BACKEND = "restaurant_site.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_FROM = "Tafel <book@example.org>"
        yield running


@pytest.fixture
def addresses(settings: Settings) -> None:
    """Let mails come from and lead to addresses of the tests."""
    settings.ROOT_URLCONF = "tests.messages.urls"
    settings.SITE_URL = "https://book.example.org"
    settings.EMAIL_FROM = "Tafel <book@example.org>"
