"""What was asked and answered, and what of it must not have been."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

SETTLED = 3.0
"""Seconds after which the site must have noticed that a database is back, and nginx that a node is."""
LATE = 5.0
"""Seconds after a write was answered from which nobody may see what was before it, whatever broke."""
GROWTH, SLACK = 1.10, 4096
"""How much more a worker may have in memory in the second half than in the first, and kilobytes on top."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer: who asked, its status (0 is none at all), whether it has Retry-After, and monotonic seconds."""

    kind: str
    method: str
    path: str
    status: int
    comes_back: bool
    began: float
    ended: float
    said: str = ""
    """The heading of an answer that failed."""

    def __str__(self) -> str:
        hint = "" if self.status != 503 or self.comes_back else ", without Retry-After"
        return f"{self.method} {self.path}: {self.status}{hint} after {self.ended - self.began:.1f} s, {self.said!r}"


@dataclass(frozen=True, slots=True)
class Breakage:
    """What was broken, and from when until when it was away; monotonic seconds.

    `of` says what may follow from it: "database" (whatever needs it is 503), "node" (a form that was under way there
    is 503, which is the proxy's), or "nothing": Redis is missed by nobody.
    """

    name: str
    of: str
    began: float
    ended: float

    def covers(self, one: Heard) -> bool:
        """Tell whether the answer was under way meanwhile, or soon after."""
        return one.ended >= self.began and one.began <= self.ended + SETTLED


@dataclass
class Ledger:
    """All answers, from all threads."""

    heard: list[Heard] = field(default_factory=list)

    def note(self, one: Heard) -> None:
        """Keep an answer."""
        self.heard.append(one)

    def faults(self, breakages: Iterable[Breakage]) -> list[str]:
        """Return the answers that nothing that was broken excuses."""
        listed = list(breakages)
        return [str(one) for one in self.heard if not _is_right(one, listed)]


def _is_right(one: Heard, breakages: list[Breakage]) -> bool:
    if 0 < one.status < 500:
        return True
    if one.status != 503 or not one.comes_back:
        return False
    of = {breakage.of for breakage in breakages if breakage.covers(one)}
    # The other node answers whoever only reads.
    return "database" in of or ("node" in of and one.method == "POST")


@dataclass(frozen=True, slots=True)
class Old:
    """An old price that was read: how many seconds after a newer one had been answered, and when."""

    dish: int
    shown: int
    seconds: float
    began: float
    how: str

    @property
    def is_wrong(self) -> bool:
        """Whether it was too old. A younger one may come from tokens that were lost with a Redis."""
        return self.seconds > LATE


@dataclass
class Prices:
    """Prices that only rise, as they were answered, and what was read of them."""

    answered: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    reads: int = 0
    hits: int = 0
    old: list[Old] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    sent: dict[int, set[int]] = field(default_factory=dict)
    """Prices whose answer was that it could not be said whether they were written: they may be, even later."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wrote(self, dish: int, cents: int) -> None:
        """Note that a price was answered, now."""
        self.answered.setdefault(dish, []).append((cents, time.monotonic()))

    def may_come(self, dish: int, cents: int) -> None:
        """Note that a price was sent and not answered as written."""
        self.sent.setdefault(dish, set()).add(cents)

    def read(self, shown: dict[int, tuple[int, bool]], *, began: float, how: str) -> None:
        """Judge a page that was asked for at that moment; an even price is sold out."""
        with self._lock:
            self.reads += 1
            self.hits += how == "hit"
        for dish, answered in list(self.answered.items()):
            price, out = shown.get(dish, (0, False))
            if out != (price % 2 == 0):
                self.torn.append(f"dish {dish} costs {price} and is {'' if out else 'not '}sold out ({how})")
            if price in self.sent.get(dish, ()):
                continue
            newer = [at for cents, at in list(answered) if cents > price and at <= began]
            if newer:
                self.old.append(Old(dish, price, began - min(newer), began, how))


@dataclass
class Memory:
    """The kilobytes of each worker that has warmed up, by when they were read."""

    samples: list[tuple[float, int, int]] = field(default_factory=list)
    """Monotonic seconds, process id, kilobytes."""

    def halves(self) -> tuple[int, int]:
        """Return the median of the first and of the second half; zeros where there is too little."""
        if len(self.samples) < 10:
            return 0, 0
        moments = [at for at, _pid, _size in self.samples]
        middle = (min(moments) + max(moments)) / 2
        first = [size for at, _pid, size in self.samples if at < middle]
        second = [size for at, _pid, size in self.samples if at >= middle]
        return int(median(first)), int(median(second))

    def grows(self) -> bool:
        """Tell whether workers have more in the second half than they should."""
        first, second = self.halves()
        return second > first * GROWTH + SLACK

    def eldest(self) -> tuple[float, int, int]:
        """Return for the worker that lived longest its seconds, and its kilobytes at the first and the last look."""
        lives: dict[int, list[tuple[float, int]]] = {}
        for at, pid, size in self.samples:
            lives.setdefault(pid, []).append((at, size))
        if not lives:
            return 0.0, 0, 0
        life = max(lives.values(), key=lambda one: one[-1][0] - one[0][0])
        return life[-1][0] - life[0][0], life[0][1], life[-1][1]
