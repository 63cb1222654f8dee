"""What somebody uploaded becomes a photo: decoded within bounds, set upright, stripped of all else, encoded anew.

Nothing of the file that came is kept. So a file that is a photo and a page, or
a program, at once is a photo alone afterwards, and where it was taken is gone.
"""

from __future__ import annotations

import enum
import hashlib
import io
import secrets
import threading
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageCms, UnidentifiedImageError

from restaurant_site.photos.photo import EDGE, NAME_LENGTH, widths

TYPES = ("JPEG", "PNG", "WEBP")
"""What is taken, told by the content alone. A phone's JPEG with a second picture in it (MPO) counts as JPEG."""

MAX_BYTES = 8 * 1024 * 1024
MAX_MEGAPIXELS = {"WEBP": 16}
MOST_MEGAPIXELS = 40
"""Of a kind that `MAX_MEGAPIXELS` does not name: decoding a WebP takes four times the memory of others."""
MIN_SIDE = 200
"""A photo with a shorter side than this would be shown larger than it is. Pixels."""

QUALITY = 80
WAIT_SECONDS = 10.0
"""For so long an upload waits for another that this process is decoding."""

# One at a time in a process: the largest photo takes some 250 MB while it is decoded.
_turn = threading.BoundedSemaphore(1)
_STRIP = 64
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refusal(enum.Enum):
    """Why a file becomes no photo."""

    NO_PHOTO = "no photo"
    BROKEN = "broken"
    TOO_MANY_BYTES = "too many bytes"
    TOO_MANY_PIXELS = "too many pixels"
    TOO_SMALL = "too small"
    BUSY = "busy"


class RefusedError(Exception):
    """The file becomes no photo."""

    def __init__(self, reason: Refusal, megapixels: int = MOST_MEGAPIXELS) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.megapixels = megapixels


@dataclass(frozen=True, slots=True)
class Made:
    """A photo that is to be kept: the largest copy's size in pixels, and every copy as (width, WebP)."""

    name: str
    width: int
    height: int
    copies: tuple[tuple[int, bytes], ...]


def make(file: IO[bytes], size: int) -> Made:
    """Return the photo that is in a file of so many bytes.

    Its colours are sRGB, what was transparent is white, and of one that moves
    it is the first picture. It is never larger than it came. Type and pixels
    are read from the file's head, before anything is decoded. Raises
    `RefusedError`.
    """
    if size > MAX_BYTES:
        raise RefusedError(Refusal.TOO_MANY_BYTES)
    file.seek(0)
    image = _opened(file)
    most = MAX_MEGAPIXELS.get(image.format or "", MOST_MEGAPIXELS)
    if image.width * image.height > most * 1_000_000:
        raise RefusedError(Refusal.TOO_MANY_PIXELS, most)
    if min(image.size) < MIN_SIDE:
        raise RefusedError(Refusal.TOO_SMALL)
    if not _turn.acquire(timeout=WAIT_SECONDS):
        raise RefusedError(Refusal.BUSY)
    try:
        plain = _plain(image)
    except Exception as error:
        # Decoders raise all kinds of errors for what is damaged.
        raise RefusedError(Refusal.BROKEN) from error
    finally:
        image.close()
        _turn.release()
    copies = tuple((width, _encoded(plain, width)) for width in widths(plain.width))
    digest = hashlib.blake2b(copies[-1][1], digest_size=NAME_LENGTH // 4).hexdigest()
    return Made(secrets.token_hex(NAME_LENGTH // 4) + digest, plain.width, plain.height, copies)


def _opened(file: IO[bytes]) -> Image.Image:
    try:
        return Image.open(file, formats=TYPES)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedError(Refusal.TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise RefusedError(Refusal.NO_PHOTO) from error
    except Exception as error:
        raise RefusedError(Refusal.BROKEN) from error


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture upright, in sRGB, at most `EDGE` pixels a side, with nothing else about it."""
    # A JPEG is decoded at a half, a quarter or an eighth of its size.
    longer = max(image.size)
    image.draft(None, (2 * EDGE * image.width // longer, 2 * EDGE * image.height // longer))
    image.load()
    orientation = image.getexif().get(_ORIENTATION)
    profile = image.info.get("icc_profile")
    small = _reduced(image)
    small.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
    if orientation in _UPRIGHT:
        small = small.transpose(_UPRIGHT[orientation])
    plain = _in_srgb(_opaque(small), profile)
    plain.info.clear()
    return plain


def _reduced(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be scaled, at no less than twice `EDGE` if it was larger.

    Strip by strip: as a whole, the copies that converting makes would take
    several times the memory of the picture.
    """
    factor = max(1, max(image.size) // (2 * EDGE))
    height = _STRIP * factor
    small: Image.Image | None = None
    for top in range(0, image.height, height):
        strip = _scalable(image.crop((0, top, image.width, min(image.height, top + height))))
        strip = strip.reduce(factor) if factor > 1 else strip
        if small is None:
            small = Image.new(strip.mode, (strip.width, -(-image.height // factor)))
        small.paste(strip, (0, top // factor))
    assert small is not None  # noqa: S101 - no picture is without a line
    return small


def _scalable(strip: Image.Image) -> Image.Image:
    if strip.mode.startswith("I"):
        # 16 bits a pixel; converted as they are, all above 255 would be white.
        return strip.point(lambda value: value * (1 / 256)).convert("L")
    if strip.mode in ("P", "PA", "LA", "RGBA") or "transparency" in strip.info:
        return strip.convert("RGBA")
    return strip if strip.mode in ("L", "CMYK") else strip.convert("RGB")


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A damaged profile, or one of other colours: the photo is shown as if it had none.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _encoded(image: Image.Image, width: int) -> bytes:
    height = max(1, round(image.height * width / image.width))
    copy = image if width == image.width else image.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    copy.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()
