"""Colours: contrast as WCAG measures it, what becomes of an accent, and the tokens of the design."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from restaurant_site.art import PALETTES
from restaurant_site.colours import DARK, LIGHT, accent, contrast, ink_on, mixed, nearest, stylesheet, works, written

BASE = Path(__file__).parents[2] / "static" / "css" / "base.css"
SOME = ["#ffe100", "#ffffff", "#000000", "#ff0000", "#00ff7f", "#7f7f7f", "#0a0a23", "#f5b7b1", "#1f5a48"]
SOME += [f"#{number:06x}" for number in random.Random(8).sample(range(1 << 24), 200)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    # As the tools of WebAIM and of the W3C's authors give them.
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#abc123", "#abc123", 1),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#1F5A48", "#1f5a48"),
        (" 1f5a48 ", "#1f5a48"),
        ("#abc", "#aabbcc"),
        ("red", None),
        ("", None),
        ("#12345", None),
        ("#1f5a48;}", None),
        ("#１２３４５６", None),
    ],
)
def test_a_colour_is_kept_in_one_spelling(text: str, colour: str | None) -> None:
    assert written(text) == colour


@pytest.mark.parametrize("colour", SOME)
def test_whatever_is_chosen_can_be_read(colour: str) -> None:
    shown = nearest(colour)
    assert works(shown)
    assert shown == colour or not works(colour)
    for scheme in (LIGHT, DARK):
        found = accent(shown, scheme)
        assert scheme is DARK or found.fill == shown, "the light page shows what was chosen"
        assert contrast(found.fill, found.ink) >= 4.5
        assert found.ink == ink_on(found.fill)
        tint = mixed(scheme.paper, found.fill, 0.08)
        assert min(contrast(found.text, ground) for ground in (scheme.paper, scheme.raised, tint)) >= 4.5
        assert min(contrast(found.fill, ground) for ground in (scheme.paper, scheme.raised)) >= 3


def test_the_nearest_keeps_the_hue() -> None:
    yellow = nearest("#ffe100")
    red, green, blue = (int(yellow[place : place + 2], 16) for place in (1, 3, 5))
    assert red > green > 100 > blue


def test_the_colours_of_the_invented_covers_work() -> None:
    assert all(works(palette.accent) for palette in PALETTES)


# --- The tokens ---------------------------------------------------------------


def tokens() -> dict[str, tuple[str, str]]:
    """Return the colours of the style sheet by name: the light one and the dark."""
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", BASE.read_text())
    return {name: (light, dark) for name, light, dark in found}


def test_the_schemes_are_those_of_the_style_sheet() -> None:
    colours = tokens()
    for number, scheme in enumerate((LIGHT, DARK)):
        assert (colours["paper"][number], colours["paper-raised"][number]) == (scheme.paper, scheme.raised)
    shown = accent(colours["accent"][0], LIGHT)
    assert (colours["accent-ink"][0], colours["accent-text"][0]) == (shown.ink, shown.text)


def test_every_text_reads_on_every_ground() -> None:
    colours = tokens()
    for number in (0, 1):
        paper, raised, warn = (colours[name][number] for name in ("paper", "paper-raised", "warn"))
        tint = mixed(paper, colours["accent"][number], 0.08)
        for ground in (paper, raised, warn, tint):
            for name in ("ink", "ink-soft", "accent-text", "good", "bad"):
                assert contrast(colours[name][number], ground) >= 4.5, (name, ground)
            assert contrast(colours["edge"][number], ground) >= 3, ground
        assert contrast(colours["accent"][number], colours["accent-ink"][number]) >= 4.5


def test_a_style_sheet_is_small_and_holds_colours_alone() -> None:
    for colour in SOME:
        assert re.fullmatch(
            r":root\{(--accent[a-z-]*:light-dark\(#[0-9a-f]{6},#[0-9a-f]{6}\);?)+\}\n", stylesheet(colour)
        )
