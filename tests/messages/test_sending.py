"""Sending through a real mail server: what goes over the wire, what is tried again, and what is given up."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
from django.utils import timezone
from icalendar import Calendar
from pytest_django import Settings

from reservations.messages import sending
from reservations.messages.sending import BACKOFF, send_again, send_due
from reservations.models import Message, Reservation
from tests.factories import make_restaurant
from tests.messages.rows import Kind, make_message, make_row, make_told
from tests.messages.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db

Status = Message.Status


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def minutes_until(message: Message) -> float:
    return (fresh(message).due_at - timezone.now()).total_seconds() / 60


def test_a_confirmation_goes_over_the_wire(server: SmtpServer) -> None:
    message = make_told(Kind.CONFIRMATION, restaurant=make_restaurant(name="Café Ähre"))
    assert send_due() == 1
    (mail,) = server.taken
    assert mail["From"] == "Café Ähre <book@example.org>"
    assert mail["To"] == "ada@example.org"
    assert mail["Reply-To"] == "table@example.org"
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["Subject"]).strip().startswith("Your table at Café Ähre: ")
    parts = {part.get_content_type(): part for part in mail.walk() if not part.is_multipart()}
    assert set(parts) == {"text/plain", "text/html", "text/calendar"}
    assert "Your table is booked." in parts["text/plain"].get_content()
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    assert parts["text/calendar"].get_filename() == "reservation.ics"
    entry = Calendar.from_ical(parts["text/calendar"].get_content())
    assert isinstance(entry, Calendar)
    assert entry.events[0]["status"] == "CONFIRMED"
    done = fresh(message)
    assert (done.status, done.attempts, done.error, done.claim) == (Status.SENT, 1, "", "")
    assert done.sent_at is not None
    assert send_due() == 0
    assert len(server.taken) == 1


def test_only_what_is_due_is_sent_the_longest_due_first(server: SmtpServer) -> None:
    now = timezone.now()
    row = make_row()
    later = make_message(Kind.CONFIRMATION, row, due_at=now + dt.timedelta(minutes=1))
    second = make_message(Kind.CONFIRMATION, row, due_at=now - dt.timedelta(minutes=1))
    first = make_message(Kind.CONFIRMATION, row, due_at=now - dt.timedelta(minutes=2))
    for status in (Status.SENT, Status.FAILED, Status.DROPPED, Status.SENDING):
        make_message(Kind.CONFIRMATION, row, status=status, claimed_at=now)
    assert send_due() == 2
    assert server.ids() == [first.message_id, second.message_id]
    assert fresh(later).status == Status.WAITING


def test_what_is_no_longer_true_is_dropped_with_its_reason(server: SmtpServer) -> None:
    message = make_told(Kind.CONFIRMATION, status=Reservation.Status.CANCELLED)
    assert send_due() == 1
    assert server.taken == []
    assert (fresh(message).status, fresh(message).error) == (Status.DROPPED, "By now the status is: cancelled.")


def test_a_refused_recipient_is_given_up_at_once(server: SmtpServer) -> None:
    server.rcpt = "550 5.1.1 nobody of that name"
    message = make_told(Kind.CONFIRMATION)
    send_due()
    failed = fresh(message)
    assert (failed.status, failed.attempts) == (Status.FAILED, 1)
    assert failed.error == "The server refused the recipient: 550 5.1.1 nobody of that name"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"rcpt": "451 4.7.1 come back later"}, "The server refused the recipient: 451 4.7.1 come back later"),
        ({"data": "452 4.3.1 full"}, "The server did not take the mail: 452 4.3.1 full"),
        ({"data": "554 5.7.1 sender not known"}, "The server did not take the mail: 554 5.7.1 sender not known"),
        ({"drops": "connect"}, "The mail server can't be used: "),
        ({"drops": "rcpt"}, "The connection broke: "),
        ({"drops": "data"}, "The connection broke: "),
    ],
)
def test_what_may_pass_is_tried_again(server: SmtpServer, answer: dict[str, str], says: str) -> None:
    for name, value in answer.items():
        setattr(server, name, value)
    message = make_told(Kind.CONFIRMATION)
    send_due()
    waiting = fresh(message)
    assert (waiting.status, waiting.attempts, waiting.claim) == (Status.WAITING, 1, "")
    assert waiting.error.startswith(says)
    assert 0.9 < minutes_until(message) <= 1
    assert send_due() == 0
    server.rcpt, server.data, server.drops = "250 fine", "250 taken", ""
    Message.objects.update(due_at=timezone.now())
    send_due()
    assert server.ids()[-1] == message.message_id
    assert (fresh(message).status, fresh(message).error) == (Status.SENT, "")


def test_after_the_last_attempt_it_is_given_up_with_the_reason(server: SmtpServer) -> None:
    server.rcpt = "451 later"
    message = make_told(Kind.REMINDER)
    for wait in BACKOFF:
        assert send_due() == 1
        assert wait.total_seconds() / 60 - 0.1 < minutes_until(message) <= wait.total_seconds() / 60
        Message.objects.update(due_at=timezone.now())
    assert send_due() == 1
    assert (fresh(message).status, fresh(message).attempts) == (Status.FAILED, len(BACKOFF) + 1)
    assert "451 later" in fresh(message).error
    assert [wait.total_seconds() / 60 for wait in BACKOFF] == [1, 5, 15, 60, 240]


@pytest.mark.parametrize("moment", ["connect", "data"])
def test_a_server_that_hangs_is_left_after_the_timeout(server: SmtpServer, settings: Settings, moment: str) -> None:
    assert settings.EMAIL_TIMEOUT == 10
    settings.EMAIL_TIMEOUT = 0.2
    server.hangs = moment
    messages = [make_told(Kind.CONFIRMATION) for _i in range(3)]
    assert send_due() == 1, "the next would wait as long: it is left to the next run"
    assert [fresh(message).status for message in messages] == [Status.WAITING] * 3
    assert "timed out" in fresh(messages[0]).error
    assert fresh(messages[1]).attempts == 0


def test_no_server_at_all(server: SmtpServer, settings: Settings) -> None:
    settings.EMAIL_PORT = 1
    message = make_told(Kind.REMINDER)
    send_due()
    assert fresh(message).status == Status.WAITING
    assert "refused" in fresh(message).error


@pytest.mark.parametrize("kind", list(Kind))
def test_where_it_is_unknown_whether_it_went_out(server: SmtpServer, settings: Settings, kind: Message.Kind) -> None:
    settings.ROOT_URLCONF = "tests.messages.urls"
    server.drops = "data"
    message = make_told(kind)
    send_due()
    if kind in (Kind.REMINDER, Kind.THANKS):
        assert fresh(message).status == Status.FAILED
        assert fresh(message).error.startswith("Perhaps sent: The connection broke: ")
    else:
        assert fresh(message).status == Status.WAITING


@pytest.mark.parametrize("trouble", ["hangs", "drops"])
def test_a_reminder_of_which_the_server_never_got_the_text_goes_out_later(
    server: SmtpServer, settings: Settings, trouble: str
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    setattr(server, trouble, "rcpt")
    message = make_told(Kind.REMINDER)
    send_due()
    assert fresh(message).status == Status.WAITING
    assert fresh(message).error.startswith("The connection broke: ")
    setattr(server, trouble, "")
    Message.objects.update(due_at=timezone.now())
    assert send_due() == 1
    assert fresh(message).status == Status.SENT
    assert server.ids() == [message.message_id]


def test_a_message_that_cant_be_rendered_keeps_no_other_from_being_sent(
    server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = make_told(Kind.CHANGE, name="Ada Secret")
    Message.objects.filter(pk=broken.pk).update(data={"was": "Ada Secret's yesterday"})
    fine = make_told(Kind.CONFIRMATION)
    with caplog.at_level(logging.INFO):
        assert send_due() == 2
    assert server.ids() == [fine.message_id]
    assert (fresh(broken).status, fresh(broken).attempts) == (Status.WAITING, 1)
    assert "ValueError at rendering.py:" in caplog.text
    assert "Secret" not in caplog.text


def test_the_log_tells_no_address(server: SmtpServer, caplog: pytest.LogCaptureFixture) -> None:
    server.rcpt = "550 ada@example.org is unknown"
    make_told(Kind.CONFIRMATION)
    with caplog.at_level(logging.INFO):
        send_due()
    assert "REFUSED" in caplog.text
    assert "ada" not in caplog.text.lower()


@pytest.mark.parametrize(
    "name", ["Ada\r\nBcc: eve@example.org", "A\nSubject: x\n\nbody", "A\u2028Bcc: x\x00", "Ä" * 120]
)
def test_what_was_typed_never_reaches_a_header(server: SmtpServer, settings: Settings, name: str) -> None:
    settings.ROOT_URLCONF = "tests.messages.urls"
    stored = name.replace("\x00", "\x01")
    restaurant = make_restaurant(name=stored[:120], street=stored, email="table@example.org")
    for kind in Kind:
        make_told(kind, restaurant=restaurant, name=stored)
    while send_due():
        pass
    assert len(server.taken) == len(Kind)
    for mail, raw in zip(server.taken, server.raw, strict=True):
        assert mail["Bcc"] is None
        assert len(mail.get_all("Subject", [])) == 1
        assert mail["To"] in ("ada@example.org", "table@example.org")
        assert mail["From"].addresses[0].addr_spec == "book@example.org"
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert mail.defects == []


@pytest.mark.parametrize("address", ["", "ada", "ada@example.org\r\nBcc: eve@example.org", "a@b.org, c@d.org"])
def test_nothing_goes_to_what_is_no_address(server: SmtpServer, address: str) -> None:
    message = make_told(Kind.CONFIRMATION, email=address)
    send_due()
    assert server.taken == []
    assert (fresh(message).status, fresh(message).error) == (Status.DROPPED, "There is no address to send it to.")


def test_what_was_given_up_can_be_sent_again(server: SmtpServer) -> None:
    failed = make_message(Kind.CONFIRMATION, make_row(), status=Status.FAILED, attempts=6, error="refused")
    sent = make_message(Kind.CONFIRMATION, make_row(), status=Status.SENT)
    assert send_again(Message.objects.all()) == 1
    assert (fresh(failed).status, fresh(failed).attempts, fresh(failed).error) == (Status.WAITING, 0, "")
    assert fresh(sent).status == Status.SENT
    assert send_again(Message.objects.all()) == 0
    send_due()
    assert server.ids() == [failed.message_id]


def test_a_message_whose_every_sender_died_is_given_up(server: SmtpServer) -> None:
    long_ago = timezone.now() - dt.timedelta(minutes=6)
    row = make_row()
    died = make_message(Kind.CONFIRMATION, row, status=Status.SENDING, claimed_at=long_ago, attempts=6)
    again = make_message(Kind.CONFIRMATION, row, status=Status.SENDING, claimed_at=long_ago, attempts=5)
    busy = make_message(Kind.CONFIRMATION, row, status=Status.SENDING, claimed_at=timezone.now(), attempts=1)
    send_due()
    assert [fresh(message).status for message in (died, again, busy)] == [Status.FAILED, Status.SENT, Status.SENDING]
    assert server.ids() == [again.message_id]


def test_a_run_ends_after_about_a_second(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_row()
    for _i in range(5):
        make_message(Kind.CONFIRMATION, row)
    monkeypatch.setattr(sending, "RUN_SECONDS", 0)
    assert [send_due() for _i in range(3)] == [1, 1, 1]


def test_a_message_that_another_has_taken_over_is_not_marked(server: SmtpServer) -> None:
    message = make_told(Kind.CONFIRMATION)
    taken = sending.take(message.pk)
    assert taken is not None
    Message.objects.filter(pk=message.pk).update(claim="another")
    sending._process(taken)
    assert (fresh(message).status, fresh(message).claim) == (Status.SENDING, "another")
