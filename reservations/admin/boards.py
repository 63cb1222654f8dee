"""What the timeline and the floor plan share: a page of one service date, whose board is fetched again by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from reservations.admin import pages
from reservations.admin.formats import date_text
from reservations.models import Restaurant

_DAY = dt.timedelta(days=1)


def board_page(
    model_admin: admin.ModelAdmin[Restaurant],
    request: HttpRequest,
    template: str,
    title: str,
    *,
    restaurant: Restaurant,
    date: dt.date,
    here: str,
    asked: dict[str, str],
    **context: Any,
) -> HttpResponse:
    """Render the page at the address here, with the days on either side; asked is what fetches its board again."""
    return pages.page(
        model_admin,
        request,
        f"restaurant/{template}",
        title,
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant),
        here=here,
        again=f"{here}?{urlencode(asked | {'part': 'board'})}",
        date=date,
        date_text=date_text(date),
        before=date - _DAY,
        after=date + _DAY,
        is_nav_sidebar_enabled=False,
        **context,
    )
