"""Colours that can be read: contrast as WCAG measures it, and what becomes of a restaurant's accent. Pure.

Relative luminance and contrast ratio are those of WCAG 2.2, "Definitions"
(https://www.w3.org/TR/WCAG22/#dfn-relative-luminance and #dfn-contrast-ratio).
Colours are text such as ``#1f5a48``: lower case, six digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

TEXT = 4.5
"""The least contrast of text with its ground (success criterion 1.4.3)."""
FORM = 3.0
"""The least contrast of what is pressed with the ground around it (success criterion 1.4.11)."""
BLACK, WHITE = "#000000", "#ffffff"

_WRITTEN = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})\Z")
_STEPS = 128
_TINT = 0.08


@dataclass(frozen=True, slots=True)
class Scheme:
    """The grounds of a colour scheme, as static/css/base.css has them, and where a colour goes to stand out."""

    paper: str
    raised: str
    away: str


LIGHT = Scheme(paper="#f8f9f6", raised="#ffffff", away=BLACK)
DARK = Scheme(paper="#131817", raised="#1c2321", away=WHITE)


@dataclass(frozen=True, slots=True)
class Accent:
    """An accent in one scheme: as a fill, as what is written on that fill, and as text on the page."""

    fill: str
    ink: str
    text: str


def written(text: str) -> str | None:
    """Return a colour as it is kept, from ``#1F5A48``, ``1f5a48`` or ``#abc``; None where it is none."""
    match = _WRITTEN.match(text.strip().lower())
    if match is None:
        return None
    digits = match[1]
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def luminance(colour: str) -> float:
    """Return the relative luminance, from 0 for black to 1 for white."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return one colour with a share of another, from 0 to 1, mixed in sRGB as CSS mixes there."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def ink_on(fill: str) -> str:
    """Return black or white, whichever reads better on a fill; that is never below 4.5."""
    return max(BLACK, WHITE, key=lambda ink: contrast(ink, fill))


def works(colour: str) -> bool:
    """Return whether a button in this colour stands out from the light page, where it is shown as it was chosen."""
    return _stands_out(colour, LIGHT)


def nearest(colour: str) -> str:
    """Return the colour itself where it works, else the first that does on its way to black: the same hue, darker."""
    return _until(colour, BLACK, works)


@lru_cache(maxsize=1024)
def accent(colour: str, scheme: Scheme) -> Accent:
    """Return how an accent is shown in a scheme: lightened or darkened only as far as reading asks for."""
    fill = _until(colour, scheme.away, lambda shade: _stands_out(shade, scheme))
    grounds = (scheme.paper, scheme.raised, mixed(scheme.paper, fill, _TINT))
    text = _until(fill, scheme.away, lambda shade: all(contrast(shade, ground) >= TEXT for ground in grounds))
    return Accent(fill, ink_on(fill), text)


def stylesheet(colour: str) -> str:
    """Return the style sheet that makes a colour the accent of a page."""
    light, dark = accent(colour, LIGHT), accent(colour, DARK)
    return (
        f":root{{--accent:light-dark({light.fill},{dark.fill});"
        f"--accent-ink:light-dark({light.ink},{dark.ink});"
        f"--accent-text:light-dark({light.text},{dark.text})}}\n"
    )


def _stands_out(colour: str, scheme: Scheme) -> bool:
    return all(contrast(colour, ground) >= FORM for ground in (scheme.paper, scheme.raised))


def _until(colour: str, away: str, good: Callable[[str], bool]) -> str:
    for step in range(_STEPS):
        shade = mixed(colour, away, step / _STEPS)
        if good(shade):
            return shade
    return away


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
