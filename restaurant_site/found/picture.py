"""The picture that goes with a link where it is shared: a restaurant's cover, with its name on its accent. Pure."""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from restaurant_site.art import HEIGHT as CANVAS
from restaurant_site.art import SHARED, Palette, art, outline
from restaurant_site.colours import ink_on, mixed

WIDTH, HEIGHT = 1200, 630
"""Pixels; the shape that services which show links ask for."""

_VERSION = "1"
_FONT = Path(__file__).with_name("EBGaramond-SemiBold.ttf")
# A code point that is no character: what the font draws for it, it draws for whatever it lacks.
_NOTHING = "\uffff"
_COLOURS = 32
_PANEL, _MARGIN = 660, 70
_COLUMN = _PANEL - 2 * _MARGIN
_SIZES, _LINES = range(116, 43, -8), 4
_CITY_SIZE = 44
# How much of the panel's colour is in the city.
_QUIET = 0.2
# The cover is drawn so many times as large: Pillow's polygons have steps.
_FINER = 2


def digest(seed: str, accent: str, name: str, city: str) -> str:
    """Return twelve hexadecimal digits that stand for what the picture shows; another picture has others."""
    shown = repr((_VERSION, seed, accent, name, city))
    return hashlib.blake2b(shown.encode(), digest_size=6).hexdigest()


def draw(seed: str, accent: str, name: str, city: str) -> bytes:
    """Return a picture as PNG of ten to thirty kilobytes; seed and accent are those of the cover, see `art.art`.

    A name that the font can't write, or that does not fit, is left out with its
    panel, and a city by itself: better a picture without words than one with boxes.
    """
    cover = art(seed, accent, SHARED)
    image = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), cover.palette.tones[0])
    pen, scale = ImageDraw.Draw(image), HEIGHT * _FINER / CANVAS
    for shape in cover.shapes:
        pen.polygon([(x * scale, y * scale) for x, y in outline(shape)], fill=cover.palette.tones[shape.tone])
    image = image.reduce(_FINER)
    lines, size = _fitted(name) if _can_write(name) else ([], 0)
    if lines:
        shown_city = city if _can_write(city) and _width(city, _CITY_SIZE) <= _COLUMN else ""
        _write(ImageDraw.Draw(image), cover.palette, lines, size, shown_city)
    file = io.BytesIO()
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _write(pen: ImageDraw.ImageDraw, palette: Palette, lines: list[str], size: int, city: str) -> None:
    ground = palette.accent
    ink = ink_on(ground)
    pen.rectangle((0, 0, _PANEL, HEIGHT), ground)
    step = round(size * 1.1)
    y = (HEIGHT - step * len(lines) - (round(_CITY_SIZE * 1.7) if city else 0)) // 2
    for line in lines:
        pen.text((_MARGIN, y), line, ink, _font(size))
        y += step
    if city:
        pen.text((_MARGIN, y + round(_CITY_SIZE * 0.5)), city, mixed(ink, ground, _QUIET), _font(_CITY_SIZE))


def _fitted(name: str) -> tuple[list[str], int]:
    """Return the name in at most four lines, and the largest size in which they fit; none where none does."""
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
