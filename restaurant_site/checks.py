"""System checks of what the project's own rules rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.caches)
def check_transactions(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a transaction around every request: the write rules open, lock and retry their own."""
    return [
        Error(
            f"The database {alias!r} has ATOMIC_REQUESTS on.",
            hint="Remove it: a write rule must be able to retry its whole transaction.",
            id="restaurant_site.E001",
        )
        for alias, config in settings.DATABASES.items()
        if config.get("ATOMIC_REQUESTS")
    ]


@register(Tags.security, deploy=True)
def check_operator(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Warn where nobody is named who answers for the personal data that the site keeps."""
    if settings.OPERATOR and settings.OPERATOR_EMAIL:
        return []
    return [
        checks.Warning(
            "The privacy page names nobody who runs the site.",
            hint="Set OPERATOR to a name with an address, and OPERATOR_EMAIL to where people can write.",
            id="restaurant_site.W003",
        )
    ]


@register(Tags.compatibility)
def check_time_zones(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse naive times: slots are keyed by UTC."""
    if settings.USE_TZ and settings.TIME_ZONE == "UTC":
        return []
    return [
        Error(
            "USE_TZ must be on and TIME_ZONE must be UTC.",
            hint="Each restaurant has a zone of its own; what is stored and compared is UTC.",
            id="restaurant_site.E002",
        )
    ]
