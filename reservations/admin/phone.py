"""A new reservation on the phone: one page, the guests found while typing, the times and what each passes over.

The page is outside any transaction: the write rule opens its own. It works
without JavaScript; with it, the parts below come by htmx.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.admin import pages, phone_times
from reservations.admin.acting import place_text
from reservations.admin.chooser import FILTER
from reservations.admin.formats import date_text, local_text
from reservations.admin.moments import asked_moment
from reservations.admin.pages import link_to, staff_of
from reservations.admin.phone_form import PhoneForm, QuickDateField
from reservations.admin.quick_entry import time_of
from reservations.admin.when_form import AreaForm
from reservations.engine import booking
from reservations.engine.availability import Ask
from reservations.engine.errors import Refused
from reservations.messages.lines import isolated
from reservations.models import Reservation, Restaurant
from reservations.models.venue import MAX_PARTY
from reservations.numbers import read_number
from reservations.queries.guests import counts_of
from reservations.queries.lookup import FoundGuest, found_guests
from reservations.sheet_rows import flagged_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

ADD = "reservations.add_reservation"
_ASKED = ("date", "time", "party_size", "area")


class WantForm(AreaForm):
    """What the times are shown for: what stands in the page's form about when and how many."""

    date = QuickDateField()
    party_size = forms.IntegerField(min_value=1, max_value=MAX_PARTY)
    needs_step_free = forms.BooleanField(required=False)
    # Half of it is typed perhaps: what can't be read yet is no problem.
    time = forms.CharField(required=False)
    at = forms.IntegerField(required=False, min_value=0, max_value=2**40)

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, restaurant=restaurant, **kwargs)
        for name, field in PhoneForm.base_fields.items():
            if name in self.fields:
                self.fields[name].error_messages |= field.error_messages
                self.fields[name].label = field.label
        date = self.fields["date"]
        assert isinstance(date, QuickDateField)  # noqa: S101 - for the type checker
        date.today = timezone.now().astimezone(restaurant.zone).date()

    def ask(self) -> Ask:
        """Return what staff ask the rules; the form must be valid."""
        data = self.cleaned_data
        return Ask(party=data["party_size"], area_id=self.area_id(), step_free=data["needs_step_free"], online=False)


@dataclass(frozen=True, slots=True)
class GuestRow:
    """A guest as an option of the search."""

    guest: FoundGuest
    facts: str
    flag: str
    """Of a guest with many no-shows."""


def urls(model_admin: admin.ModelAdmin[Restaurant]) -> list[URLPattern]:
    """Return the addresses of the page's parts; the page itself is that on which reservations are added."""
    wrap = model_admin.admin_site.admin_view
    views: list[tuple[str, Callable[..., HttpResponse]]] = [("guests", guests), ("times", times), ("picked", picked)]
    return [
        path(f"<int:pk>/phone/{name}/", wrap(partial(view, model_admin)), name=f"reservations_restaurant_phone_{name}")
        for name, view in views
    ]


def address(restaurant_id: int, back: str = "", date: dt.date | None = None) -> str:
    """Return the address of the page for a restaurant, and a date; back is where it leads afterwards."""
    query: dict[str, Any] = {"restaurant": restaurant_id, **({"date": date} if date else {})}
    query |= {"back": back} if back else {}
    return f"{reverse('admin:reservations_reservation_add')}?{urlencode(query)}"


