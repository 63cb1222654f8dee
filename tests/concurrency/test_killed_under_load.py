"""Workers, the job loop and the database are killed while diners book: what was answered is there, once and whole."""

from __future__ import annotations

import datetime as dt
import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import psycopg
import pytest

from tests.concurrency.fleet import Server, serving
from tests.concurrency.outages import Database, JobLoop, Killer, Outage, Site, kill_a_worker
from tests.redis_server import RedisServer
from tests.wire import Answer, Wire

pytestmark = pytest.mark.concurrency

DINERS = 8
TRIES = 100
"""How often one form is sent, with a third of a second in between."""
ENOUGH = 40
"""Confirmations without which the night would not show much."""
WORKERS_KILLED, LOOPS_KILLED = 4, 2
"""How many of each have to be killed at least."""
SETTLED = 3.0
"""Seconds after which a database that is back must have been noticed."""
MAKE_VENUE = """
import django
django.setup()
import json
from tests import factories as make
venue = make.make_venue(tables=[2] * 80, service={"interval_minutes": 15})
make.make_turn_time(venue, up_to=2, minutes=45)
print(json.dumps([venue.slug, make.days_ahead(venue).isoformat()]))
"""

DAMAGES = (
    """DELETE FROM reservations_tableclaim WHERE id = (
        SELECT max(c.id) FROM reservations_tableclaim c
        JOIN reservations_reservation r ON r.id = c.reservation_id WHERE r.reference = %s)""",
    "UPDATE reservations_reservation SET status = 'expired' WHERE reference = %s",
    "UPDATE reservations_reservation SET table_ids = '[]' WHERE reference = %s",
    "UPDATE reservations_reservation SET email = 'ada@example.org' WHERE status = 'confirmed' AND %s <> ''",
)
"""What must not be missed, each with the reference of a confirmed reservation."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer's status, and when it was asked for and came, in monotonic seconds."""

    status: int
    began: float
    ended: float

    def excused(self, outages: list[Outage]) -> bool:
        """Tell whether the database was away meanwhile, or had only just come back."""
        return any(self.ended >= one.began and self.began <= one.ended + SETTLED for one in outages)


@dataclass
class Diners:
    """Browsers that book one table after the other, and send a form again where no good answer comes."""

    server: Server
    times: Sequence[str]
    over: threading.Event = field(default_factory=threading.Event)
    confirmed: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    broken: int = 0
    refused: int = 0
    odd: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self, _number: int) -> None:
        """Book until it is over, now and then in a browser that has been here before."""
        browser = self.browser()
        while not self.over.is_set():
            if random.random() < 0.5:
                browser = self.browser()
            self._book(browser)

    def browser(self) -> Wire:
        """Return a browser that was never here."""
        return Wire(self.server.url)

    def _book(self, browser: Wire) -> None:
        shown = self._answered(partial(browser.get, random.choice(self.times)), 200)
        if shown is None:
            return
        form = shown.page.form("/hold/")
        free = [button.label for button in form.buttons if not button.disabled]
        if not free:
            self.odd.append("no time is left")
            self.over.set()
            return
        held = self._answered(partial(browser.send, form, random.choice(free)), 302, 409)
        if held is None or held.status == 409:
            self.refused += 1
            return
        address = held.headers["Location"]
        details = self._answered(partial(browser.get, address), 200)
        if details is None:
            return
        typed = {"name": "Ada Guest", "email": f"ada{next(self._numbers)}@example.org", "phone": "030 7654321"}
        send = partial(browser.send, details.page.form(address), "Confirm the reservation", **typed)
        done = self._answered(send, 302)
        if done is None:
            return
        if "/reservations/" not in done.headers["Location"]:
            self.odd.append(f"confirming led to {done.headers['Location']}")
            return
        self.confirmed.append(done.headers["Location"].split("/")[-2].partition(".")[0])

    def _answered(self, send: Callable[[], Answer], *wanted: int) -> Answer | None:
        for _attempt in range(TRIES):
            began = time.monotonic()
            try:
                answer = send()
            except (OSError, http.client.HTTPException):
                self.broken += 1
            else:
                self.heard.append(Heard(answer.status, began, time.monotonic()))
                if answer.status in wanted:
                    return answer
                if answer.status < 500:
                    self.odd.append(f"{answer.status} instead of {wanted}: {answer.page.headings}")
                    return None
            time.sleep(0.3)
        self.odd.append("no answer to a form that was sent again and again")
        return None


