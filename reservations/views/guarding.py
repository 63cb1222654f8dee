"""Forms against robots: a field that nobody sees, and the time that it takes to fill a form in.

Whoever is suspected loses nothing: the form comes back with everything in it,
and pressing its button once more is enough.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

EXTRA = "website"
"""The field that nobody sees; what fills it is a robot, or a browser that fills in more than it was asked for."""

_SHOWN = "shown"
_FIRST, _AGAIN = "first", "again"
_LONGEST = 24 * 60 * 60 * 1000
"""Milliseconds for which a page may lie open; after that the button is pressed once more."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a form carries against robots, and what it says to who was taken for one."""

    stamp: str
    is_filled: bool = False
    is_hasty: bool = False

    @property
    def suspects(self) -> bool:
        """Whether what was sent looks like a robot's."""
        return self.is_filled or self.is_hasty


def guard(request: HttpRequest, form: str) -> Guard:
    """Return the guard of a form, by its name, for a page that suspects nobody."""
    return Guard(_stamp(form, _FIRST if request.method in ("GET", "HEAD") else _AGAIN))


def look(request: HttpRequest, form: str) -> Guard:
    """Return the guard of a form that was sent, which says whether a robot is suspected.

    Its page carries a stamp with which pressing once more is never too fast.
    """
    return Guard(
        _stamp(form, _AGAIN),
        is_filled=bool(request.POST.get(EXTRA, "").strip()),
        is_hasty=not _took_time(form, request.POST.get(_SHOWN, "")),
    )


def _took_time(form: str, stamp: str) -> bool:
    if not settings.FORM_MILLISECONDS:
        return True
    try:
        kind, _dash, shown = _signer(form).unsign(stamp).partition("-")
        age = _now() - int(shown)
    except (BadSignature, ValueError):
        return False
    return age <= _LONGEST and (kind == _AGAIN or age >= settings.FORM_MILLISECONDS)


def _stamp(form: str, kind: str) -> str:
    return _signer(form).sign(f"{kind}-{_now()}")


def _signer(form: str) -> Signer:
    return Signer(salt=f"reservations.form.{form}", sep=".")


def _now() -> int:
    return int(time.time() * 1000)
