"""Threads that ask a served site for something again and again, and note what they heard and how long it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.wire import Answer


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, when it was asked for in monotonic seconds, and the seconds that it took."""

    status: int
    began: float
    took: float
    retry: str
    cached: str


@dataclass
class Crowd:
    """Visitors of one kind."""

    over: threading.Event = field(default_factory=threading.Event)
    heard: list[Heard] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, ask: Callable[[], Answer], *, count: int, pause: float) -> None:
        """Let so many of them ask until it is over, with a pause after each answer."""
        for _number in range(count):
            thread = threading.Thread(target=self._run, args=(ask, pause), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, ask: Callable[[], Answer], pause: float) -> None:
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = ask()
            except Exception as error:
                self.odd.append(repr(error))
                return
            retry, cached = answer.headers.get("Retry-After", ""), answer.headers.get("X-Cache", "")
            self.heard.append(Heard(answer.status, began, time.monotonic() - began, retry, cached))
            self.over.wait(pause)

    def end(self) -> None:
        """Let them go home; each must have been answered to the end."""
        self.over.set()
        for thread in self._threads:
            thread.join(20)
        assert not self.odd

    def between(self, first: float, last: float) -> list[Heard]:
        """Return what was asked for from first to last, in monotonic seconds."""
        return [one for one in self.heard if first <= one.began < last]


def percentile(heard: list[Heard], share: float) -> float:
    """Return the seconds within which that share of the answers came."""
    took = sorted(one.took for one in heard)
    return took[min(len(took) - 1, int(len(took) * share))]
