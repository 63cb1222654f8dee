"""The project itself as an app: its commands, and what composes the other two."""

from django.apps import AppConfig


class RestaurantSiteConfig(AppConfig):
    """Configuration of the project's own app; it has no models."""

    name = "restaurant_site"

    def ready(self) -> None:
        """Register the system checks and the fragments."""
        from restaurant_site import checks, fragments  # noqa: F401 - importing registers them
