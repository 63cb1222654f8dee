"""Invented covers: the same each time, small, and drawn of shapes that others can draw too."""

from __future__ import annotations

import re

import pytest

from restaurant_site.art import (
    CARD,
    FAMILIES,
    HEIGHT,
    PALETTES,
    SHARED,
    WIDE,
    Art,
    Shape,
    art,
    outline,
    palette_of,
    svg,
)

SEEDS = [f"place-{number}" for number in range(300)] + ["", "Łódź", "مطعم", "\ud800", "x" * 120]


def test_the_same_name_has_the_same_cover_and_others_differ() -> None:
    assert svg(art("zum-ochsen")) == svg(art("zum-ochsen"))
    assert len({svg(art(seed)) for seed in SEEDS}) > 0.95 * len(SEEDS)
    assert len({palette_of(seed).accent for seed in SEEDS}) == len(PALETTES)
    assert {shape.kind for seed in SEEDS for shape in art(seed).shapes} >= {
        "disc",
        "pie",
        "box",
        "leaf",
        "arch",
        "waves",
    }
    assert len(FAMILIES) == 8


@pytest.mark.parametrize("width", [CARD, WIDE, SHARED])
def test_a_cover_is_small_decorative_and_has_no_style(width: int) -> None:
    for seed in SEEDS:
        for accent in ("", "#c2185b"):
            picture = art(seed, accent, width)
            drawn = svg(picture)
            assert len(drawn) < 1536, (seed, width)
            assert drawn.startswith(f'<svg class="art" viewBox="0 0 {width} {HEIGHT}"')
            assert 'aria-hidden="true"' in drawn
            paths = re.findall(r'<path fill="(#[0-9a-f]{6})" d="[MLAVHZmlavhzq0-9 .-]+"/>', drawn)
            assert drawn.count("<") == len(paths) + 2, "paths alone, with nothing but a fill"
            assert set(paths) <= set(picture.palette.tones)


def test_an_accent_colours_the_cover() -> None:
    picture = art("zum-ochsen", "#c2185b")
    assert picture.palette.accent == "#c2185b"
    assert picture.shapes == art("zum-ochsen").shapes, "the shapes go by the name alone"


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        (Shape(1, "disc", (10, 10, 5)), (5, 5, 15, 15)),
        (Shape(1, "ring", (10, 10, 5, 4)), (5, 5, 15, 15)),
        (Shape(1, "pie", (10, 10, 5, 0, 90)), (10, 10, 15, 15)),
        (Shape(1, "pie", (10, 10, 5, 180, 360)), (5, 5, 15, 10)),
        (Shape(1, "box", (1, 2, 3, 4)), (1, 2, 4, 6)),
        (Shape(1, "arch", (0, 10, 10, 40)), (0, 10, 10, 50)),
        (Shape(1, "waves", (0, 20, 5, 3)), (0, 15, 30, HEIGHT)),
        (Shape(1, "leaf", (0, 10, 10, 0)), (0, 0, 10, 10)),
    ],
)
def test_an_outline_is_where_the_path_is(shape: Shape, box: tuple[float, float, float, float]) -> None:
    corners = outline(shape)
    found = (
        min(x for x, _ in corners),
        min(y for _, y in corners),
        max(x for x, _ in corners),
        max(y for _, y in corners),
    )
    assert found == pytest.approx(box, abs=0.6)
    path = svg(Art(PALETTES[0], (shape,), CARD))
    start = re.findall(r'd="M([-\d.]+)[ ]?([-\d.]+)', path)[1]
    assert min(abs(x - float(start[0])) + abs(y - float(start[1])) for x, y in corners) < 0.1


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="star"):
        outline(Shape(1, "star", (1, 2, 3)))
