"""The brake: online booking is stopped for a while, and staff go on booking."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.models.hours import Service
from reservations.models.tables import Area
from reservations.models.venue import Restaurant
from restaurant_site.caching.writes import CachedModel, Tags


class Brake(CachedModel):
    """Online booking of a service date is stopped: all of it, or one service, area or start.

    It ends by itself at `ends_at`, with the service, or when it is lifted.
    """

    cache_tags = Tags("day:{restaurant_id}:{service_date}")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="brakes", verbose_name=_("restaurant"), db_index=False
    )
    service_date = models.DateField(_("service date"))
    # Not SET_NULL: a brake on a service that is gone would become one on the whole evening.
    service = models.ForeignKey(
        Service, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    area = models.ForeignKey(Area, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("area"))
    slot = models.DateTimeField(_("start"), null=True, blank=True)
    ends_at = models.DateTimeField(_("end"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("stopped by")
    )
    created_at = models.DateTimeField(_("stopped"), auto_now_add=True)
    lifted_at = models.DateTimeField(_("resumed"), null=True, blank=True)

    class Meta:
        verbose_name = _("brake")
        verbose_name_plural = _("brakes")
        ordering = ("-service_date", "-pk")
        indexes: ClassVar = [models.Index(fields=["restaurant", "service_date"], name="brake_day")]

    def __str__(self) -> str:
        return f"{self.service_date} {self.service or self.area or ''}".strip()