def add(model_admin: ReservationAdmin, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the form, or book what it says; a refusal comes back on the form with everything that was typed."""
    if request.method != "POST":
        today = timezone.now().astimezone(restaurant.zone).date()
        initial = {"date": today, "party_size": 2, "children": 0, "high_chairs": 0, "key": secrets.token_urlsafe(16)}
        initial |= {name: request.GET[name] for name in _ASKED if name in request.GET}
        initial |= _pointed_at(request, restaurant)
        return _page(model_admin, request, PhoneForm(restaurant=restaurant, initial=initial), initial)
    if "look" in request.POST:
        # Without JavaScript: the times of what is typed so far, which need not be all.
        return _page(model_admin, request, _unchecked(restaurant, request), request.POST)
    form = PhoneForm(request.POST, restaurant=restaurant)
    if not form.is_valid():
        return _page(model_admin, request, form, request.POST)
    try:
        reservation = booking.book(
            wish=form.wish(),
            details=form.details(),
            user=staff_of(request),
            # A double click sends the form twice; both get the one reservation.
            key=form.cleaned_data["key"] or secrets.token_urlsafe(16),
            exceed_pacing=form.cleaned_data["exceed_pacing"],
            pacing_reason=form.cleaned_data["pacing_reason"],
            language=form.cleaned_data["language"],
            tell=form.cleaned_data["tell"],
            why=form.cleaned_data["pacing_reason"],
        )
    except Refused as refusal:
        form.refuse(refusal.reason)
        return _page(model_admin, request, form, request.POST)
    model_admin.log_addition(request, reservation, [{"added": {}}])
    messages.success(request, _booked_text(model_admin, request, reservation))
    return _onwards(model_admin, request, reservation)


def _pointed_at(request: HttpRequest, restaurant: Restaurant) -> dict[str, Any]:
    """Return what the form begins with where the address points at a table, a slot or both."""
    found: dict[str, Any] = {}
    if table := read_number(request.GET.get("table", "")):
        found["tables"] = str(table)
    if start := asked_moment(request):
        found |= {"at": int(start.timestamp()), "date": start.astimezone(restaurant.zone).date()}
    return found


def guests(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the guests of the restaurant whom the typed name, number or address may mean, for who may see guests."""
    restaurant = _restaurant(request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = found_guests(restaurant.pk, request.POST.get("name", "")) if _may_see_guests(request) else []
    context = {"rows": [GuestRow(guest, _facts(guest), _flag(restaurant, guest)) for guest in found]}
    return TemplateResponse(request, "admin/reservations/phone/_guests.html", context)


def times(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the times of what is typed, with the chosen one's tables."""
    return _part(request, pk, "_times.html")


def picked(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what is to be known of the chosen time."""
    return _part(request, pk, "_picked.html")


def _part(request: HttpRequest, pk: int, template: str) -> HttpResponse:
    restaurant = _restaurant(request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    context = {"form": _unchecked(restaurant, request), **_shown(restaurant, request.POST)}
    return TemplateResponse(request, f"admin/reservations/phone/{template}", context)


def _unchecked(restaurant: Restaurant, request: HttpRequest) -> PhoneForm:
    """Return the form with what is typed so far, before anything is said about it."""
    return PhoneForm(restaurant=restaurant, initial={**request.POST.dict(), "tell": "tell" in request.POST})


def _restaurant(request: HttpRequest, pk: int) -> Restaurant:
    pages.need(request, ADD)
    return pages.restaurant_of(request, pk)


def _shown(restaurant: Restaurant, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of what is typed and the chosen one; or what is wrong with it."""
    want = WantForm(typed, restaurant=restaurant)
    if not want.is_valid():
        problems = [(want[name].label, error) for name, errors in want.errors.items() for error in errors]
        return {"day": None, "problems": problems, "picked": None}
    now, ask, data = timezone.now(), want.ask(), want.cleaned_data
    day = phone_times.day_of(restaurant, data["date"], ask, now, chosen=data["at"])
    row = _chosen(day, time_of(data["time"][:40]))
    found = None
    if row is not None and not row.refused:
        start = dt.datetime.fromtimestamp(row.value, dt.UTC)
        local = start.astimezone(restaurant.zone).date()
        found = phone_times.picked(restaurant, start, (local, local - dt.timedelta(days=1)), ask, now)
    return {
        "day": day,
        "problems": [],
        "chosen": row.value if row is not None and not row.refused else None,
        "refused": row if row is not None and row.refused else None,
        "picked": found,
        "tables": typed.get("tables", ""),
    }


def _chosen(day: phone_times.Day, typed: dt.time | None) -> phone_times.Row | None:
    """Return the time that was chosen, else the one that is typed."""
    rows = [row for group in day.groups for row in group.rows]
    found = next((row for row in rows if row.chosen), None)
    if found is None and typed is not None:
        found = next((row for row in rows if row.digits == f"{typed:%H%M}"), None)
    return found


def _page(
    model_admin: ReservationAdmin, request: HttpRequest, form: PhoneForm, typed: Mapping[str, Any]
) -> HttpResponse:
    restaurant = form.restaurant
    shown = _shown(restaurant, typed)
    if not form.is_bound and shown.get("chosen"):
        # It is chosen now: who then chooses another need not take back what was typed.
        form.initial["time"] = ""
    floor_page = reverse("admin:reservations_restaurant_floor", args=(restaurant.pk,))
    may_see_floor = request.user.has_perm(pages.VIEW) or request.user.has_perm(pages.CHANGE)
    return pages.page(
        model_admin,
        request,
        "phone/page.html",
        _("New reservation"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant, *([(floor_page, _("Floor"))] if may_see_floor else [])),
        form=form,
        place=place_text(restaurant, reverse("admin:reservations_reservation_add")),
        guests_address=reverse("admin:reservations_restaurant_phone_guests", args=(restaurant.pk,)),
        times_address=reverse("admin:reservations_restaurant_phone_times", args=(restaurant.pk,)),
        picked_address=reverse("admin:reservations_restaurant_phone_picked", args=(restaurant.pk,)),
        may_see_guests=_may_see_guests(request),
        back=pages.back_of(request, ""),
        **shown,
    )


def _booked_text(model_admin: ReservationAdmin, request: HttpRequest, reservation: Reservation) -> SafeString:
    text = ngettext(
        "{reservation} is booked: {start}, {count} cover, {tables}.",
        "{reservation} is booked: {start}, {count} covers, {tables}.",
        reservation.party_size,
    )
    return format_html(
        text + "{known}",
        reservation=link_to(request, reservation),
        start=local_text(reservation.starts_at, reservation.restaurant.zone),
        count=reservation.party_size,
        tables=model_admin.tables(reservation),
        known=_known(request, reservation),
    )


def _onwards(model_admin: ReservationAdmin, request: HttpRequest, reservation: Reservation) -> HttpResponse:
    if "_addanother" in request.POST:
        return redirect(address(reservation.restaurant_id, pages.back_of(request, "")))
    if not model_admin.has_view_permission(request):
        return redirect("admin:index")
    if "_continue" in request.POST:
        return redirect("admin:reservations_reservation_change", reservation.pk)
    listed = reverse("admin:reservations_reservation_changelist")
    return redirect(pages.back_of(request, f"{listed}?{urlencode({FILTER: reservation.restaurant_id})}"))


def _may_see_guests(request: HttpRequest) -> bool:
    return any(request.user.has_perm(f"reservations.{verb}_guest") for verb in ("view", "change"))


def _facts(guest: FoundGuest) -> str:
    """Return what a host wants to know of a guest, in one line."""
    facts = [_visits_text(guest.visits), _no_shows_text(guest.no_shows) if guest.no_shows else ""]
    if guest.last_visit is not None:
        facts.append(_("last on %(date)s") % {"date": date_text(guest.last_visit)})
    return " · ".join(filter(None, [*facts, ", ".join(map(isolated, guest.tags)), isolated(guest.dietary_needs)]))


def _flag(restaurant: Restaurant, guest: FoundGuest) -> str:
    least = restaurant.no_shows_flagged
    return flagged_text(guest.recent_no_shows) if least and guest.recent_no_shows >= least else ""


def _known(request: HttpRequest, reservation: Reservation) -> SafeString:
    """Return what is known of a guest who comes again, for those who may see guests; empty of a new one."""
    guest = reservation.guest
    if guest is None or not _may_see_guests(request):
        return SafeString()
    counts = counts_of(guest.pk)
    if not counts.known:
        return SafeString()
    text = _("{guest} is a known guest: {visits}, {no_shows}.")
    return format_html(
        " " + text,
        guest=link_to(request, guest),
        visits=_visits_text(counts.visits),
        no_shows=_no_shows_text(counts.no_shows),
    )


def _visits_text(count: int) -> str:
    return ngettext("%(count)d visit", "%(count)d visits", count) % {"count": count}


def _no_shows_text(count: int) -> str:
    return ngettext("%(count)d no-show", "%(count)d no-shows", count) % {"count": count}
