"""Reading the mail server and the sender from the environment."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from restaurant_site import env
from restaurant_site.env import MailServer

PASSWORD = "hunter2-is-secret"
SMTP = "restaurant_site.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("smtp://localhost", MailServer(SMTP, "localhost", 25)),
        ("smtp://[::1]:2525/", MailServer(SMTP, "::1", 2525)),
        ("smtp+tls://u%40h:p%2Fw@h", MailServer(SMTP, "h", 587, "u@h", "p/w", starttls=True)),
        ("smtp+tls://h:2587", MailServer(SMTP, "h", 2587, starttls=True)),
        ("smtps://u:p@h", MailServer(SMTP, "h", 465, "u", "p", tls=True)),
        ("smtp+ssl://u:p@h:4650", MailServer(SMTP, "h", 4650, "u", "p", tls=True)),
        ("consolemail://", MailServer(CONSOLE)),
    ],
)
def test_a_mail_server(monkeypatch: pytest.MonkeyPatch, value: str, found: MailServer) -> None:
    monkeypatch.setenv("THING", value)
    assert env.mail_url("THING", console=True) == found


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (f"imap://u:{PASSWORD}@h", "THING does not begin with one of smtp://"),
        ("consolemail://", "THING does not begin with one of smtp://"),
        (f"smtp://u:{PASSWORD}@", "THING names no server: use smtp://user:password@host:port."),
        ("smtps:///h", "THING names no server"),
        (f"smtp://u:{PASSWORD}@h:25/x", "THING has more than a server"),
        (f"smtp://u:{PASSWORD}@h?timeout=3", "THING has more than a server"),
        ("smtp://u@h", "THING has a user or a password alone"),
        (f"smtp://:{PASSWORD}@h", "THING has a user or a password alone"),
        (f"smtp://u:{PASSWORD}@h:x", "THING can't be read as a URL"),
    ],
)
def test_an_unusable_mail_server_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.mail_url("THING")
    assert str(refused.value).startswith(says)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("value", ["book@example.org", "Tafel <book@example.org>", '"Tafel, Inc." <b@example.org>'])
def test_a_sender(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THING", value)
    assert env.mailbox("THING") == value


@pytest.mark.parametrize(
    "value",
    [
        "Tafel",
        "Tafel <book>",
        "a@example.org, b@example.org",
        "T, I <a@example.org>",
        "T\nBcc: x <a@example.org>",
        "<>",
    ],
)
def test_what_is_no_sender_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match=r"^THING='.*' is not a sender: use Name <name@example.org>\.$"):
        env.mailbox("THING")
