"""A photo as pages show it: where it is, and how large."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

WIDTHS = (480, 960, 1600)
"""The widths in pixels in which a photo is kept, from which a browser chooses; never wider than it came."""

EDGE = WIDTHS[-1]
"""Neither side of a kept photo is longer, in pixels."""

NAME_LENGTH = 32
SHAPE = rf"[0-9a-f]{{{NAME_LENGTH}}}"
"""What a photo's name looks like: random, so that nobody guesses it, and with a digest of what it shows."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A kept photo. Width and height are those of its largest copy, in pixels; alt says what it shows."""

    name: str
    width: int
    height: int
    alt: str

    @property
    def src(self) -> str:
        """The address of the smallest copy."""
        return address(self.name, widths(self.width)[0])

    @property
    def srcset(self) -> str:
        """The addresses of all copies with their widths, as HTML's ``srcset`` takes them."""
        return ", ".join(f"{address(self.name, width)} {width}w" for width in widths(self.width))


def widths(width: int) -> tuple[int, ...]:
    """Return the widths of the copies of a photo whose largest has this one, ascending."""
    return (*(smaller for smaller in WIDTHS if smaller < width), width)


def path(name: str, width: int) -> str:
    """Return where the storage has a copy: in one of 256 folders, so that each can be looked through quickly."""
    return f"{name[:2]}/{name}-{width}.webp"


def address(name: str, width: int) -> str:
    """Return the address of a copy: of this site, or below ``PHOTOS_BASE_URL``."""
    if settings.PHOTOS_BASE_URL:
        return f"{settings.PHOTOS_BASE_URL}/{path(name, width)}"
    return reverse("photo", kwargs={"name": name, "width": width})
