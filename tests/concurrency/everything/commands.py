"""The list of commands, and how one went."""

from __future__ import annotations

import enum
from collections.abc import Callable
from random import Random

from reservations.engine.errors import Refused
from reservations.jobs.loop import run_once
from reservations.jobs.table import JOBS
from reservations.models import JobBeat
from tests.concurrency.everything import diners, jobs, staff
from tests.concurrency.everything.house import House, Idle

Command = Callable[[House, Random], object]
"""Tries something at the house with what it draws; returns what came of it, false where that is nothing."""

_WEIGHTS: dict[Command, int] = {
    diners.hold: 8,
    diners.extend: 2,
    diners.release: 2,
    diners.confirm: 8,
    diners.cancel: 3,
    diners.change: 6,
    diners.reduce_party: 2,
    diners.say_coming: 2,
    diners.say_late: 2,
    diners.join: 6,
    diners.accept: 8,
    diners.leave: 2,
    diners.ask: 3,
    diners.withdraw: 2,
    diners.accept_proposal: 3,
    staff.book: 5,
    staff.book_over_pacing: 4,
    staff.change_as_staff: 3,
    staff.cancel_as_staff: 2,
    staff.walk_in: 4,
    staff.seat: 4,
    staff.move: 3,
    staff.stay_longer: 2,
    staff.finish: 3,
    staff.mark_no_show: 3,
    staff.join_at_door: 3,
    staff.seat_from_door: 3,
    staff.promote: 2,
    staff.accept_request: 3,
    staff.propose: 3,
    staff.decline: 1,
    staff.block: 2,
    staff.lift: 2,
    staff.close_day: 1,
    staff.close_service: 1,
    staff.reopen: 12,
    staff.close_night: 1,
    staff.merge: 1,
    staff.erase: 1,
    jobs.lapse: 2,
    jobs.expire_holds: 3,
    jobs.serve_waitlists: 2,
    jobs.end_waiting: 3,
    jobs.expire_requests: 3,
    jobs.flag_late: 3,
    jobs.keep_tables: 2,
    jobs.chain_events: 2,
    jobs.send_messages: 2,
    jobs.sweep_outbox: 1,
    jobs.forget_guests: 1,
}
"""How often each is tried in comparison with the others."""

COMMANDS = {command.__name__: command for command in _WEIGHTS}
OFTEN = [command.__name__ for command, weight in _WEIGHTS.items() for _copy in range(weight)]


class Went(enum.StrEnum):
    """How a command went: done, refused or without effect, or nothing there to try it with."""

    DONE = "done"
    REFUSED = "refused"
    IDLE = "idle"


def carry_out(name: str, house: House, draw: Random) -> Went:
    """Try a command. A refusal is an answer; any other error is raised."""
    try:
        return Went.DONE if COMMANDS[name](house, draw) else Went.REFUSED
    except Refused:
        return Went.REFUSED
    except Idle:
        return Went.IDLE


def everything_due() -> None:
    """Run each job once, and let none fail."""
    JobBeat.objects.all().delete()
    assert [ran.name for ran in run_once(JOBS) if ran.failed] == []
