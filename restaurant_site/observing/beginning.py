"""What a web worker starts of all this after the fork, and ends. The job loop has its metrics alone: run_jobs."""

from __future__ import annotations

from django.conf import settings

from restaurant_site.observing import access, copying


def begin() -> None:
    """Begin to tell of this worker."""
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
