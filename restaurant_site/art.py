"""Invented cover art for restaurants without a photo: flat shapes in four tones, the same each time. Pure.

A picture is data: a palette, and shapes on a canvas `HEIGHT` high and as wide
as asked. `svg` draws it for a page; whoever draws it elsewhere fills each
`outline` in its tone, in order.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from restaurant_site.colours import BLACK, WHITE, mixed

HEIGHT = 63
CARD, WIDE, SHARED = 95, 189, 120
"""Widths of the canvas: on a card, at the head of a page, and as a picture of 1200 × 630 to be shared."""

_UNIT = HEIGHT // 3
_CREAM, _AMBER = "#f4e6c9", "#e8b04b"

Draw = Callable[[int], int]
"""Returns a number from 0 up to, and without, the one given."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Four tones: the ground, one near it, a light one and a bright one; and the accent that goes with them."""

    tones: tuple[str, str, str, str]
    accent: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled form in one of the four tones, on a canvas with its origin at the top left.

    Kinds and their numbers: ``disc`` x, y, radius; ``ring`` x, y, radius, inner
    radius; ``pie`` x, y, radius, first and last angle in degrees, clockwise from
    the right; ``box`` x, y, width, height; ``arch`` the same, with a round top;
    ``leaf`` from x, y to x, y; ``waves`` x, y, radius and number of half discs in
    a row, filled down to the edge.
    """

    tone: int
    kind: str
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Art:
    """A picture: its palette, and its shapes from the back to the front."""

    palette: Palette
    shapes: tuple[Shape, ...]
    width: int


PALETTES = (
    Palette(("#1f4d40", "#2d6857", "#f0e2c0", "#e0954f"), "#1f5a48"),
    Palette(("#8c3a26", "#ad5238", "#f4dfbf", "#2c4744"), "#983d26"),
    Palette(("#22395c", "#35548a", "#f1e4c8", "#e2a53c"), "#29487d"),
    Palette(("#5b2748", "#7f3f67", "#f5dfca", "#e88f6c"), "#6d2a56"),
    Palette(("#4b5423", "#6c7736", "#f3e8c5", "#d0643a"), "#55602a"),
    Palette(("#17505a", "#28717d", "#f6e5c6", "#f08f62"), "#1b5f6b"),
    Palette(("#e3c079", "#d6a94f", "#fbf3e0", "#6b3f1d"), "#7a5510"),
    Palette(("#e2b7a8", "#d49c8b", "#fbf0e6", "#7b3542"), "#94404c"),
)


def palette_of(seed: str, accent: str = "") -> Palette:
    """Return the palette of a restaurant: made of its accent, or else one of eight, always the same for a seed."""
    if not accent:
        return PALETTES[_draws(seed)(len(PALETTES))]
    ground = mixed(accent, BLACK, 0.18)
    return Palette(
        (ground, mixed(ground, WHITE, 0.18), mixed(_CREAM, accent, 0.08), mixed(_AMBER, accent, 0.12)), accent
    )


def art(seed: str, accent: str = "", width: int = CARD) -> Art:
    """Return the picture of a restaurant on a canvas of that width; what fills it goes by the seed, such as a slug."""
    draw = _draws(seed)
    draw(len(PALETTES))
    family = FAMILIES[draw(len(FAMILIES))]
    return Art(palette_of(seed, accent), tuple(family(draw, width)), width)


def svg(picture: Art) -> str:
    """Return the picture as an SVG element without a meaning of its own, below 1.5 kB."""
    tones = picture.palette.tones
    parts = [f'<path fill="{tones[0]}" d="M0 0h{picture.width}v{HEIGHT}H0z"/>']
    for tone, shapes in itertools.groupby(picture.shapes, key=lambda shape: shape.tone):
        parts.append(f'<path fill="{tones[tone]}" d="{"".join(map(_path, shapes))}"/>')
    return (
        f'<svg class="art" viewBox="0 0 {picture.width} {HEIGHT}" width="{picture.width}" height="{HEIGHT}" '
        f'preserveAspectRatio="xMidYMid slice" aria-hidden="true">{"".join(parts)}</svg>'
    )


def outline(shape: Shape, steps: int = 48) -> list[tuple[float, float]]:
    """Return the corners of a polygon that is the shape; circles have so many."""
    match shape.kind, shape.numbers:
        case "disc", (x, y, r):
            return _arc(x, y, r, 0, 360, steps)
        case "ring", (x, y, r, inner):
            return _arc(x, y, r, 0, 360, steps) + _arc(x, y, inner, 360, 0, steps)
        case "pie", (x, y, r, first, last):
            return [(x, y), *_arc(x, y, r, first, last, steps)]
        case "arch", (x, y, w, h):
            return [*_arc(x + w / 2, y + w / 2, w / 2, 180, 360, steps), (x + w, y + h), (x, y + h)]
        case "waves", (x, y, r, count):
            crests = [_arc(x + r + 2 * r * wave, y, r, 180, 360, steps) for wave in range(int(count))]
            return [*itertools.chain(*crests), (x + 2 * r * count, HEIGHT), (x, HEIGHT)]
        case "leaf", (x1, y1, x2, y2):
            return _lens(x1, y1, x2, y2, steps)
        case _, (x, y, w, h):
            return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    raise ValueError(shape.kind)


def _plates(draw: Draw, width: int) -> Iterator[Shape]:
    plates, rims, middles = [], [], []
    x = draw(12) - 6
    while x < width + 10:
        r, y = 15 + draw(12), 14 + draw(36)
        x += r
        plates.append(Shape(2 if draw(3) else 1, "disc", (x, y, r)))
        rims.append(Shape(0, "ring", (x, y, r - 3, r - 4)))
        middles.append(Shape(3 if draw(2) else 1, "disc", (x, y, r // 2)))
        x += r + 1 + draw(6)
    yield from _by_tone(plates)
    yield from rims
    yield from _by_tone(middles)


def _leaves(draw: Draw, width: int) -> Iterator[Shape]:
    leaves = []
    for x in range(draw(12), width + 12, 32):
        high = 17 + draw(6)
        tone = (1, 2, 3)[draw(3)]
        for y in range(20, 80, 26):
            leaves += [Shape(tone, "leaf", (x, y, x + 13, y - high)), Shape(tone, "leaf", (x, y, x - 13, y - high))]
    yield from _by_tone(leaves)


def _tiles(draw: Draw, width: int) -> Iterator[Shape]:
    tiles = []
    for x in range(0, width, _UNIT):
        for y in range(0, HEIGHT, _UNIT):
            turn, tone = draw(4), (1, 2, 3, 2, 1)[draw(5)]
            corner = (x + (turn in (1, 2)) * _UNIT, y + (turn > 1) * _UNIT)
            tiles.append(Shape(tone, "pie", (*corner, _UNIT, turn * 90, turn * 90 + 90)))
    yield from _by_tone(tiles)


def _waves(draw: Draw, width: int) -> Iterator[Shape]:
    r = 12 + 2 * draw(3) if width < WIDE else 16
    tones = (1, 2, 1, 3) if draw(2) else (3, 1, 2, 1)
    for row, tone in enumerate(tones):
        x, y = -r * (row % 2), 16 + row * 14
        count = -(-(width - x) // (2 * r))
        yield Shape(tone, "waves", (x, y, r, count))
        yield from (Shape(0, "pie", (x + r + 2 * r * wave, y, r // 2, 180, 360)) for wave in range(count))


def _sun(draw: Draw, width: int) -> Iterator[Shape]:
    x, r = width // 3 + draw(width // 3), 16 + draw(6)
    for ray in range(draw(10), 180, 20):
        yield Shape(1, "pie", (x, 46, width, 180 + ray, 190 + ray))
    yield Shape(3, "disc", (x, 46, r))
    yield Shape(2, "ring", (x, 46, r + 6, r + 4))
    yield Shape(0, "box", (0, 46, width, 17))
    for row in range(3):
        yield Shape(2, "box", (x - 22 + 5 * row, 49 + 4 * row, 44 - 10 * row, 1.4))


def _glasses(draw: Draw, width: int) -> Iterator[Shape]:
    glasses, wines = [], []
    for x in range(10 + draw(8), width + 10, 24):
        tall = 18 + draw(10)
        glasses += [
            Shape(2, "pie", (x, tall, 9, 0, 180)),
            Shape(2, "box", (x - 9, tall - 5, 18, 5)),
            Shape(2, "box", (x - 0.5, tall, 1, 52 - tall)),
            Shape(2, "box", (x - 6, 51, 12, 1.5)),
        ]
        wines.append(Shape((3, 3, 1)[draw(3)], "pie", (x, tall, 7, 0, 180)))
    yield Shape(1, "box", (0, 49, width, 14))
    yield from glasses
    yield from _by_tone(wines)


def _arches(draw: Draw, width: int) -> Iterator[Shape]:
    wide = 39 if width < WIDE else 49
    for x in range(-draw(10), width, wide):
        top = 6 + draw(14)
        for step, tone in enumerate((1, 2, 3, 0) if draw(2) else (2, 1, 0, 3)):
            yield Shape(tone, "arch", (x + 1 + step * 5, top + step * 5, wide - 2 - step * 10, HEIGHT))


def _fruit(draw: Draw, width: int) -> Iterator[Shape]:
    fruit, leaves, lights = [], [], []
    for x in range(8 + draw(6), width + 16, 31):
        y, r = 22 + draw(24), 10 + draw(4)
        fruit.append(Shape(3 if draw(3) else 2, "disc", (x, y, r)))
        leaves += [
            Shape(1, "leaf", (x, y - r + 1, x + 11, y - r - 7)),
            Shape(1, "leaf", (x, y - r + 1, x - 8, y - r - 8)),
        ]
        lights.append(Shape(0, "disc", (x - 3, y - 3, 1.5)))
    yield from _by_tone(fruit)
    yield from leaves
    yield from lights


def _by_tone(shapes: list[Shape]) -> list[Shape]:
    """Sort shapes that don't cover each other, so that each tone is one path."""
    return sorted(shapes, key=lambda shape: shape.tone)


