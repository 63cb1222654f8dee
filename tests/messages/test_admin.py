"""Staff see the messages and the loop in the admin, and send again what failed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reservations.jobs import loop
from reservations.jobs.beats import beat
from reservations.jobs.table import JOBS, SEND
from reservations.models import JobBeat, Membership, Message, User
from tests.factories import make_limited, make_member, make_restaurant, make_staff, make_user
from tests.messages.rows import Kind, make_message, make_row

pytestmark = pytest.mark.django_db

Status = Message.Status
LIST = "admin:reservations_message_changelist"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def failed(**fields: object) -> Message:
    return make_message(Kind.CONFIRMATION, make_row(), status=Status.FAILED, attempts=6, error="550 unknown", **fields)


def send_again(client: Client, *messages: Message) -> str:
    data = {"action": "send_again", "_selected_action": [message.pk for message in messages]}
    response = client.post(reverse(LIST), data, follow=True)
    return " ".join(response.content.decode().split())


# --- The loop ---------------------------------------------------------------


# The loop closes what is left of a transaction, so the test may be inside none.
@pytest.mark.django_db(transaction=True)
def test_the_first_page_warns_until_the_loop_runs(staff: Client) -> None:
    index = reverse("admin:index")
    assert "the job loop has never run" in page(staff, index)
    assert all(not ran.failed for ran in loop.run_once(JOBS))
    assert "No messages are sent" not in page(staff, index)
    assert set(JobBeat.objects.values_list("name", flat=True)) == {job.name for job in JOBS}
    JobBeat.objects.update(ran_at=timezone.now() - dt.timedelta(seconds=115))
    assert "No messages are sent" not in page(staff, index)
    JobBeat.objects.update(ran_at=dt.datetime(2026, 11, 24, 17, 5, tzinfo=dt.UTC))
    assert "the job loop last ran on Tue 24 Nov 2026, 17:05 UTC" in page(staff, index)
    JobBeat.objects.exclude(name=SEND).update(ran_at=timezone.now())
    assert "the job loop last ran on" in page(staff, index)


def test_a_beat_is_the_databases_time_whatever_was_there() -> None:
    for note in ("", "3"):
        beat("a job", note)
        row = JobBeat.objects.get(name="a job")
        assert row.note == note
        assert abs(timezone.now() - row.ran_at) < dt.timedelta(seconds=5)
        JobBeat.objects.update(ran_at=timezone.now() - dt.timedelta(days=1))


def test_the_jobs_are_listed(staff: Client) -> None:
    beat("a job", "3")
    text = page(staff, reverse("admin:reservations_jobbeat_changelist"))
    assert "a job" in text
    assert "UTC" in text
    assert staff.get(reverse("admin:reservations_jobbeat_add")).status_code == 403
    assert page(staff, reverse("admin:reservations_jobbeat_change", args=["a job"]))


# --- Messages ---------------------------------------------------------------


def test_the_first_page_counts_what_failed_lately(staff: Client) -> None:
    beat(SEND)
    index = reverse("admin:index")
    make_message(Kind.CONFIRMATION, make_row())
    failed(due_at=timezone.now() - dt.timedelta(days=8))
    assert "could not be sent" not in page(staff, index)
    failed()
    text = page(staff, index)
    assert "1 message of the last 7 days could not be sent." in text
    assert f'href="{reverse(LIST)}?status__exact=failed"' in text
    assert "550 unknown" in page(staff, f"{reverse(LIST)}?status__exact=failed")


def test_who_may_not_see_messages_is_not_told_of_them(client: Client) -> None:
    failed()
    client.force_login(make_user(is_staff=True))
    text = page(client, reverse("admin:index"))
    assert "could not be sent" not in text
    assert "the job loop has never run" in text
    assert client.get(reverse(LIST)).status_code == 403


def test_only_the_messages_that_the_list_shows_are_counted(client: Client) -> None:
    place, other, elsewhere = (make_restaurant() for _i in range(3))
    user = make_member(place, "manager")
    Membership.objects.create(user=user, restaurant=other, role="host")
    for restaurant in (other, elsewhere):
        make_message(Kind.CONFIRMATION, make_row(restaurant), status=Status.FAILED)
    client.force_login(user)
    assert "could not be sent" not in page(client, reverse("admin:index"))
    make_message(Kind.CONFIRMATION, make_row(place), status=Status.FAILED)
    assert "1 message of the last 7 days could not be sent." in page(client, reverse("admin:index"))
    assert "1 message" in page(client, f"{reverse(LIST)}?status__exact=failed")


def test_times_are_the_restaurants(staff: Client) -> None:
    row = make_row(make_restaurant(timezone="Australia/Adelaide"))
    message = make_message(Kind.CONFIRMATION, row, due_at=dt.datetime(2026, 11, 24, 17, 5, tzinfo=dt.UTC))
    assert "Wed 25 Nov 2026, 03:35 ACDT" in page(staff, reverse(LIST))
    text = page(staff, reverse("admin:reservations_message_change", args=[message.pk]))
    assert "Wed 25 Nov 2026, 03:35 ACDT" in text
    assert row.reference in text
    assert 'name="_save"' not in text
    assert staff.post(reverse("admin:reservations_message_delete", args=[message.pk])).status_code == 403


def test_what_failed_is_sent_again(staff: Client) -> None:
    first, second = failed(), failed()
    sent = make_message(Kind.CONFIRMATION, make_row(), status=Status.SENT)
    assert "1 message is sent again." in send_again(staff, first, sent)
    statuses = {row.pk: (row.status, row.attempts) for row in Message.objects.all()}
    assert statuses == {first.pk: (Status.WAITING, 0), second.pk: (Status.FAILED, 6), sent.pk: (Status.SENT, 0)}
    first.refresh_from_db()
    assert abs(first.due_at - timezone.now()) < dt.timedelta(seconds=5)
    assert "0 messages are sent again." in send_again(staff, first)


def reader(*permissions: str) -> User:
    return make_limited(*permissions)


def test_sending_again_needs_the_right_to_change(client: Client) -> None:
    message = failed()
    client.force_login(reader("view_message"))
    assert "send_again" not in page(client, reverse(LIST))
    send_again(client, message)
    message.refresh_from_db()
    assert message.status == Status.FAILED
    client.force_login(reader("view_message", "change_message"))
    assert "1 message is sent again." in send_again(client, message)
