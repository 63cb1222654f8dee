"""What a process starts and ends of all this: a web worker after the fork, the job loop as it begins."""

from __future__ import annotations

from django.conf import settings

from restaurant_site.observing import access, copying


def begin() -> None:
    """Begin to tell of this process."""
    copying.start()
    if settings.APPLICATIONINSIGHTS_CONNECTION_STRING:
        from restaurant_site.observing import tracing

        tracing.start()
    if settings.ACCESS_LOG:
        access.start()


def end() -> None:
    """Tell what is not told yet."""
    copying.copy()
    access.flush()
    if settings.APPLICATIONINSIGHTS_CONNECTION_STRING:
        from restaurant_site.observing import tracing

        tracing.stop()
