"""The covers of a day by quarters of an hour, as a small bar chart: SVG by attributes alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from reservations.queries.sheet import Bar

_BESIDES = 4
"""So many quarters before the first party and after the last are drawn too."""

STEP, HEIGHT = 14, 64
"""The width of a quarter and the height of the tallest bar, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class Column:
    """One quarter as it is drawn: the bar, and the height of its pacing, where there is one."""

    x: int
    y: int
    height: int
    limit_y: int | None
    is_over: bool
    label: str
    """What is written below it: the hour, at its first quarter."""
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing, and the same in words."""

    width: int
    height: int
    columns: tuple[Column, ...]
    texts: tuple[str, ...]


def chart_of(bars: Sequence[Bar], zone: ZoneInfo) -> Chart | None:
    """Return the chart of a day, or None where nobody comes."""
    busy = [index for index, bar in enumerate(bars) if bar.covers]
    if not busy:
        return None
    bars = bars[max(0, busy[0] - _BESIDES) : busy[-1] + 1 + _BESIDES]
    most = max(max(bar.covers, bar.limit or 0) for bar in bars)
    columns = tuple(_column(index, bar, bar.start.astimezone(zone), most) for index, bar in enumerate(bars))
    texts = tuple(column.text for column, bar in zip(columns, bars, strict=True) if bar.covers)
    return Chart(width=STEP * len(bars), height=HEIGHT, columns=columns, texts=texts)


def _column(index: int, bar: Bar, local: dt.datetime, most: int) -> Column:
    height = round(HEIGHT * bar.covers / most)
    words = {"time": f"{local:%H:%M}", "covers": bar.covers, "limit": bar.limit}
    text = _("%(time)s: %(covers)d") if bar.limit is None else _("%(time)s: %(covers)d of %(limit)d")
    return Column(
        x=STEP * index,
        y=HEIGHT - height,
        height=height,
        limit_y=None if bar.limit is None else HEIGHT - round(HEIGHT * bar.limit / most),
        is_over=bar.limit is not None and bar.covers > bar.limit,
        label=f"{local:%H}" if local.minute == 0 else "",
        text=text % words,
    )
