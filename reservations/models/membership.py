"""Who works where: a user belongs to restaurants, at each with a role."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.models.venue import Restaurant


class Membership(models.Model):
    """A user's role at a restaurant; `reservations.access` says what each role may do."""

    class Role(models.TextChoices):
        """What somebody does there, least first: whoever has a later one may do everything of the earlier ones."""

        HOST = "host", _("host")
        MANAGER = "manager", _("manager")
        OWNER = "owner", _("owner")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="memberships", verbose_name=_("restaurant"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.HOST)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ("restaurant", "user")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "restaurant"], name="membership_user_restaurant_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"