FAMILIES: tuple[Callable[[Draw, int], Iterator[Shape]], ...] = (
    _plates, _leaves, _tiles, _waves, _sun, _glasses, _arches, _fruit,
)  # fmt: skip


def _draws(seed: str) -> Draw:
    numbers = _numbers(seed)
    return lambda below: next(numbers) % below


def _numbers(seed: str) -> Iterator[int]:
    for count in itertools.count():
        yield from hashlib.sha256(f"{count}:{seed}".encode("utf-8", "replace")).digest()


def _path(shape: Shape) -> str:
    match shape.kind, shape.numbers:
        case "disc", (x, y, r):
            return _circle(x, y, r, 1)
        case "ring", (x, y, r, inner):
            return _circle(x, y, r, 1) + _circle(x, y, inner, 0)
        case "pie", (x, y, r, first, last):
            (ax, ay), (bx, by) = _arc(x, y, r, first, last, 1)
            start = "M" + _list(ax, ay) if last - first == 180 else "M" + _list(x, y) + "L" + _list(ax, ay)
            return start + "A" + _list(r, r, 0, 0, 1, bx, by) + "z"
        case "arch", (x, y, w, h):
            half = w / 2
            return f"M{_list(x, y + h)}V{_list(y + half)}a{_list(half, half, 0, 0, 1, w, 0)}v{_list(h - half)}z"
        case "waves", (x, y, r, count):
            return f"M{_list(x, y)}a{' '.join([_list(r, r, 0, 0, 1, 2 * r, 0)] * int(count))}V{HEIGHT}H{_list(x)}z"
        case "leaf", (x1, y1, x2, y2):
            (ax, ay), (bx, by) = _bulges(x1, y1, x2, y2)
            there = _list(ax - x1, ay - y1, x2 - x1, y2 - y1)
            return f"M{_list(x1, y1)}q{there} {_list(bx - x2, by - y2, x1 - x2, y1 - y2)}z"
        case _, (x, y, w, h):
            return f"M{_list(x, y)}h{_list(w)}v{_list(h)}h{_list(-w)}z"
    raise ValueError(shape.kind)


