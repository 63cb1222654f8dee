"""How a benchmark is run and tells its figures: a table, or JSON with ``--json``."""

from __future__ import annotations

import json
import signal
import statistics
import sys
from collections.abc import Callable, Mapping
from types import FrameType

from bench.ground import UnmeasurableError

Samples = dict[str, list[float]]
"""Every sample of each figure."""


def figure(samples: list[float]) -> dict[str, float]:
    """Return median, minimum and maximum."""
    return {
        "median": round(statistics.median(samples), 4),
        "min": round(min(samples), 4),
        "max": round(max(samples), 4),
    }


def tell(title: str, measure: Callable[[], Samples], aims: Mapping[str, str]) -> None:
    """Measure, and print the figures. What can't be measured here is a line on standard error, and no failure.

    aims are what the figures should be, by name, in words.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        figures = {name: figure(samples) for name, samples in measure().items()}
    except UnmeasurableError as error:
        left_out(title, str(error))
        figures = {}
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures))
        return
    print(title)
    print(f"{'':32}{'median':>10}{'min':>10}{'max':>10}")
    for name, row in figures.items():
        aim = f"   {aims[name]}" if name in aims else ""
        print(f"{name:32}{row['median']:>10.3f}{row['min']:>10.3f}{row['max']:>10.3f}{aim}")


def left_out(what: str, why: str) -> None:
    """Say that figures are left out, and why."""
    print(f"left out: {what} ({why})", file=sys.stderr)


def note(text: str) -> None:
    """Say something beside the figures."""
    print(text, file=sys.stderr)


def _stop(number: int, _frame: FrameType | None) -> None:
    """End by way of every clean-up, which a second signal does not interrupt."""
    for each in (signal.SIGINT, signal.SIGTERM):
        # Not SIG_IGN: one that is on its way already would be reported as an error.
        signal.signal(each, lambda *_signal: None)
    raise SystemExit(128 + number)