def violations(connection: psycopg.Connection, confirmed: list[str]) -> list[str]:
    """Return what is not as it must be, in plain SQL: a reservation that was answered, or a table's claims."""
    found = [f"{reference} was confirmed {count} times" for reference, count in Counter(confirmed).items() if count > 1]
    rows = connection.execute(
        "SELECT id, reference, status, email, table_ids, starts_at, ends_at FROM reservations_reservation"
    ).fetchall()
    claimed: dict[int, set[tuple[int, dt.datetime]]] = {}
    for owner, table, slot in connection.execute(
        "SELECT reservation_id, table_id, slot_start FROM reservations_tableclaim"
    ):
        claimed.setdefault(owner, set()).add((table, slot))
    statuses: dict[str, list[str]] = {}
    for pk, reference, status, _email, tables, start, end in rows:
        statuses.setdefault(reference, []).append(status)
        slots = [
            start + dt.timedelta(minutes=minute) for minute in range(0, int((end - start).total_seconds()) // 60, 15)
        ]
        live = status in ("held", "confirmed")
        wanted = {(table, slot) for table in tables for slot in slots} if live else set()
        if claimed.pop(pk, set()) != wanted or (live and not wanted):
            found.append(f"{reference}, {status}, has not the claims that are its")
    found += [f"claims belong to {owner}, which is no reservation" for owner in claimed]
    found += [
        f"{reference} was answered and is {statuses.get(reference)}"
        for reference in confirmed
        if statuses.get(reference) != ["confirmed"]
    ]
    # Every form had an e-mail of its own, however often it was sent.
    booked = Counter(email for _pk, _reference, status, email, *_rest in rows if status == "confirmed")
    return found + [f"{email} has {count} reservations" for email, count in booked.items() if count > 1]


@dataclass(frozen=True)
class Night:
    """What is left after the load, with everything up."""

    site: Site
    database: Database
    diners: Diners
    workers_killed: int
    loops_killed: int


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Let diners book while workers, the job loop and the database are killed."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "checkout").mkdir()
    redis = RedisServer(tmp_path_factory.mktemp("redis")).start()
    database = Database(folder / "checkout")
    try:
        site = Site(database.url, redis.url)
        site.manage("migrate", "--verbosity", "0")
        slug, date = json.loads(site.python("-c", MAKE_VENUE))
        with serving(folder / "log", redis=redis.url, workers=3, DATABASE_URL=database.url) as server:
            diners = Diners(server, [f"/restaurants/{slug}/times/?date={date}&party=2"])
            yield under_load(site, database, server, diners, JobLoop(site, folder / "jobs.log"))
    finally:
        database.close()
        redis.kill()


def under_load(site: Site, database: Database, server: Server, diners: Diners, loop: JobLoop) -> Night:
    """Run the diners for some twenty seconds, in which the database goes away twice."""
    workers = Killer(partial(kill_a_worker, server), lambda: len(diners.confirmed) // 3, (1.5, 2.5), diners.over)
    loops = Killer(loop.replace, loop.said, (2, 3), diners.over)
    try:
        with ThreadPoolExecutor(DINERS) as pool:
            running = [pool.submit(diners.run, number) for number in range(DINERS)]
            try:
                for _time in range(2):
                    diners.over.wait(5)
                    database.restart(away=1)
                diners.over.wait(SETTLED)
                # More than can have been under way: some were asked for since.
                wanted = max(ENOUGH, len(diners.confirmed) + 2 * DINERS)
                diners.over.wait(4)
                # A machine that has much else to do gets more time.
                until = time.monotonic() + 60
                while time.monotonic() < until and (
                    len(diners.confirmed) < wanted or workers.kills < WORKERS_KILLED or loops.kills < LOOPS_KILLED
                ):
                    diners.over.wait(0.5)
            finally:
                diners.over.set()
            for one in running:
                one.result(60)
    finally:
        workers.join()
        loops.join()
        loop.kill()
    return Night(site, database, diners, workers.kills, loops.kills)


def test_it_was_a_night_of_killing(night: Night) -> None:
    """Else the others would show nothing."""
    counts = Counter(one.status for one in night.diners.heard)
    told = f"{len(night.diners.confirmed)} confirmed, {counts}, {night.diners.broken} broken"
    assert len(night.diners.confirmed) >= ENOUGH, told
    assert counts[503], told
    assert night.workers_killed >= WORKERS_KILLED
    assert night.loops_killed >= LOOPS_KILLED
    assert len(night.database.outages) == 2


def test_what_was_answered_is_there_once_and_whole(night: Night) -> None:
    assert not night.diners.odd
    with night.database.connect() as connection:
        assert not violations(connection, night.diners.confirmed)


def test_pages_come_again_soon_after_the_database_is_back(night: Night) -> None:
    failed = [one for one in night.diners.heard if one.status >= 500]
    assert {one.status for one in failed} == {503}
    assert not [one for one in failed if not one.excused(night.database.outages)]
    last = max(one.ended for one in night.database.outages) + SETTLED
    assert [one for one in night.diners.heard if one.began > last and one.status == 302]


def test_the_audit_finds_nothing_once_left_holds_have_lapsed(night: Night) -> None:
    with night.database.connect() as connection:
        connection.execute(
            "UPDATE reservations_reservation SET held_until = now() - interval '1 minute' WHERE status = 'held'"
        )
        night.site.manage("run_jobs", "--once")
        row = connection.execute("SELECT count(*) FROM reservations_reservation WHERE status = 'held'").fetchone()
        assert row == (0,)
        assert not violations(connection, night.diners.confirmed)
    night.site.manage("audit_reservations")


def test_the_checks_notice_what_they_look_for(night: Night) -> None:
    """A claim that is missing, one that is nobody's, a confirmation that came to nothing, a form that booked twice."""
    reference = night.diners.confirmed[0]
    with night.database.connect() as connection:
        for damage in DAMAGES:
            with connection.transaction(force_rollback=True):
                connection.execute(damage, [reference])
                assert violations(connection, [reference])
        assert violations(connection, ["INVENTED0"])
        assert violations(connection, [reference, reference])
        assert not violations(connection, [reference])
