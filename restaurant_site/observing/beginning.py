"""What a web worker starts and ends of all this."""

from __future__ import annotations

from django.conf import settings

from restaurant_site.observing import access


def begin() -> None:
    """Begin to tell of requests: in each worker, after the fork."""
    if settings.ACCESS_LOG:
        access.start(as_json=settings.LOG_FORMAT == "json")


def end() -> None:
    """Tell what is not told yet: as a worker ends."""
    access.flush()
