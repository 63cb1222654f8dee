"""The project itself as an app: its commands, and what composes the other two."""

from django.apps import AppConfig


class RestaurantSiteConfig(AppConfig):
    """Configuration of the project's own app; it has no models."""

    name = "restaurant_site"

    def ready(self) -> None:
        """Register the system checks, the fragments, and what new connections are told."""
        from restaurant_site import checks, fragments  # noqa: F401 - importing registers them
        from restaurant_site.database import azure  # noqa: F401
        from restaurant_site.database import checks as database_checks  # noqa: F401
        from restaurant_site.observing import statements  # noqa: F401
