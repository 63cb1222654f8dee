"""The job loop as a process: one round, ended, killed, several at once, and with the database going away."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from reservations.models import JobBeat, Message
from tests.messages.commands import manage, start
from tests.messages.rows import Kind, make_message, make_row, make_told
from tests.messages.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

Status = Message.Status


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def loops(server: SmtpServer, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Return what starts a copy of the loop; none is left behind, and none has said more than it should."""
    started: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "log"

    def run() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            started.append(start("run_jobs", email_url=server.url, output=output))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()
    assert "ada" not in log.read_text().lower()


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


@pytest.mark.parametrize("redis_url", ["none", "redis://127.0.0.1:1/0"])
def test_one_round_without_redis(server: SmtpServer, redis_url: str) -> None:
    message = make_told(Kind.CONFIRMATION)
    done = manage("run_jobs", "--once", email_url=server.url, REDIS_URL=redis_url)
    assert done.returncode == 0, done.stderr
    sending, sweeping, *others = done.stdout.splitlines()
    assert sending == "send messages: 1"
    assert sweeping.startswith("sweep the cache's outbox: ")
    assert all(line.endswith(": 0") for line in others), others
    assert server.ids() == [message.message_id]
    body = server.taken[0].get_body(("plain",))
    assert body is not None
    assert "https://book.example.org/restaurants/" in body.get_content()
    assert JobBeat.objects.get(name="send messages").note == "1"


def test_a_round_in_which_a_job_fails_says_so(server: SmtpServer) -> None:
    make_told(Kind.CONFIRMATION)
    done = manage("run_jobs", "--once", email_url=server.url, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("send messages: failed, OperationalError")
    assert "Failed: send messages, sweep the cache's outbox, expire holds" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_ends_within_two_seconds(
    server: SmtpServer, loops: Callable[[], subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    process = loops()
    until(lambda: JobBeat.objects.filter(name="send messages").exists())
    process.send_signal(number)
    assert process.wait(timeout=2) == 0


def test_the_message_that_is_being_sent_is_finished_first(
    server: SmtpServer, loops: Callable[[], subprocess.Popen[bytes]]
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def answer() -> None:
        reached.set()
        go_on.wait(10)

    server.before_answer = answer
    row = make_row()
    first, second = (make_message(Kind.CONFIRMATION, row) for _i in range(2))
    process = loops()
    assert reached.wait(20)
    process.send_signal(signal.SIGTERM)
    time.sleep(1.2)
    assert process.poll() is None
    go_on.set()
    assert process.wait(timeout=2) == 0
    assert [Message.objects.get(pk=row.pk).status for row in (first, second)] == [Status.SENT, Status.WAITING]


@pytest.mark.parametrize("kind", [Kind.CONFIRMATION, Kind.REMINDER])
def test_killed_between_the_servers_answer_and_the_mark(
    server: SmtpServer, loops: Callable[[], subprocess.Popen[bytes]], kind: Message.Kind
) -> None:
    """The server says 250 to a process that is stopped, and killed before it can read it."""
    answered = threading.Event()
    processes: list[subprocess.Popen[bytes]] = []

    def stop() -> None:
        os.kill(processes[0].pid, signal.SIGSTOP)
        answered.set()

    server.before_answer = stop
    processes.append(loops())
    message = make_told(kind)
    assert answered.wait(20)
    time.sleep(0.1)
    processes[0].kill()
    processes[0].wait()
    server.before_answer = lambda: None
    message.refresh_from_db()
    assert message.status == Status.SENDING
    assert server.ids() == [message.message_id]

    # Another copy leaves it alone for five minutes.
    assert manage("run_jobs", "--once", email_url=server.url).returncode == 0
    assert len(server.taken) == 1
    Message.objects.update(claimed_at=timezone.now() - dt.timedelta(minutes=5, seconds=1))
    assert manage("run_jobs", "--once", email_url=server.url).returncode == 0
    message.refresh_from_db()
    if kind == Kind.CONFIRMATION:
        assert server.ids() == [message.message_id] * 2
        assert message.status == Status.SENT
    else:
        assert server.ids() == [message.message_id]
        assert message.status == Status.FAILED
        assert message.error.startswith("Perhaps sent: ")


def test_two_loops_send_each_message_once(server: SmtpServer, loops: Callable[[], subprocess.Popen[bytes]]) -> None:
    row = make_row()
    copies = [loops(), loops()]
    until(lambda: JobBeat.objects.filter(name="send messages").exists())
    messages = [make_message(Kind.CONFIRMATION, row) for _i in range(40)]
    until(lambda: Message.objects.filter(status=Status.SENT).count() == len(messages))
    assert sorted(server.ids()) == sorted(message.message_id for message in messages)
    assert all(copy.poll() is None for copy in copies)


@pytest.mark.postgresql("it ends a connection from another")
def test_the_loop_survives_that_its_connections_are_cut(
    server: SmtpServer, loops: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = loops()
    until(lambda: JobBeat.objects.filter(name="send messages").exists())
    for _i in range(3):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 1
        message = make_told(Kind.CONFIRMATION)
        until(lambda pk=message.pk: Message.objects.get(pk=pk).status == Status.SENT)  # type: ignore[misc]
    assert process.poll() is None
