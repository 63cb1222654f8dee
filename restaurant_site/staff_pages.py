"""Which addresses are the staff's: everything below the admin, in whichever language, whoever made the page."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.urls import ResolverMatch

_ADMIN: Final = "admin"


def is_staff_page(match: ResolverMatch | None) -> bool:
    """Return whether an address is one of the staff's; what leads nowhere (None) is not."""
    if match is None:
        return False
    first, _slash, rest = match.route.partition("/")
    return first == _ADMIN or (first in dict(settings.LANGUAGES) and rest.startswith(f"{_ADMIN}/"))
