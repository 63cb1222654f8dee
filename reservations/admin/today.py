"""Today: the admin's first page says of each restaurant what is going on, and leads to where it is dealt with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations import access
from reservations.admin import day, floor, pages, phone, ways
from reservations.admin.chooser import FILTER
from reservations.admin.formats import date_text
from reservations.models import Reservation, Restaurant
from reservations.models.reservation import COUNTED
from reservations.queries.today import Closed, Day, days
from reservations.scoping import Link

AT_ONCE = 20
MOST_TYPED = 100
FAR = 10_000


@dataclass(frozen=True, slots=True)
class Fact:
    """A number in words, where one acts on it ("" for nowhere), and whether it wants heed."""

    text: str
    address: str = ""
    heed: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A restaurant's day in words."""

    restaurant: Restaurant
    date: str
    sheet: str
    services: list[Fact]
    facts: list[Fact]
    closures: list[Fact]
    links: list[Link]


@dataclass(frozen=True, slots=True)
class Today:
    """Some restaurants, those with parties today first; before and after are addresses of the others, or ""."""

    here: str
    cards: list[Card]
    typed: str
    is_searchable: bool
    before: str
    after: str


def today_of(request: HttpRequest) -> Today | None:
    """Return what the first page shows, in 7 statements for however many; None to whom no floor is open."""
    if not floor.may_see(request):
        return None
    typed = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:MOST_TYPED]
    page = _page(request.GET.get("from", ""))
    now = timezone.now()
    rows = list(_restaurants(request, typed, now)[page * AT_ONCE : (page + 1) * AT_ONCE + 1])
    shown = rows[:AT_ONCE]
    return Today(
        here=reverse("admin:index") + _there(typed, page).removesuffix("?"),
        cards=[_card(request, found) for found in days(shown, now)],
        typed=typed,
        is_searchable=bool(typed or page or len(rows) > 1),
        before=_there(typed, page - 1) if page else "",
        after=_there(typed, page + 1) if len(rows) > AT_ONCE else "",
    )


def _page(text: str) -> int:
    return min(int(text), FAR) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _there(typed: str, page: int) -> str:
    return "?" + urlencode({name: value for name, value in (("q", typed), ("from", page)) if value})


def _restaurants(request: HttpRequest, typed: str, now: dt.datetime) -> QuerySet[Restaurant]:
    rows = admin.site.get_model_admin(Restaurant).get_queryset(request)
    for word in typed.split():
        rows = rows.filter(Q(name__icontains=word) | Q(city__icontains=word) | Q(slug__icontains=word))
    # Of any zone's today: which date is running is decided once they are read.
    date = now.date()
    booked = Reservation.objects.filter(
        restaurant=OuterRef("pk"),
        service_date__range=(date - dt.timedelta(days=1), date + dt.timedelta(days=1)),
        status__in=COUNTED,
    ).order_by()
    is_idle = Case(When(Exists(booked), then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.order_by(is_idle, "position", "name", "pk")


def _card(request: HttpRequest, found: Day) -> Card:
    restaurant = found.restaurant
    sheet = day.address(restaurant.pk, found.date)
    return Card(
        restaurant=restaurant,
        date=date_text(found.date),
        sheet=sheet,
        services=[
            Fact(f"{name or _('Without a service')}: {pages.covers_text(covers)}", sheet)
            for name, (covers, _parties) in found.services.items()
        ],
        facts=list(_facts(request, found, sheet)),
        closures=[Fact(_closed_text(row), _closed_address(row, restaurant)) for row in found.closures],
        links=_links(request, restaurant),
    )


def _links(request: HttpRequest, restaurant: Restaurant) -> list[Link]:
    links = ways.boards(restaurant.pk)
    if access.may(pages.staff_of(request), phone.ADD, restaurant.pk):
        links.insert(0, (phone.address(restaurant.pk), _("New reservation")))
    return links


def _closed_text(row: Closed) -> str:
    words = {"first": date_text(row.first), "last": date_text(row.last), "what": row.what or _("all")}
    if row.first == row.last:
        return _("Closed on %(first)s (%(what)s)") % words
    return _("Closed from %(first)s to %(last)s (%(what)s)") % words


def _closed_address(row: Closed, restaurant: Restaurant) -> str:
    return _listed("specialday" if row.is_special else "closure", restaurant)


def _facts(request: HttpRequest, found: Day, sheet: str) -> Iterator[Fact]:
    restaurant = found.restaurant
    floor_page = floor.address(restaurant.pk)
    parties, covers = found.arriving
    text = ngettext("%(count)d party within the hour", "%(count)d parties within the hour", parties)
    yield Fact(f"{text % {'count': parties}} ({pages.covers_text(covers)})", f"{floor_page}#arriving")
    if found.late:
        text = ngettext("%(count)d late party", "%(count)d late parties", found.late)
        yield Fact(text % {"count": found.late}, f"{floor_page}#late", heed=True)
    if found.seated:
        yield Fact(_("%(covers)s seated") % {"covers": pages.covers_text(found.seated)}, f"{floor_page}#seated")
    activity = ""
    if request.user.has_perm("reservations.view_historyevent"):
        activity = reverse("admin:reservations_historyevent_restaurant", args=(restaurant.pk,))
    if found.new or found.changed or found.cancelled:
        words = {"new": found.new, "changed": found.changed, "cancelled": found.cancelled}
        text = _("Since yesterday: %(new)d new, %(changed)d changed, %(cancelled)d cancelled")
        yield Fact(text % words, activity or _listed("reservation", restaurant))
    if found.waiting or found.offered:
        text = _("Waitlist: %(waiting)d waiting, %(offered)d with an offer")
        words = {"waiting": found.waiting, "offered": found.offered}
        yield Fact(text % words, f"{floor_page}#waitlist")
    if found.failed and access.may(pages.staff_of(request), "reservations.view_message", restaurant.pk):
        text = ngettext("%(count)d message could not be sent", "%(count)d messages could not be sent", found.failed)
        address = f"{_listed('message', restaurant)}&status__exact=failed"
        yield Fact(text % {"count": found.failed}, address, heed=True)


def _listed(model: str, restaurant: Restaurant) -> str:
    query = urlencode({FILTER: restaurant.pk})
    return f"{reverse(f'admin:reservations_{model}_changelist')}?{query}"
