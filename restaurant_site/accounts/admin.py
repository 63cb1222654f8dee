"""Locked sign-ins in the admin, for superusers: seen, and unlocked. Phones and their keys are shown to nobody."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_totp.models import TOTPDevice

from reservations.admin.base import SiteAdmin
from restaurant_site.accounts import attempts

# Registered by its app, with the key in a form.
admin.site.unregister(TOTPDevice)


@admin.register(AccessAttempt)
class AttemptAdmin(SiteAdmin[Any]):
    """Failed sign-ins by name and address. Deleting a row, or the action, lets the name try again."""

    list_display = ("name", "address", "failures", "last", "is_locked")
    search_fields = ("username", "ip_address")
    fields = readonly_fields = ("name", "address", "failures", "last", "is_locked")
    ordering = ("-attempt_time", "pk")
    actions = ("unlock",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a count is not edited."""
        return False

    @admin.action(description=gettext_lazy("Unlock the selected names"), permissions=["delete"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the names try again, from everywhere."""
        names = set(queryset.values_list("username", flat=True))
        for name in names:
            attempts.unlock(name)
        self.message_user(request, _("Unlocked: %(names)s") % {"names": ", ".join(sorted(names))})

    @admin.display(description=gettext_lazy("name"), ordering="username")
    def name(self, obj: Any) -> str:
        """Return the name that was typed."""
        return str(obj.username)

    @admin.display(description=gettext_lazy("address"), ordering="ip_address")
    def address(self, obj: Any) -> str:
        """Return where it came from."""
        return str(obj.ip_address or "–")

    @admin.display(description=gettext_lazy("failures"), ordering="failures_since_start")
    def failures(self, obj: Any) -> int:
        """Return how often it failed in a row."""
        return int(obj.failures_since_start)

    @admin.display(description=gettext_lazy("last (UTC)"), ordering="attempt_time")
    def last(self, obj: Any) -> str:
        """Return when it failed last."""
        return f"{obj.attempt_time:%Y-%m-%d %H:%M}"

    @admin.display(description=gettext_lazy("locked"), boolean=True)
    def is_locked(self, obj: Any) -> bool:
        """Return whether the name may not try from there now."""
        is_fresh = obj.attempt_time > timezone.now() - settings.AXES_COOLOFF_TIME
        return bool(is_fresh and obj.failures_since_start >= settings.AXES_FAILURE_LIMIT)
