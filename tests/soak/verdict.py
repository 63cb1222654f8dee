"""What must hold once everything is up again, whatever was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from tests.concurrency.test_killed_under_load import violations
from tests.soak.ground import Ground
from tests.soak.judging import Breakage, Memory
from tests.soak.traffic import Booking, Crowd

LAPSE = "UPDATE reservations_reservation SET held_until = now() - interval '1 minute' WHERE status = 'held'"
BOOKED = "SELECT email FROM reservations_reservation WHERE status = 'confirmed'"
SHOWN = 10
"""How many of one kind are told."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of it."""

    crowd: Crowd
    diners: Booking
    memory: Memory
    breakages: list[Breakage]

    @property
    def booked(self) -> int:
        """How many bookings were answered as confirmed, online and by staff."""
        return len(self.diners.confirmed) + len(self.crowd.booked)


def lost(connection: psycopg.Connection, confirmed: list[str], emails: list[str]) -> list[str]:
    """Return bookings that were answered and are not there once and whole, and tables that are claimed wrongly.

    confirmed are references of diners' bookings, emails the addresses that staff booked for.
    """
    there = Counter(email for (email,) in connection.execute(BOOKED))
    told = [f"staff booked for {email}, which is there {there[email]} times" for email in emails if there[email] != 1]
    return violations(connection, confirmed) + told


def verdict(ground: Ground, soaked: Soaked) -> Iterator[tuple[str, list[str]]]:
    """Yield what must hold, each with what speaks against it. Ends the holds that are left, as the clock would."""
    crowd, breakages = soaked.crowd, soaked.breakages
    yield "no 5xx but a 503 that says when to come back, while the database is away", crowd.ledger.faults(breakages)
    yield "no page is another than was asked for", [*crowd.odd, *soaked.diners.odd]
    yield "nobody is signed out", [f"{crowd.signed_out} times"] if crowd.signed_out else []
    yield "no node tells of an error of its own", [f"{count} times"] if (count := ground.errors()) else []
    old = [one for one in crowd.prices.old if one.is_wrong]
    yield "nobody reads what is older than five seconds", [*map(str, old), *crowd.prices.torn]
    with ground.database.connect() as connection:
        connection.execute(LAPSE)
        ground.site.manage("run_jobs", "--once")
        yield "no confirmed booking is lost", lost(connection, soaked.diners.confirmed, crowd.booked)
    yield "audit_reservations finds nothing", audited(ground)
    grows = soaked.memory.grows()
    yield "the workers' memory is flat", [f"{soaked.memory.halves()} kB"] if grows else []
    dull = not (soaked.booked > 20 and crowd.prices.reads > 100 and len(crowd.prices.answered) > 1)
    yield "it was a soak", [f"only {soaked.booked} bookings, {crowd.prices.reads} reads"] if dull else []


def audited(ground: Ground) -> list[str]:
    """Return what audit_reservations says is not as it must be."""
    try:
        ground.site.manage("audit_reservations")
    except AssertionError as error:
        return [str(error)]
    return []


def told(held: str, against: list[str]) -> Iterator[str]:
    """Yield the lines of one thing that must hold."""
    yield f"{'BROKEN' if against else 'ok':8}{held}"
    yield from (f"        {one}" for one in against[:SHOWN])
    if len(against) > SHOWN:
        yield f"        and {len(against) - SHOWN:,} more"
