"""The site's template tag ``fragment`` without a cache: the same templates over plain queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from menus import queries

register = template.Library()


def _menus(restaurant_id: int, currency: str, date: dt.date | None = None) -> dict[str, Any]:
    return {"menus": queries.menus_of(restaurant_id), "currency": currency}


_FRAGMENTS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "menus": ("menus/_menus.html", _menus),
    "footer": ("_footer.html", dict),
}


@register.simple_tag
def fragment(name: str, *args: object) -> SafeString:
    """Render a fragment of the menu page."""
    path, context = _FRAGMENTS[name]
    return render_to_string(path, context(*args))
