"""The app that knows where and when: restaurants, tables, services, reservations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReservationsConfig(AppConfig):
    """Configuration of the reservations app."""

    name = "reservations"
    verbose_name = _("Reservations")

    def ready(self) -> None:
        """Register the fragments."""
        from reservations import fragments  # noqa: F401 - importing registers them
