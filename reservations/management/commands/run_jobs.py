"""Run the job loop: messages, and everything else that is due by the clock alone."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from reservations.jobs import loop
from reservations.jobs.table import JOBS
from restaurant_site.database import waits
from restaurant_site.observing import copying, exposing


class Command(BaseCommand):
    """Loop until SIGTERM or Ctrl-C, or run each job once."""

    help = "Send messages and do what else is due, until SIGTERM or Ctrl-C. Any number of copies may run."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_stopped = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the switch for a single round."""
        parser.add_argument(
            "--once", action="store_true", help="Run each job that is due once and print a line a job, then end."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Loop, or run once; the message that is being sent at the end is finished."""
        if options["once"]:
            self._once()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        waits.bound(waits.JOBS)
        self._be_seen()
        loop.run(JOBS, lambda: self.is_stopped)

    def _be_seen(self) -> None:
        if not settings.METRICS_BIND:
            return
        try:
            exposing.serve(settings.METRICS_BIND)
        except OSError as error:
            raise CommandError(f"METRICS_BIND can't be served on: {error.strerror}.") from error
        copying.start()

    def _once(self) -> None:
        failed = []
        for ran in loop.run_once(JOBS):
            if ran.failed:
                failed.append(ran.name)
            said = f"failed, {ran.failed}" if ran.failed else "not due" if ran.done is None else str(ran.done)
            self.stdout.write(f"{ran.name}: {said}")
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}.")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopped = True
