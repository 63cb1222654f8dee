"""``manage.py audit_reservations``: prove from the rows that what must be true is true. docs/operations.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper

from reservations.auditing.audit import audit
from reservations.auditing.scope import TOLD, Finding
from reservations.management import arguments


class Command(BaseCommand):
    """Check the rows."""

    help = "Check that reservations, claims, pacing and history are as they must be; exits with 1 where they are not."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--restaurant", metavar="SLUG", default="", help="of one restaurant; of all if left out")
        parser.add_argument("--from", dest="first", metavar="DATE", default="", help="of service dates from this one")
        parser.add_argument("--to", dest="last", metavar="DATE", default="", help="to this one, included")
        parser.add_argument("--json", action="store_true", help="for a program to read")

    def handle(self, *, restaurant: str, first: str, last: str, **options: Any) -> None:
        """Run the checks."""
        earliest = arguments.date(first, "--from") if first else None
        latest = arguments.date(last, "--to") if last else None
        if earliest and latest and latest < earliest:
            raise CommandError(f"--to {last} is before --from {first}.")
        restaurants = (arguments.restaurant(restaurant).pk,) if restaurant else None
        findings = audit(restaurants=restaurants, first=earliest, last=latest)
        if options["json"]:
            done = list(findings)
            self.stdout.write(json.dumps([asdict(finding) for finding in done], indent=2))
        else:
            done = print_findings(self.stdout, findings)
        refuse_violations(done)


def print_findings(out: OutputWrapper, findings: Iterable[Finding]) -> list[Finding]:
    """Print a line a check, each as soon as it is through, with what violates it, and return all."""
    done = []
    for finding in findings:
        done.append(finding)
        mark = "FAIL" if finding.violations else "ok"
        out.write(f"{mark:<5}{finding.name:<14}{finding.rows:>9,} rows  {finding.text}")
        for text in finding.told:
            out.write(f"       {text}")
        if finding.violations > len(finding.told):
            out.write(f"       … {finding.violations:,} in all, of which the first {TOLD} are told")
    return done


def refuse_violations(findings: Iterable[Finding]) -> None:
    """Raise CommandError, so that the command exits with 1, where anything was violated."""
    failed = [f"{finding.name} ({finding.violations:,})" for finding in findings if finding.violations]
    if failed:
        raise CommandError(f"Violated: {', '.join(failed)}.")
