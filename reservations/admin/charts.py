"""Bar charts as figures for a template to write as SVG: shapes by attributes, colours by classes, no style inline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
_LEFT, _BOTTOM, _TOP = 44, 24, 10
_MOST_LABELS = 12
MOST_SERIES = 6
"""So many series have a colour of their own (static/css/admin_reports.css)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, with what it says when it is pointed at; series tells its colour."""

    x: float
    y: float
    width: float
    height: float
    series: int
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at a place; of the value axis with its line at y."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its title and what it says in words; the numbers stand in the table under it."""

    name: str
    title: str
    words: str
    bars: list[Bar]
    below: list[Mark]
    beside: list[Mark]
    legend: list[str]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def chart(
    name: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    words: str,
    unit: str = "",
    stacked: bool = False,
) -> Chart:
    """Return a chart of bars: one group for each label, one bar in it for each series.

    They stand side by side, or stacked upon each other. None has no bar, and nor has what is below nothing.
    """
    sums = [sum(values[place] or 0 for _title, values in series) for place in range(len(labels))]
    tallest = sums if stacked else [value or 0 for _title, values in series for value in values]
    most = _ceiling(max(tallest, default=0))
    high = HEIGHT - _BOTTOM - _TOP
    group = (WIDTH - _LEFT) / max(len(labels), 1)
    width = group * 0.8 / (1 if stacked else max(len(series), 1))
    below_it = [0.0] * len(labels)
    bars = []
    for number, (title_of, values) in enumerate(series):
        for place, value in enumerate(values):
            # A party that was booked while its time had begun has a lead below nothing.
            if not value or value < 0:
                continue
            bars.append(
                Bar(
                    x=round(_LEFT + group * place + group * 0.1 + (0 if stacked else width * number), 1),
                    y=round(_TOP + high * (1 - (below_it[place] + value) / most), 1),
                    width=round(max(width - 1, 1), 1),
                    height=round(high * value / most, 1),
                    series=number,
                    text=f"{labels[place]}: {title_of} {_number(value)}{unit}",
                )
            )
            below_it[place] += value if stacked else 0
    every = -(-len(labels) // _MOST_LABELS)
    return Chart(
        name=name,
        title=title,
        words=words,
        bars=bars,
        below=[
            Mark(round(_LEFT + group * (place + 0.5), 1), HEIGHT - 8, label)
            for place, label in enumerate(labels)
            if place % max(every, 1) == 0
        ],
        beside=[
            Mark(_LEFT - 6, round(_TOP + high * (1 - part), 1), f"{_number(most * part)}{unit}") for part in (0, 0.5, 1)
        ],
        legend=[title_of for title_of, _values in series] if len(series) > 1 else [],
    )


def _ceiling(most: float) -> float:
    """Return a round number that is not below the most: 1, 2 or 5 times a power of ten."""
    step = 1.0
    while step * 10 < most:
        step *= 10
    return next((step * factor for factor in (1, 2, 5, 10) if step * factor >= most), 1.0)


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"
