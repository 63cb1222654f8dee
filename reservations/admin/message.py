"""Messages and jobs, to look at; what was given up can be sent again."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin.base import ReadOnlyAdmin, SiteAdmin
from reservations.admin.formats import local_text
from reservations.messages.sending import send_again
from reservations.models import JobBeat, Message


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin[Message]):
    """What was, is and will be sent. Messages are written by the write rules, and sent by the job loop."""

    list_display = ("due", "kind", "status", "recipient", "attempts", "error", "restaurant")
    list_filter = ("status", "kind")
    search_fields = ("recipient", "reservation__reference", "entry__reference", "request__reference")
    search_help_text = gettext_lazy("By address or reference.")
    ordering = ("-due_at", "-pk")
    actions = ("send_again",)
    fields = (
        "restaurant",
        "kind",
        "status",
        "error",
        "recipient",
        "language",
        "reservation",
        "entry",
        "request",
        "due",
        "attempts",
        "written",
        "taken",
        "sent",
        "message_id",
    )
    readonly_fields = ("due", "written", "taken", "sent", "message_id")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may let messages go out again."""
        return request.user.has_perm("reservations.change_message")

    @admin.action(description=gettext_lazy("Send again what could not be sent"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the chosen messages that were given up go out at once."""
        # By number alone: an UPDATE takes neither the list's order nor its joins.
        chosen = list(queryset.order_by().values_list("pk", flat=True))
        self.tell(request, "sent_again", queryset.filter(status=Message.Status.FAILED))
        count = sum(
            send_again(Message.objects.filter(pk__in=chosen[first : first + 1000]))
            for first in range(0, len(chosen), 1000)
        )
        text = ngettext(
            "%(count)d message is sent again. The others had not failed.",
            "%(count)d messages are sent again. The others had not failed.",
            count,
        )
        messages.success(request, text % {"count": count})

    @admin.display(description=gettext_lazy("due"), ordering="due_at")
    def due(self, obj: Message) -> str:
        """Return from when it is sent."""
        return local_text(obj.due_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("written"))
    def written(self, obj: Message) -> str:
        """Return when what it tells happened."""
        return local_text(obj.created_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("taken"))
    def taken(self, obj: Message) -> str:
        """Return when a sender last took it."""
        return local_text(obj.claimed_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("sent"))
    def sent(self, obj: Message) -> str:
        """Return when the mail server took it."""
        return local_text(obj.sent_at, obj.restaurant.zone)


@admin.register(JobBeat)
class JobBeatAdmin(SiteAdmin[JobBeat]):
    """When each job last ran. They belong to no restaurant, so the times are UTC."""

    list_display = ("name", "ran", "note")
    fields = ("name", "ran", "note")
    readonly_fields = ("ran",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: JobBeat | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: JobBeat | None = None) -> bool:
        """Refuse."""
        return False

    @admin.display(description=gettext_lazy("last run"), ordering="ran_at")
    def ran(self, obj: JobBeat) -> str:
        """Return when a copy of the loop last ran it."""
        return local_text(obj.ran_at, ZoneInfo("UTC"))
