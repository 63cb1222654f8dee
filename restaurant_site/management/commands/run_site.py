"""Serve the site with demo data, as `make run` does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from restaurant_site import env
from restaurant_site.demo.staff import ensure_staff

_HOST = "127.0.0.1"
# First start on a slow machine: each worker imports the whole site.
_START_SECONDS = 60


class Command(BaseCommand):
    """Bring the database up to date, load the demo, serve through gunicorn and run the job loop until Ctrl-C."""

    help = "Migrate, load the demo data, and serve the site through gunicorn on http://127.0.0.1:8000 (PORT)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C or SIGTERM; the servers that this process started stop with it."""
        if settings.PRODUCTION:
            raise CommandError("run_site serves the demo, in development. In production start gunicorn itself.")
        port = _port()
        _refuse_taken(port)
        call_command("migrate", verbosity=0)
        call_command("load_demo", stdout=self.stdout)
        email, password = ensure_staff()
        signal.signal(signal.SIGTERM, _stop)
        environment = _environment(port)
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--log-level", "warning", "restaurant_site.wsgi:application"],
            cwd=settings.BASE_DIR,
            env=environment,
        )
        jobs = subprocess.Popen([sys.executable, "manage.py", "run_jobs"], cwd=settings.BASE_DIR, env=environment)
        try:
            _wait_until_served(server, port)
            shown = password or "(the password is as you set it)"
            self.stdout.write(
                f"\n  The site     http://{_HOST}:{port}/\n"
                f"  Staff        http://{_HOST}:{port}/admin/   {email}   {shown}\n"
                "  Mails        are printed here, unless EMAIL_URL names a server\n"
                "  Stop         Ctrl-C\n"
            )
            self.stdout.flush()
            code = server.wait()
            if code:
                raise CommandError(f"gunicorn ended with exit code {code}; its last lines stand above.")
        except KeyboardInterrupt:
            self.stdout.write("\nStopping.")
        finally:
            _end(jobs, server)


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise CommandError(f"PORT={text!r} is not a port: use a number from 1 to 65535.")
    return int(text)


def _environment(port: int) -> dict[str, str]:
    """Return the variables of the processes started: mails lead to where the site is served."""
    own = {"PORT": str(port), "BIND": _HOST}
    if not env.text("SITE_URL", ""):
        own["SITE_URL"] = f"http://{_HOST}:{port}"
    return os.environ | own


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} can't be used ({error.strerror}). Choose another: PORT={port + 1} make run"
            ) from error


def _wait_until_served(server: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise CommandError("gunicorn ended while it started; its last lines stand above.")
        try:
            with urllib.request.urlopen(f"http://{_HOST}:{port}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise CommandError(f"The site did not answer within {_START_SECONDS} seconds.")


def _end(*processes: subprocess.Popen[bytes]) -> None:
    """End what was started; a second Ctrl-C must not leave it behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
