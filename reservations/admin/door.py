"""The list at the door: who waits, how long each was told it takes, and seating them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.admin import pages
from reservations.admin.formats import clock_text
from reservations.admin.pages import Button
from reservations.admin.walk_in import PartyForm, chosen, places, say_seated
from reservations.engine import waitlist
from reservations.engine.availability import Ask
from reservations.engine.errors import Refused
from reservations.messages.lines import isolated
from reservations.models import Restaurant, WaitlistEntry
from reservations.queries.floor import running
from reservations.reasons import staff_text


@dataclass(frozen=True, slots=True)
class DoorRow:
    """A party at the door, with what can be done about it."""

    entry: WaitlistEntry
    covers: str
    quoted: str
    waited: str
    buttons: list[Button]


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A party on the waitlist of the date: its place, its window, and the table that is offered to it, if one is."""

    place: int | str
    entry: WaitlistEntry
    covers: str
    window: str
    offer: str
    address: str


def show(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Show who waits at the door, and write down who comes."""
    pages.need(request, pages.CHANGE)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    restaurant = pages.restaurant_of(request, pk)
    form = PartyForm(request.POST if request.method == "POST" else None, restaurant=restaurant)
    if form.is_valid():
        try:
            entry = waitlist.join_at_door(
                restaurant=restaurant,
                party=form.cleaned_data["party_size"],
                name=form.cleaned_data["name"],
                phone=form.cleaned_data["phone"],
                note=form.cleaned_data["note"],
                user=pages.staff_of(request),
                by=pages.by(request),
                key=form.form_key(),
            )
        except Refused as refusal:
            form.add_error(None, ValidationError(staff_text(refusal.reason)))
        else:
            messages.success(request, f"{_named(entry)}: {_quote(entry)}")
            return redirect("admin:reservations_restaurant_door", pk)
    now = timezone.now()
    floor_page = reverse("admin:reservations_restaurant_floor", args=(pk,))
    waits = waitlist.at_door(pk, running(restaurant, now).date)
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Door list"),
        subtitle=str(restaurant),
        template="restaurant/door.html",
        submit=_("Put on the list"),
        back=floor_page,
        crumbs=pages.restaurant_crumbs(request, restaurant, (floor_page, _("Floor"))),
        rows=rows(restaurant, waits, now, request.path),
    )


def rows(restaurant: Restaurant, entries: Iterable[WaitlistEntry], now: dt.datetime, back: str) -> list[DoorRow]:
    """Return the parties at the door, each with the buttons that seat it and take it off."""
    found = []
    for entry in entries:
        minutes = max(0, int((now - entry.created_at).total_seconds() // 60))
        fields = (("back", back),)
        found.append(
            DoorRow(
                entry=entry,
                covers=pages.covers_text(entry.party_size),
                quoted=_quote(entry),
                waited=ngettext("waits %(count)d minute", "waits %(count)d minutes", minutes) % {"count": minutes},
                buttons=[
                    Button(_address(restaurant.pk, entry.pk, "seat"), _("Seat"), fields),
                    Button(_address(restaurant.pk, entry.pk, "leave"), _("Has left"), fields),
                ],
            )
        )
    return found


def waiting_row(restaurant: Restaurant, place: int, entry: WaitlistEntry, names: dict[int, str]) -> WaitingRow:
    """Return a party on the waitlist of the date."""
    zone = restaurant.zone
    offer = ""
    if entry.offer is not None and not place:
        offer = _("%(tables)s at %(time)s is offered") % {
            "tables": pages.names_text(entry.offer.table_ids, names),
            "time": clock_text(entry.offer.starts_at, zone),
        }
        if entry.offer.held_until is not None:
            offer += ", " + _("until %(time)s") % {"time": clock_text(entry.offer.held_until, zone)}
    is_listed = admin.site.is_registered(WaitlistEntry)
    return WaitingRow(
        place=place or "–",
        entry=entry,
        covers=pages.covers_text(entry.party_size),
        window=f"{clock_text(entry.earliest, zone)} – {clock_text(entry.latest, zone)}",
        offer=offer,
        address=reverse("admin:reservations_waitlistentry_change", args=(entry.pk,)) if is_listed else "",
    )


def seat(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int, entry_pk: int) -> HttpResponse:
    """Seat a party from the list; where nothing is free for long enough, offer what is free for less."""
    entry = _entry(request, pk, entry_pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    back = pages.back_of(request, reverse("admin:reservations_restaurant_floor", args=(pk,)))
    refused = ""
    if request.method == "POST":
        was = entry.status
        try:
            table_ids, minutes = chosen(request.POST.get("seat_at", ""))
            reservation = waitlist.seat_from_door(
                entry=entry,
                user=pages.staff_of(request),
                by=pages.by(request),
                table_ids=table_ids,
                minutes=minutes,
            )
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            if was == WaitlistEntry.Status.SEATED:
                messages.success(request, _("%(entry)s is seated already.") % {"entry": _named(entry)})
            else:
                model_admin.log_addition(request, reservation, [{"added": {}}])
                say_seated(request, reservation)
            return redirect(back)
    return _seat_page(model_admin, request, entry, refused, back)


def _seat_page(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, entry: WaitlistEntry, refused: str, back: str
) -> HttpResponse:
    restaurant = entry.restaurant
    address = _address(restaurant.pk, entry.pk, "seat")
    carried: tuple[tuple[str, str], ...] = (("back", back),)
    buttons: list[Button] = []
    if entry.status == WaitlistEntry.Status.WAITING:
        ask = Ask(party=entry.party_size, online=False)
        buttons = [Button(address, _("Seat at the best table"), carried)]
        buttons += [
            Button(address, place.label, (*carried, ("seat_at", place.value))) for place in places(restaurant, ask)
        ]
    floor_page = reverse("admin:reservations_restaurant_floor", args=(restaurant.pk,))
    return pages.page(
        model_admin,
        request,
        "restaurant/seat.html",
        _("Seat from the door"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant, (floor_page, _("Floor"))),
        facts=[
            _named(entry),
            pages.covers_text(entry.party_size),
            *filter(None, [entry.phone, entry.note]),
            str(entry.get_status_display()),
        ],
        refused=refused,
        buttons=buttons,
        back=back,
    )


def leave(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int, entry_pk: int) -> HttpResponse:
    """Take a party off the list that has gone."""
    entry = _entry(request, pk, entry_pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    back = pages.back_of(request, reverse("admin:reservations_restaurant_floor", args=(pk,)))
    if request.method != "POST":
        button: Any = Button(_address(pk, entry.pk, "leave"), _("Has left"), (("back", back),))
        return pages.page(
            model_admin,
            request,
            "reservation/act.html",
            _("Has left"),
            crumbs=pages.restaurant_crumbs(request, entry.restaurant),
            facts=[_named(entry), pages.covers_text(entry.party_size), str(entry.get_status_display())],
            button=button,
            back=back,
        )
    left = waitlist.leave(entry=entry, by=pages.by(request))
    if left:
        messages.success(request, _("%(entry)s is off the list.") % {"entry": _named(entry)})
    else:
        text = _("%(entry)s was off the list already: %(status)s.")
        messages.warning(request, text % {"entry": _named(entry), "status": entry.get_status_display()})
    return redirect(back)


def _entry(request: HttpRequest, pk: int, entry_pk: int) -> WaitlistEntry:
    pages.need(request, pages.CHANGE)
    restaurant = pages.restaurant_of(request, pk)
    rows = WaitlistEntry.objects.select_related("restaurant").filter(
        restaurant=restaurant, kind=WaitlistEntry.Kind.DOOR
    )
    entry = rows.filter(pk=entry_pk).first()
    if entry is None:
        raise Http404
    return entry


def _address(pk: int, entry_pk: int, name: str) -> str:
    return reverse(f"admin:reservations_restaurant_door_{name}", args=(pk, entry_pk))


def _named(entry: WaitlistEntry) -> str:
    return isolated(entry.name) or _("Party of %(count)d") % {"count": entry.party_size}


def _quote(entry: WaitlistEntry) -> str:
    """Return the wait that the party was told."""
    if entry.quoted_minutes is None:
        return _("no table comes free tonight, as it looks")
    if entry.quoted_minutes == 0:
        return _("a table is free now")
    return ngettext("about %(count)d minute", "about %(count)d minutes", entry.quoted_minutes) % {
        "count": entry.quoted_minutes
    }
