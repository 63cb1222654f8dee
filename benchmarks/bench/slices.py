"""Ratios in short slices, contender by contender: what the machine does by the minute falls on all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.client import Connection
from bench.serving import Server
from bench.telling import note

# A slice begins with a part of its requests uncounted.
_WARM = 0.1


@dataclass(frozen=True)
class Contender:
    """One question to one server, asked so many times in a slice."""

    name: str
    server: Server
    path: str
    requests: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    status: bytes = b"200"

    def slice(self) -> float:
        """Return the worker's CPU for a request, in microseconds."""
        with Connection(self.server.port, self.path, self.headers) as connection:
            # Another contender's code is in the processor's caches, and the connection is new.
            for _request in range(max(2, round(self.requests * _WARM))):
                connection.ask()
            before = self.server.cpu()
            for _request in range(self.requests):
                head, _body = connection.ask()
                if head[9:12] != self.status:
                    raise RuntimeError(f"{self.name} answered {head.decode('latin-1')}")
            return (self.server.cpu() - before) / self.requests / 1000


def costs(contenders: Sequence[Contender], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return each contender's CPU for a request in every round; each round begins with another one.

    On a busy machine it is fewer rounds, of which the last begins within so many seconds.
    """
    found: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    give_up = time.monotonic() + seconds
    for number in range(rounds):
        if number and time.monotonic() > give_up:
            break
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            found[contender.name].append(contender.slice())
    for name, microseconds in found.items():
        note(f"{name}: {statistics.median(microseconds):.0f} µs of CPU for a request")
    return found


def ratios(found: Mapping[str, Sequence[float]], other: str, ours: str) -> list[float]:
    """Return, round by round, how many times as much the other costs: above 1 ours is cheaper."""
    return [theirs / own for theirs, own in zip(found[other], found[ours], strict=True)]
