"""Who forgot their password is answered alike, and as quickly, whether or not there is an account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reservations.jobs.table import JOBS
from restaurant_site.accounts.mailing import send_password_mails
from restaurant_site.accounts.models import PasswordMail
from tests import clock
from tests.factories import make_member, make_restaurant, make_staff

pytestmark = pytest.mark.django_db

ASK = "/admin/password_reset/"


def asked(client: Client, email: str) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as found:
        answer = client.post(ASK, {"email": email})
    return answer, [query["sql"].partition(" ")[0] for query in found]


def test_the_request_does_the_same_for_everybody_and_sends_nothing(client: Client) -> None:
    make_staff(email="staff@example.org")
    make_staff(email="gone@example.org", is_active=False)
    answers = [asked(client, f"{name}@example.org") for name in ("staff", "gone", "nobody")]
    assert {(answer.status_code, answer["Location"]) for answer, _sql in answers} == {
        (302, reverse("password_reset_done"))
    }
    assert all(sql == answers[0][1] and "INSERT" in sql for _answer, sql in answers)
    assert not mail.outbox
    assert send_password_mails in {job.work for job in JOBS}
    send_password_mails()
    assert [message.to for message in mail.outbox] == [["staff@example.org"]]
    assert not PasswordMail.objects.exists()


def test_who_asks_often_gets_one_mail_in_the_language_of_the_page(client: Client) -> None:
    make_member(make_restaurant(), email="host@example.org")
    for _time in range(3):
        client.post(f"/de{ASK}", {"email": "HOST@example.org"})
    assert send_password_mails() == 1
    assert send_password_mails() == 0
    assert "/de/admin/reset/" in str(mail.outbox[0].body)


def test_a_mail_server_that_is_away_is_tried_again_and_not_for_ever(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_staff(email="staff@example.org")
    client.post(ASK, {"email": "staff@example.org"})

    def refuse(*_args: object, **_kwargs: object) -> int:
        raise OSError("staff@example.org can't be reached")

    with monkeypatch.context() as away:
        away.setattr(EmailMessage, "send", refuse)
        assert send_password_mails() == 0
        # Not due again yet.
        assert send_password_mails() == 0
    row = PasswordMail.objects.get()
    assert row.tries == 1
    PasswordMail.objects.update(due_at="2020-01-01T00:00Z")
    assert send_password_mails() == 1
    client.post(ASK, {"email": "staff@example.org"})
    PasswordMail.objects.update(tries=4)
    with monkeypatch.context() as away:
        away.setattr(EmailMessage, "send", refuse)
        send_password_mails()
    assert not PasswordMail.objects.exists()


def test_a_mail_server_that_hangs_costs_the_loop_one_mail_a_turn(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mail would take the loop ten seconds, in which nothing else is due."""
    for name in ("a", "b", "c"):
        make_staff(email=f"{name}@example.org")
        client.post(ASK, {"email": f"{name}@example.org"})
    tried = []

    def hang(message: EmailMessage, *_args: object, **_kwargs: object) -> int:
        tried.extend(message.to)
        raise TimeoutError("timed out")

    with monkeypatch.context() as away:
        away.setattr(EmailMessage, "send", hang)
        send_password_mails()
        assert tried == ["a@example.org"]
        send_password_mails()
        assert tried == ["a@example.org", "b@example.org"]
    assert send_password_mails() == 1
    assert [message.to for message in mail.outbox] == [["c@example.org"]]


@pytest.mark.parametrize("ahead", [-1, 1])
def test_two_loops_whose_clocks_differ_send_it_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    make_staff(email="staff@example.org")
    now = dt.datetime(2027, 6, 16, 10, tzinfo=dt.UTC)
    minute = dt.timedelta(minutes=1)
    with clock.at(now, node_ahead=ahead * minute):
        client.post(ASK, {"email": "staff@example.org"})
    send = EmailMessage.send

    def send_slowly(message: EmailMessage, *args: Any, **kwargs: Any) -> int:
        monkeypatch.undo()
        with clock.at(now + minute / 2):
            assert send_password_mails() == 0
        return send(message, *args, **kwargs)

    monkeypatch.setattr(EmailMessage, "send", send_slowly)
    with clock.at(now + minute / 4, node_ahead=ahead * minute):
        assert send_password_mails() == 1
    assert len(mail.outbox) == 1
