"""The accent of a page as a style sheet at an address of its own.

The policy for content allows no inline style, and a page that everybody shares
can't carry a nonce. The address holds the colour and a digest of what it
becomes, so that it never changes what it sends, and any cache keeps it.
"""

from __future__ import annotations

import hashlib
import re

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from restaurant_site import colours

_NAME = re.compile(r"([0-9a-f]{6})-([0-9a-f]{8})\Z")
_FOR_EVER = "public, max-age=31536000, immutable"
# The sheet of another release, asked for while two serve side by side.
_FOR_NOW = "public, max-age=60"


def address(colour: str) -> str:
    """Return the address of the style sheet that makes a colour, such as ``#1f5a48``, the accent of a page."""
    return reverse("accent", kwargs={"sheet": f"{colour[1:]}-{_digest(colours.stylesheet(colour))}"})


@require_safe
def accent(request: HttpRequest, sheet: str) -> HttpResponse:
    """Send the style sheet of the colour in the address; it reads nothing."""
    match = _NAME.match(sheet)
    if match is None or not colours.works(f"#{match[1]}"):
        raise Http404
    text = colours.stylesheet(f"#{match[1]}")
    kept = _FOR_EVER if match[2] == _digest(text) else _FOR_NOW
    return HttpResponse(text, content_type="text/css", headers={"Cache-Control": kept})


def _digest(sheet: str) -> str:
    return hashlib.sha256(sheet.encode()).hexdigest()[:8]
