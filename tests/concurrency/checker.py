"""Readers and writers over HTTP, and a referee: whoever asks after a write was answered must see it."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reservations.models import Restaurant
from tests.concurrency.fleet import Server

_DISH = re.compile(
    r'<li class="dish( is-out)?">\s*<p class="dish-line">\s*<span class="dish-name"><bdi[^>]*>Dish (\d+)</bdi>.*?'
    r'<span class="dish-price">€([\d,]+\.\d\d)',
    re.DOTALL,
)

_IDLE = 3.0
"""Seconds after which a connection is not asked again: gunicorn hangs up after five, and what is sent then is lost."""


class Line:
    """A connection that is opened anew after an error; an error is an answer of status 0."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self._at = (str(parts.hostname), int(parts.port or 80))
        self._connection: http.client.HTTPConnection | None = None
        self._asked = 0.0

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, bytes, str]:
        """Return status, body and what X-Cache said."""
        if time.monotonic() - self._asked > _IDLE:
            self.close()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(*self._at, timeout=10)
            self._connection.request(method, path, headers=headers)
            response = self._connection.getresponse()
            body = response.read()
            self._asked = time.monotonic()
            return response.status, body, response.headers.get("X-Cache", "")
        except (OSError, http.client.HTTPException):
            self.close()
            time.sleep(0.02)
            return 0, b"", ""

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@contextlib.contextmanager
def lines(servers: list[Server]) -> Iterator[list[Line]]:
    """Give a line to each server, and hang up afterwards."""
    found = [Line(server) for server in servers]
    try:
        yield found
    finally:
        for line in found:
            line.close()


@dataclass
class Referee:
    """What was written and answered, and what was read of it."""

    restaurant: Restaurant
    dishes: list[int]
    servers: list[Server]
    floors: dict[int, int] = field(default_factory=dict)
    reads: int = 0
    hits: int = 0
    writes: int = 0
    unanswered: int = 0
    failures: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    forgiven: int = 0
    # Until this moment an old value may be read: Redis came back with an old state.
    forgiven_until: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def path(self) -> str:
        """The page that is read."""
        return f"/restaurants/{self.restaurant.slug}/menu/"

    def write(self, number: int) -> None:
        """Give one dish one price after the other, each higher; note it once it was answered."""
        cents = 101
        with lines(self.servers) as found:
            while not self.over.is_set():
                self._write_once(random.choice(found), number, cents)
                cents += 1
                # Rare enough that most reads are hits, which is where an old value would come from.
                time.sleep(random.uniform(0.0, 0.8))

    def _write_once(self, line: Line, number: int, cents: int) -> None:
        status, _body, _how = line.ask("POST", f"/write/price/{self.dishes[number]}/{cents}/")
        if status == 200:
            with self._lock:
                self.floors[number] = cents
                self.writes += 1
        else:
            with self._lock:
                self.unanswered += 1
            if status not in (0, 503):
                self.failures.append(f"a write was answered {status}")

    def read(self) -> None:
        """Read the page again and again, from all servers in turn."""
        with lines(self.servers) as found:
            while not self.over.is_set():
                self.look(random.choice(found))

    def look(self, line: Line) -> bool:
        """Read once, and judge; return whether there was an answer."""
        before, began = dict(self.floors), time.monotonic()
        status, body, how = line.ask("GET", self.path)
        if status != 200:
            if status:
                self.failures.append(f"a read was answered {status}")
            return False
        shown = prices(body)
        with self._lock:
            self.reads += 1
            self.hits += how in ("hit", "stale")
        for number, floor in before.items():
            price, out = shown[number]
            if price >= floor and out == (price % 2 == 0):
                continue
            with self._lock:
                if began < self.forgiven_until:
                    self.forgiven += 1
                else:
                    self.stale.append(f"dish {number}: {price} after {floor} was answered ({how})")
        return True

    def settle(self, expected: Callable[[], dict[int, int]], seconds: float = 5.0) -> list[str]:
        """Wait so many seconds after the last write; return where a page then differs from the database."""
        time.sleep(seconds)
        truth, wrong = expected(), []
        with lines(self.servers * 6) as found:
            for line in found:
                _status, body, how = line.ask("GET", self.path)
                shown = {number: price for number, (price, _out) in prices(body).items()}
                wrong += [
                    f"dish {number}: {shown.get(number)} instead of {price} ({how})"
                    for number, price in truth.items()
                    if shown.get(number) != price
                ]
        return wrong


@dataclass
class Tables:
    """The times of a house with one table, while it is held and given back."""

    referee: Referee
    reads: int = 0
    stale: list[str] = field(default_factory=list)

    def watch(self, taken: Callable[[], None], freed: Callable[[], None], date: str) -> None:
        """Take the table and free it, and look from every server after each."""
        path = f"/restaurants/{self.referee.restaurant.slug}/times/?date={date}&party=2"
        with lines(self.referee.servers) as found:
            while not self.referee.over.is_set():
                for change, bookable in ((taken, False), (freed, True)):
                    change()
                    for line in found:
                        self._look(line, path, bookable)
                time.sleep(0.1)

    def _look(self, line: Line, path: str, bookable: bool) -> None:
        began = time.monotonic()
        status, body, _how = line.ask("GET", path, Accept="application/json")
        if status != 200:
            return
        self.reads += 1
        found = {one["start"][11:16]: one["bookable"] for one in json.loads(body)["times"]}
        if found["19:00"] is not bookable and began >= self.referee.forgiven_until:
            self.stale.append(f"19:00 is shown as {'free' if found['19:00'] else 'taken'}")


def prices(body: bytes) -> dict[int, tuple[int, bool]]:
    """Return what a page of the menu shows of each dish: its price in cents, and whether it is sold out."""
    return {int(number): (cents(price), bool(out)) for out, number, price in _DISH.findall(body.decode())}


def cents(price: str) -> int:
    """Return a price of the page as the number that was written."""
    return int(price.replace(",", "").replace(".", ""))
