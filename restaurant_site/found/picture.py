"""The picture that goes with a link where it is shared: a plate on the restaurant's colour, with its name. Pure."""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
"""Pixels; the shape that services which show links ask for."""

_VERSION = "1"
_FONT = Path(__file__).with_name("EBGaramond-SemiBold.ttf")
# A code point that is no character: what the font draws for it, it draws for whatever it lacks.
_NOTHING = "\uffff"
_COLOURS = 32
_MARGIN, _COLUMN = 80, 650
_SIZES, _LINES = range(120, 47, -8), 3
_CITY_SIZE = 46
_PAPER, _QUIET = "#fdf8f0", "#f1dccb"
_PLATE = (1030, 315)
# Drawn so many times as large: Pillow's circles have steps.
_FINER = 2
# The two tones of each of the covers in base.css.
TONES = (
    ("#7c2d12", "#431407"),
    ("#166052", "#0b2f2a"),
    ("#29487d", "#121f3a"),
    ("#75551a", "#33240a"),
    ("#6d2a56", "#2f1024"),
    ("#3f5c23", "#1b290e"),
    ("#8a2430", "#3a0d14"),
    ("#31566a", "#14242d"),
)


def digest(name: str, city: str, cover: int) -> str:
    """Return twelve hexadecimal digits that stand for what the picture shows; another picture has others."""
    shown = "\0".join((_VERSION, name, city, str(cover)))
    return hashlib.blake2b(shown.encode(), digest_size=6).hexdigest()


def draw(name: str, city: str, cover: int) -> bytes:
    """Return a picture as PNG of some ten kilobytes; cover is which of `TONES` it has.

    A name that the font can't write, or that does not fit, is left out, and so
    is the city: better a picture without words than one with boxes.
    """
    light, dark = TONES[cover % len(TONES)]
    image = _plate(light, dark)
    lines, size = _fitted(name) if _can_write(name) else ([], 0)
    if lines:
        shown_city = city if _can_write(city) and _width(city, _CITY_SIZE) <= _COLUMN else ""
        _write(ImageDraw.Draw(image), lines, size, shown_city)
    file = io.BytesIO()
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _plate(light: str, dark: str) -> Image.Image:
    image = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), dark)
    pen = ImageDraw.Draw(image)
    x, y = (at * _FINER for at in _PLATE)
    for size, fill, outline in ((400, light, None), (250, _PAPER, None), (165, None, _QUIET)):
        radius = size * _FINER
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill, outline, 8 * _FINER if outline else 0)
    return image.reduce(_FINER)


def _write(pen: ImageDraw.ImageDraw, lines: list[str], size: int, city: str) -> None:
    step = round(size * 1.12)
    height = step * len(lines) + (round(_CITY_SIZE * 1.6) if city else 0)
    y = (HEIGHT - height) // 2
    for line in lines:
        pen.text((_MARGIN, y), line, _PAPER, _font(size))
        y += step
    if city:
        pen.text((_MARGIN, y + round(_CITY_SIZE * 0.5)), city, _QUIET, _font(_CITY_SIZE))


def _fitted(name: str) -> tuple[list[str], int]:
    """Return the name in at most three lines, and the largest size in which they fit; none where none does."""
    for size in _SIZES:
        lines: list[str] = []
        for word in name.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and _width(longer, size) <= _COLUMN:
                lines[-1] = longer
            else:
                lines.append(word)
        if len(lines) <= _LINES and all(_width(line, size) <= _COLUMN for line in lines):
            return lines, size
    return [], 0


def _can_write(text: str) -> bool:
    missing = _glyph(_NOTHING)
    return all(letter == " " or (letter.isprintable() and _glyph(letter) != missing) for letter in text)


def _glyph(letter: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(_CITY_SIZE).getmask(letter)
    return mask.size, bytes(mask)


def _width(text: str, size: int) -> float:
    return _font(size).getlength(text)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Letters one after the other: the same everywhere, whether libraqm is there or not.
    return ImageFont.truetype(_FONT, size, layout_engine=ImageFont.Layout.BASIC)
