"""Behind PgBouncer in transaction mode, with fewer connections than there are threads: what docs/scaling.md says."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.db import connection

from tests.conftest import ROOT, database_url, free_port
from tests.database.install import pgbouncer

pytestmark = [
    pytest.mark.audit,
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql("PgBouncer stands before it alone"),
]

CONNECTIONS, TABLES, DINERS = 3, 6, 12
SCRIPT = """
import json
import secrets
import sys
import threading
import django
django.setup()
from django.db import connection, connections
from reservations.engine.errors import Refused
from reservations.models import Reservation, TableClaim
from restaurant_site.database import waits
from tests import factories as make
waits.bound(waits.WEB)
TABLES, DINERS = map(int, sys.argv[1:])
venue = make.make_venue(tables=(2,) * TABLES, slug=f"venue-{secrets.token_hex(4)}")
told, lock = [], threading.Lock()
start = threading.Barrier(DINERS)
def diner():
    start.wait()
    try:
        make.make_reservation(venue)
        found = "confirmed"
    except Refused as refused:
        found = refused.reason.value
    finally:
        connections.close_all()
    with lock:
        told.append(found)
threads = [threading.Thread(target=diner) for _diner in range(DINERS)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with connection.cursor() as cursor:
    cursor.execute("SHOW lock_timeout")
    (lock_timeout,) = cursor.fetchone()
walked = sum(1 for _row in Reservation.objects.iterator(chunk_size=2))
claims = TableClaim.objects.count()
places = TableClaim.objects.values("table", "slot_start").distinct().count()
print(json.dumps({"told": told, "walked": walked, "claims": claims, "places": places, "lock_timeout": lock_timeout}))
"""


@contextlib.contextmanager
def bouncing() -> Iterator[str]:
    """Run PgBouncer before the tests' database, and give the URL that the site is to have."""
    program = pgbouncer()
    assert program, "python tests/database/install.py"
    url = urlsplit(database_url())
    asked = parse_qs(url.query)
    host, port = asked.get("host", [url.hostname or ""])[0], str(url.port or asked.get("port", ["5432"])[0])
    user, name = url.username or asked.get("user", [""])[0] or "postgres", url.path.lstrip("/")
    listening = free_port()
    with tempfile.TemporaryDirectory(prefix="bouncer-") as folder:
        # It refuses to be root, and PostgreSQL's socket is its owner's alone.
        owner = pwd.getpwuid(os.stat(host).st_uid).pw_name if host.startswith("/") else "nobody"
        secret = f" password={url.password}" if url.password else ""
        Path(folder, "users").write_text(f'"{user}" "{url.password or ""}"\n')
        Path(folder, "pgbouncer.ini").write_text(
            f"[databases]\n{name} = host={host} port={port} user={user}{secret}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {listening}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\n"
            f"default_pool_size = {CONNECTIONS}\nignore_startup_parameters = extra_float_digits,options\n"
        )
        Path(folder).chmod(0o755)
        as_user = ["-u", owner] if os.geteuid() == 0 else []
        process = subprocess.Popen([program, "-q", *as_user, f"{folder}/pgbouncer.ini"])
        try:
            for _attempt in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", listening), timeout=1):
                    break
                assert process.poll() is None
                time.sleep(0.1)
            yield (
                f"postgresql://{user}:{url.password or 'any'}@127.0.0.1:{listening}/{name}"
                "?disable_server_side_cursors=yes&prepare_threshold=None"
            )
        finally:
            process.terminate()
            process.wait(timeout=10)


def run(url: str) -> subprocess.CompletedProcess[str]:
    """Let more diners than there are tables and connections book at once."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(TABLES), str(DINERS)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "restaurant_site.settings"},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def told(url: str) -> dict[str, Any]:
    """Return what came of it."""
    done = run(url)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_pool_of_few_connections_books_no_table_twice() -> None:
    with bouncing() as url:
        found = told(url)
        assert found["told"].count("confirmed") == TABLES
        assert len(found["told"]) == DINERS
        assert found["claims"] == found["places"]
        assert found["walked"] >= TABLES
        # The bounds of a process go with the start of its own connection, which this is none of.
        assert found["lock_timeout"] == "0"
    name = connection.settings_dict["NAME"]
    with psycopg.connect(database_url(), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE \"{name}\" SET lock_timeout = '2s'")
        try:
            with bouncing() as url:
                assert told(url)["lock_timeout"] == "2s"
        finally:
            admin.execute(f'ALTER DATABASE "{name}" RESET lock_timeout')


def test_statements_that_are_prepared_by_name_fail_behind_it() -> None:
    """What prepare_threshold=None is for, before PgBouncer 1.22."""
    with bouncing() as url:
        done = run(url.replace("prepare_threshold=None", "prepare_threshold=0"))
    assert done.returncode != 0 or "prepared statement" in done.stderr