def _circle(x: float, y: float, r: float, sweep: int) -> str:
    return f"M{_list(x - r, y)}a{_list(r, r, 0, 1, sweep, 2 * r, 0)} {_list(r, r, 0, 1, sweep, -2 * r, 0)}z"


def _arc(x: float, y: float, r: float, first: float, last: float, steps: int) -> list[tuple[float, float]]:
    angles = (math.radians(first + (last - first) * step / steps) for step in range(steps + 1))
    return [(x + r * math.cos(angle), y + r * math.sin(angle)) for angle in angles]


def _bulges(x1: float, y1: float, x2: float, y2: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the control points of a leaf's two edges: beside its middle, on whole numbers."""
    middle_x, middle_y, aside_x, aside_y = (x1 + x2) / 2, (y1 + y2) / 2, (y2 - y1) / 2, (x1 - x2) / 2
    return (round(middle_x + aside_x), round(middle_y + aside_y)), (
        round(middle_x - aside_x),
        round(middle_y - aside_y),
    )


def _lens(x1: float, y1: float, x2: float, y2: float, steps: int) -> list[tuple[float, float]]:
    points = []
    one, other = _bulges(x1, y1, x2, y2)
    for (ax, ay), (cx, cy), (bx, by) in (((x1, y1), one, (x2, y2)), ((x2, y2), other, (x1, y1))):
        for step in range(steps // 2 + 1):
            t = step / (steps // 2)
            far, mid, near = (1 - t) ** 2, 2 * t * (1 - t), t * t
            points.append((far * ax + mid * cx + near * bx, far * ay + mid * cy + near * by))
    return points


def _list(*numbers: float) -> str:
    """Write numbers to one digit, as short as a path takes them."""
    return " ".join(f"{round(number, 1) + 0:g}" for number in numbers).replace(" -", "-")
