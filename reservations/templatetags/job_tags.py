"""What staff should know on the first page of the admin: of the job loop, and of each restaurant's day."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template import RequestContext

from reservations import access
from reservations.admin.formats import local_text
from reservations.admin.today import today_of
from reservations.jobs.beats import failed_lately, state

register = template.Library()


@register.inclusion_tag("admin/_job_state.html", takes_context=True)
def job_state(context: RequestContext) -> dict[str, Any]:
    """Warn where the loop is silent, and count the messages that could not be sent, of those that the user may see."""
    found, user = state(), context["user"]
    may_see = user.has_perm("reservations.view_message")
    return {
        "is_silent": found.is_silent,
        "last_run": local_text(found.last_run, ZoneInfo("UTC")) if found.last_run else "",
        "failed": access.visible(failed_lately(), user).count() if may_see else 0,
    }


@register.inclusion_tag("admin/_today.html", takes_context=True)
def today(context: RequestContext) -> dict[str, Any]:
    """Show each restaurant's day, to whom a floor is open."""
    return {"today": today_of(context["request"])}
