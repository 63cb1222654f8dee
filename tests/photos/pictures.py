"""Pictures for tests: good ones of every kind, and files that only look like one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image, ImageCms

SIZE = (640, 400)
TOP, BOTTOM = (200, 30, 30), (30, 30, 200)
GPS = b"GPS-SECRET"
SCRIPT = b"<html><script>alert(document.domain)</script></html>"


def halves(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """Return a picture that is red above and blue below."""
    image = Image.new("RGB", size, TOP)
    image.paste(BOTTOM, (0, size[1] // 2, *size))
    return image.convert(mode)


def saved(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    """Return a picture as a file of a kind."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def jpeg(size: tuple[int, int] = SIZE) -> bytes:
    """Return a JPEG."""
    return saved(halves(size))


def located() -> bytes:
    """Return a JPEG that a phone turned by a quarter, with the place, a comment and a colour profile in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = GPS.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 5.5)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return saved(halves(), exif=exif, icc_profile=profile, comment=GPS, xmp=b"<x:xmpmeta>" + GPS + b"</x:xmpmeta>")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, bits: int = 8, colour: int = 2, row: bytes | None = None) -> bytes:
    """Return a PNG of one row again and again, without ever having it in memory."""
    line = b"\0" + (row if row is not None else bytes(width * {0: 1, 2: 3, 6: 4}[colour] * bits // 8))
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zipped(name: str = "evil.html") -> bytes:
    """Return a ZIP archive with a page in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, SCRIPT)
    return out.getvalue()


def webp_chunks(data: bytes) -> list[bytes]:
    """Return the kinds of the parts of a WebP file."""
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    found, at = [], 12
    while at < len(data):
        kind, size = struct.unpack("<4sI", data[at : at + 8])
        found.append(kind)
        at += 8 + size + size % 2
    return found
