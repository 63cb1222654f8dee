"""A second PostgreSQL that follows the tests' own by streaming replication, made with pg_basebackup."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connection

from restaurant_site.embedded import binaries, postgres
from restaurant_site.embedded.process import ENVIRONMENT, Account
from tests.site.checkouts import signal_all


@dataclass(slots=True)
class Standby:
    """The server, by its folder of sockets."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Return the URL of the tests' database there."""
        name = connection.settings_dict["NAME"]
        return f"postgresql://{postgres.SUPERUSER}@/{name}?host={self.folder}&port={postgres.PORT}"

    def say(self, sql: str) -> str:
        """Return what the server answers to a statement, asked past Django."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=3) as client:
            found = client.execute(sql).fetchone()
        return str(found[0]) if found else ""

    def freeze(self) -> None:
        """Stop every process of the server: it takes connections, and never answers."""
        signal_all(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        signal_all(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        """End the server, and remove what it kept."""
        self.thaw()
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)


def follow() -> Standby:
    """Return a standby of the tests' server, which answers."""
    sockets = Path(connection.settings_dict["HOST"])
    owner = sockets.stat()
    account = Account(owner.st_uid, owner.st_gid) if os.geteuid() == 0 else None
    # Short, for a socket, and open to the server's account.
    folder = Path(tempfile.mkdtemp(prefix="standby-", dir="/tmp"))
    data = folder / "data"
    # Not among the programs that are copied for the account: a client, which may run as root.
    base_backup = binaries.postgres_programs(None) / "pg_basebackup"
    source = f"host={sockets} port={connection.settings_dict['PORT']} user={postgres.SUPERUSER}"
    options = ["-D", str(data), "-d", source, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
    done = subprocess.run([str(base_backup), *options], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if account:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            postgres.command(binaries.postgres_programs(account), data, folder, test=True),
            stdout=log,
            stderr=log,
            env=ENVIRONMENT,
            cwd="/",
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    until = time.monotonic() + 60
    while postgres.probe(folder) not in (postgres.State.READY, postgres.State.NO_DATABASE):
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.05)
    return Standby(folder, process)
