"""The day sheet of 400 reservations against Django's admin list of the same rows: CPU of making the page.

In one process, by turns. Beside the list as a plain ModelAdmin makes it, of the
same 400 rows and eight of their columns, stands the site's own list of them;
the part that htmx fetches is the sheet without what stands around it.

    python benchmarks/day_sheet.py [--json]
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable
from typing import Any

from bench.ground import ground
from bench.serving import cores, pin
from bench.telling import Samples, tell

ROUNDS = 15
PARTIES = 400
AIMS = {"day_sheet_vs_admin_list": "at most 3", "day_sheet_part_vs_admin_list": "at most 3"}
COLUMNS = ("starts_at", "party_size", "name", "status", "source", "reference", "restaurant", "guest")


def make() -> tuple[Any, dt.date]:
    """Write a restaurant with 400 parties of known guests on one date; return it and the date."""
    from tests import factories

    restaurant = factories.make_venue(tables=(4,) * 100)
    date = factories.days_ahead(restaurant, 7)
    tables = list(restaurant.tables.order_by("pk"))
    service = restaurant.services.get()
    for number in range(PARTIES):
        at = dt.time(18 + number // 100)
        guest = factories.make_guest(restaurant, tags=["regular"], dietary_needs="no nuts" if number % 5 == 0 else "")
        factories.make_seated(
            restaurant,
            [tables[number % 100]],
            factories.make_wish(restaurant, date=date, at=at, party=2 + number % 3),
            minutes=60,
            guest=guest,
            service=service,
            name=f"Guest {number}",
            note="By the window" if number % 4 == 0 else "",
        )
    return restaurant, date


def pages() -> dict[str, Callable[[], bytes]]:
    """Return what makes each page, as somebody with every right sees it."""
    from django.contrib import admin
    from django.test import RequestFactory

    from reservations.admin import day
    from reservations.models import Reservation, Restaurant
    from tests.factories import make_staff

    restaurant, date = make()
    user = make_staff()
    factory = RequestFactory()

    class Plain(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = COLUMNS
        list_select_related = ("restaurant", "guest")
        list_per_page = PARTIES

    plain, own = Plain(Reservation, admin.site), admin.site.get_model_admin(Reservation)
    setattr(own, "list_per_page", PARTIES)  # noqa: B010 - of this process alone
    venues = admin.site.get_model_admin(Restaurant)

    def made(view: Callable[..., Any], *more: Any, **headers: str) -> bytes:
        request = factory.get("/", {"service_date__exact": date.isoformat()} if not more else None, headers=headers)
        request.user = user
        response = view(request) if not more else view(venues, request, *more)
        response.render()
        content: bytes = response.content
        assert content.count(b"Guest 39") >= 10
        return content

    return {
        "list": lambda: made(plain.changelist_view),
        "own": lambda: made(own.changelist_view),
        "sheet": lambda: made(day.show, restaurant.pk, date.isoformat()),
        "part": lambda: made(day.show, restaurant.pk, date.isoformat(), **{"HX-Request": "true"}),
    }


def spent(make_page: Callable[[], bytes]) -> float:
    """Return the CPU of making a page, in seconds."""
    before = time.process_time()
    make_page()
    return time.process_time() - before


def measure() -> Samples:
    """Return the ratios of every round."""
    samples: Samples = {name: [] for name in (*AIMS, "day_sheet_vs_own_list")}
    with ground():
        pin(os.getpid(), cores()[0])
        found = pages()
        for make_page in found.values():
            make_page()
        for _round in range(ROUNDS):
            cost = {name: spent(make_page) for name, make_page in found.items()}
            samples["day_sheet_vs_admin_list"].append(cost["sheet"] / cost["list"])
            samples["day_sheet_part_vs_admin_list"].append(cost["part"] / cost["list"])
            samples["day_sheet_vs_own_list"].append(cost["sheet"] / cost["own"])
    return samples


if __name__ == "__main__":
    tell("Day sheet of 400 reservations: CPU of the sheet / CPU of Django's admin list of them", measure, AIMS)
