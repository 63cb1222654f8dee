"""The app that knows what is served: menus, sections, dishes, allergens."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MenusConfig(AppConfig):
    """Configuration of the menus app."""

    name = "menus"
    verbose_name = _("Menus")

    def ready(self) -> None:
        """Register the fragments."""
        from menus import fragments  # noqa: F401 - importing registers them
