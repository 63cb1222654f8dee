"""A backup is one when it was restored and audited: `rehearse_restore` does both, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.recorder import MigrationRecorder

from reservations.models import HistoryEvent, TableClaim
from restaurant_site.embedded import binaries
from tests import factories as make
from tests.conftest import ROOT, database_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql("dumps are its own"),
]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Book, and return the file that a backup goes to."""
    venue = make.make_venue(tables=(2, 4))
    make.make_reservation(venue)
    return tmp_path / "site.dump"


def back_up(file: Path) -> Path:
    """Dump the tests' database as docs/operations.md says."""
    arguments, variables = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    program = binaries.postgres_programs(None) / "pg_dump"
    command = [str(program), *arguments[1:-1], "--format=custom", "--file", str(file), arguments[-1]]
    subprocess.run(command, env=variables, check=True)
    return file


def databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def rehearse(file: Path) -> tuple[str, str]:
    """Return what is printed, and what is wrong."""
    before, out, told = databases(), io.StringIO(), io.StringIO()
    wrong = ""
    try:
        call_command("rehearse_restore", str(file), stdout=out, stderr=told)
    except CommandError as error:
        wrong = str(error)
    assert databases() == before
    return out.getvalue() + told.getvalue(), wrong


def test_a_backup_is_restored_audited_and_dropped(dump: Path) -> None:
    events = HistoryEvent.objects.count()
    back_up(dump)
    # It is the backup that is looked at, not what has happened since.
    TableClaim.objects.all().delete()
    out, wrong = rehearse(dump)
    assert wrong == ""
    assert f"It has {events} events, the last of " in out
    assert "ok   claims" in out
    assert "The history is whole" in out
    assert out.rstrip().endswith("The backup can be restored, and is as it must be.")


def test_a_backup_of_rows_that_are_not_as_they_must_be_is_told(dump: Path) -> None:
    TableClaim.objects.all().delete()
    out, wrong = rehearse(back_up(dump))
    assert "FAIL claims" in out
    assert "The history is whole" in out
    assert wrong.endswith("not as it must be: audit_reservations.")


def test_a_file_that_is_no_backup_is_told(dump: Path) -> None:
    assert rehearse(dump)[1].startswith("There is no file")
    dump.write_bytes(b"PGDMP, and then something else")
    assert rehearse(dump)[1].startswith("It can't be restored: ")
    whole = back_up(dump).read_bytes()
    dump.write_bytes(whole[: len(whole) // 2])
    assert rehearse(dump)[1].startswith("It can't be restored: ")


def test_a_backup_of_another_release_is_told(dump: Path) -> None:
    recorder = MigrationRecorder(connection)
    name = recorder.migration_qs.filter(app="menus").latest("pk").name
    try:
        recorder.record_applied("menus", "9999_later")
        assert rehearse(back_up(dump))[1] == "It is of a later release: menus.9999_later."
        recorder.record_unapplied("menus", "9999_later")
        recorder.record_unapplied("menus", name)
        assert rehearse(back_up(dump))[1].startswith("It is of an earlier release, 1 migrations ago.")
    finally:
        recorder.record_unapplied("menus", "9999_later")
        recorder.record_unapplied("menus", name)
        recorder.record_applied("menus", name)


def test_who_may_make_no_database_is_told_what_to_do(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back_up(dump)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE only_serves LOGIN")
    try:
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "USER", "only_serves")
            printed, wrong = rehearse(dump)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE only_serves")
    assert printed == ""
    assert "permission denied to create database" in wrong
    assert 'ALTER ROLE "only_serves" CREATEDB' in wrong


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_leaves_no_copy_behind(dump: Path, number: signal.Signals) -> None:
    back_up(dump)
    before = databases()
    with subprocess.Popen(
        [sys.executable, "manage.py", "rehearse_restore", str(dump)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where tests run behind a shell's "&", Ctrl-C is ignored by who inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as rehearsal:
        assert rehearsal.stdout
        assert "Restoring" in rehearsal.stdout.readline()
        assert databases() > before
        rehearsal.send_signal(number)
        out, told = rehearsal.communicate(timeout=60)
    assert rehearsal.returncode == 130
    assert out.splitlines()[-1].startswith("Dropped ")
    assert told.splitlines()[-1] == "Stopped."
    assert "Traceback" not in told
    assert databases() == before
