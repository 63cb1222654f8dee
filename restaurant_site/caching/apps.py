"""The cache as an installed app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CachingConfig(AppConfig):
    """Configuration of the cache."""

    name = "restaurant_site.caching"
    label = "caching"
    verbose_name = _("Cache")

    def ready(self) -> None:
        """Register the checks, and what a deleted session or row renews."""
        from restaurant_site.caching import checks, sessions, writes  # noqa: F401 - importing registers checks

        writes.connect()
        sessions.connect()
