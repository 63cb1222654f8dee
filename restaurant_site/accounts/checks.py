"""A warning for a deployment without the second factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning


@register(Tags.security, deploy=True)
def check_second_factor(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Warn where a stolen password is enough to be an owner."""
    if settings.SECOND_FACTOR == "required":
        return []
    return [
        CheckWarning(
            "SECOND_FACTOR is off: whoever has an owner's password has their restaurants.",
            hint="Leave SECOND_FACTOR out, or set it to required.",
            id="restaurant_site.W004",
        )
    ]
