"""The addresses of the pages that are made for the work with menus."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path

from menus.admin import selling_out
from menus.models import Menu

_VIEWS: tuple[tuple[str, str, Any], ...] = (("restaurant/<int:pk>/sold-out/", "sold_out", selling_out.show),)


def found(model_admin: admin.ModelAdmin[Menu]) -> list[URLPattern]:
    """Return the addresses, below that of the list of menus."""
    wrap = model_admin.admin_site.admin_view
    return [path(where, wrap(partial(view, model_admin)), name=f"menus_{name}") for where, name, view in _VIEWS]
