"""Several senders at once: each message goes out once. Without the compare-and-set the same test finds doubles."""

from __future__ import annotations

from collections import Counter

import pytest

from reservations.messages import sending
from reservations.messages.sending import send_due
from reservations.models import Message
from tests.concurrency.crew import Crew
from tests.messages.rows import Kind, make_message, make_row
from tests.messages.smtp_server import SmtpServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

SENDERS = 4
MESSAGES = 24


def sent_by_all(server: SmtpServer, crew: Crew) -> Counter[str]:
    """Let all senders work until nothing is due, and return how often each Message-ID arrived."""
    row = make_row()
    for _i in range(MESSAGES):
        make_message(Kind.CONFIRMATION, row)

    def work() -> None:
        while send_due():
            pass

    crew.race([work] * SENDERS)
    return Counter(server.ids())


def test_each_message_is_sent_once(server: SmtpServer) -> None:
    with Crew(SENDERS) as crew:
        arrived = sent_by_all(server, crew)
    assert len(arrived) == MESSAGES
    assert set(arrived.values()) == {1}
    assert set(Message.objects.values_list("status", "attempts")) == {(Message.Status.SENT, 1)}


def test_without_the_compare_and_set_some_are_sent_twice(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the senders believe what they read."""

    def take(pk: int) -> Message | None:
        found = Message.objects.filter(pk=pk, status=Message.Status.WAITING).first()
        if found is None:
            return None
        Message.objects.filter(pk=pk).update(status=Message.Status.SENDING, claim="")
        setattr(found, "asked_at", found.due_at)  # noqa: B010 - as `take` annotates it
        return found

    monkeypatch.setattr(sending, "take", take)
    with Crew(SENDERS) as crew:
        arrived = sent_by_all(server, crew)
    assert max(arrived.values()) > 1
