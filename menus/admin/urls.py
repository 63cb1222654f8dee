"""The addresses of the pages that are made for the work with menus."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path

from menus.admin import duplicating, exchanging, pricing, reordering, selling_out
from menus.models import Menu

_VIEWS: tuple[tuple[str, str, Any], ...] = (
    ("restaurant/<int:pk>/sold-out/", "sold_out", selling_out.show),
    ("restaurant/<int:pk>/order/", "order", reordering.menus),
    ("restaurant/<int:pk>/import/", "import", exchanging.importing),
    ("restaurant/<int:pk>/export/", "export", exchanging.export),
    ("<int:pk>/order/", "menu_order", reordering.sections),
    ("section/<int:pk>/order/", "section_order", reordering.dishes),
    ("<int:pk>/prices/", "menu_prices", pricing.show),
    ("<int:pk>/copy/", "menu_copy", duplicating.copy),
    ("<int:pk>/preview/", "menu_preview", duplicating.preview),
)


def found(model_admin: admin.ModelAdmin[Menu]) -> list[URLPattern]:
    """Return the addresses, below that of the list of menus."""
    wrap = model_admin.admin_site.admin_view
    return [path(where, wrap(partial(view, model_admin)), name=f"menus_{name}") for where, name, view in _VIEWS]
