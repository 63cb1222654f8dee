"""``manage.py rehearse_restore DUMP``: whether a backup is one, found out by restoring it. docs/operations.md."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, Error, ProgrammingError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient
from django.db.utils import ConnectionHandler

from restaurant_site.database import dialect, schema, urls
from restaurant_site.embedded import binaries
from restaurant_site.embedded.errors import EmbeddedError

# Nothing listens there: what is looked at must not touch the caches that serve.
_NO_REDIS = "redis://127.0.0.1:1/0"
# What would lead the checks to the database that serves, or compare an old state with today's copy.
_LEFT_OUT = ("DATABASE_", "AZURE_POSTGRESQL_", "AZURE_SQL_", "AZURE_REDIS_", "REDIS_", "SESSIONS_REDIS_", "COSMOS_")


class Command(BaseCommand):
    """Restore a dump beside the database, look at it as the audit does, and drop it again."""

    help = (
        "Restore a dump (pg_dump --format=custom) into a database made for it on the server of DATABASE_URL, check its "
        "migrations, run audit_reservations and check_history on it, and drop it. Exits with 1 where anything is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("dump", metavar="DUMP", type=Path, help="a file that pg_dump --format=custom wrote")

    def handle(self, *, dump: Path, **_options: Any) -> None:
        """Rehearse, and say what came of it."""
        if dialect.of(connection) is not dialect.POSTGRESQL:
            raise CommandError(
                "Only PostgreSQL's dumps can be restored here. Of Azure SQL restore a point in time into another "
                "database, and run audit_reservations with DATABASE_URL naming it."
            )
        if not dump.is_file():
            raise CommandError(f"There is no file {str(dump)!r}.")
        program = _pg_restore()
        with self._scratch() as name:
            self._restore(program, dump, name)
            self._look(name)
            # Both, whatever the first finds.
            faults = [
                command for command in ("audit_reservations", "check_history") if not self._checked(command, name)
            ]
        if faults:
            raise CommandError(f"The backup was restored, but is not as it must be: {', '.join(faults)}.")
        self.stdout.write("The backup can be restored, and is as it must be.")

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[str]:
        """Make a database that is nobody's, and drop it whatever happens, also where the rehearsal is ended."""
        name = f"rehearsal_{secrets.token_hex(4)}"
        former = signal.signal(signal.SIGTERM, _stop)
        try:
            try:
                with connection._nodb_cursor() as cursor:
                    cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            except ProgrammingError as error:
                user = connection.settings_dict["USER"]
                raise CommandError(
                    f"No database can be made to restore it into: {str(error).strip()}. "
                    f'ALTER ROLE "{user}" CREATEDB, or have DATABASE_URL name a user who may.'
                ) from error
            yield name
        finally:
            # Whoever asks once more is not to leave it behind by that.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            with connection._nodb_cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone():
                    cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
                    self.stdout.write(f"Dropped {name}.")
            signal.signal(signal.SIGTERM, former)

    def _restore(self, program: Path, dump: Path, name: str) -> None:
        size = dump.stat().st_size / 1_000_000
        self.stdout.write(f"Restoring {dump.name} ({size:,.1f} MB) into {name} …")
        self.stdout.flush()
        arguments, variables = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict | {"NAME": name}, [])
        # Its first is psql, its last the database's name; a password comes as a variable, seen by nobody else.
        target = [*arguments[1:-1], "--dbname", arguments[-1]]
        began = time.monotonic()
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            [program, *target, "--no-owner", "--no-privileges", "--exit-on-error", dump],
            env=os.environ | (variables or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"It can't be restored: {done.stderr.strip() or 'pg_restore says nothing of why'}")
        self.stdout.write(f"Restored in {time.monotonic() - began:.1f} s.")

    def _look(self, name: str) -> None:
        """Tell what the dump is of."""
        config = settings.DATABASES[DEFAULT_DB_ALIAS] | {"NAME": name, "CONN_MAX_AGE": 0}
        restored: BaseDatabaseWrapper = ConnectionHandler({DEFAULT_DB_ALIAS: config})[DEFAULT_DB_ALIAS]
        try:
            missing, later = schema.compared(restored)
            if later:
                raise CommandError(f"It is of a later release: {', '.join(later)}.")
            with restored.cursor() as cursor:
                cursor.execute("SELECT count(*), max(happened_at) FROM reservations_historyevent")
                count, last = cursor.fetchone()
        except Error as error:
            raise CommandError(f"It is no dump of this site: {error}") from error
        finally:
            restored.close()
        when = f", the last of {last:%Y-%m-%d %H:%M} UTC" if last else ""
        self.stdout.write(f"It has {count:,} events{when}.")
        if missing:
            raise CommandError(
                f"It is of an earlier release, {len(missing)} migrations ago. Check it with the release that it is of."
            )

    def _checked(self, command: str, name: str) -> bool:
        """Run a command of manage.py on the restored database; return whether it was content."""
        self.stdout.flush()
        # Empty, so that no .env fills them in.
        kept = {key: "" if key.startswith(_LEFT_OUT) else value for key, value in os.environ.items()}
        url = urls.beside(settings.DATABASE_URL, name)
        told = {"DATABASE_URL": url, "REDIS_URL": _NO_REDIS if settings.PRODUCTION else "none"}
        done = subprocess.run(  # noqa: S603 - this program
            [sys.executable, settings.BASE_DIR / "manage.py", command],
            env=kept | told,
            capture_output=True,
            text=True,
            check=False,
        )
        self.stdout.write(done.stdout.rstrip("\n"))
        if done.returncode:
            self.stderr.write(done.stderr.rstrip("\n"))
        return done.returncode == 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _pg_restore() -> Path:
    """Return the newest of the programs that there are: it reads what older ones wrote, not the other way round."""
    found = [Path(on_path)] if (on_path := shutil.which("pg_restore")) else []
    with contextlib.suppress(EmbeddedError):
        found.append(binaries.postgres_programs(None) / "pg_restore")
    versions = {_version(program): program for program in found if program.is_file()}
    if not versions:
        raise CommandError("There is no pg_restore. On Debian: apt-get install postgresql-client.")
    return versions[max(versions)]


def _version(program: Path) -> tuple[int, ...]:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return tuple(int(part) for part in re.findall(r"\d+", told.stdout))
