"""manage.py send_test_email: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.messages.commands import manage
from tests.messages.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


def test_a_test_mail_is_taken(server: SmtpServer) -> None:
    done = manage("send_test_email", "ada@example.org", email_url=server.url)
    assert done.returncode == 0, done.stderr
    assert f"From Tafel <book@example.org> to ada@example.org through 127.0.0.1:{server.port} (not encrypted)" in (
        done.stdout
    )
    assert "The server has taken it." in done.stdout
    (mail,) = server.taken
    assert (mail["To"], mail["From"]) == ("ada@example.org", "Tafel <book@example.org>")


@pytest.mark.parametrize(
    ("address", "answer", "says"),
    [
        ("ada", {}, "'ada' is no e-mail address."),
        ("a@example.org", {"rcpt": "550 nobody"}, "SMTPRecipientsRefused: 550 nobody\nCheck the address."),
        ("a@example.org", {"data": "554 spam"}, "SMTPDataError: 554 spam\nThe server took the address and refused"),
        ("a@example.org", {"drops": "connect"}, "The server hung up or fell silent: smtps:// is usually port 465"),
    ],
)
def test_a_failure_says_what_to_do(server: SmtpServer, address: str, answer: dict[str, str], says: str) -> None:
    for name, value in answer.items():
        setattr(server, name, value)
    failed = manage("send_test_email", address, email_url=server.url)
    assert failed.returncode == 1
    assert says in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    ("scheme", "says"),
    [
        ("smtps://127.0.0.1:{port}", "Port and scheme don't fit"),
        ("smtp+tls://127.0.0.1:{port}", "The server offers no STARTTLS here"),
        ("smtp://nowhere.invalid:{port}", "has no address: check its spelling"),
        ("smtp://127.0.0.1:1", "Nothing listens there: check the port"),
        ("smtp://u:hunter2-is-secret@127.0.0.1:{port}", "no login without it"),
    ],
)
def test_a_server_that_is_not_what_the_url_says(server: SmtpServer, scheme: str, says: str) -> None:
    failed = manage("send_test_email", "ada@example.org", email_url=scheme.format(port=server.port))
    assert failed.returncode == 1
    assert says in failed.stderr
    assert "hunter2" not in failed.stdout + failed.stderr


def test_in_development_it_is_printed() -> None:
    done = manage("send_test_email", "ada@example.org", email_url="consolemail://")
    assert done.returncode == 0
    assert "To: ada@example.org" in done.stdout
    assert "taken" not in done.stdout
    assert done.stdout.endswith("Nothing was sent: EMAIL_URL names no mail server.\n")
