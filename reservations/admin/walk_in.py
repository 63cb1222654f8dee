"""Walk-ins: a party at the door is seated now, or told until when there is something."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin import pages
from reservations.admin.fields import offer_tables, table_field
from reservations.admin.formats import clock_text
from reservations.engine import floor
from reservations.engine.availability import Ask
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details
from reservations.engine.tables import openings, slot_of
from reservations.forms import clean_phone
from reservations.models import Area, Reservation, Restaurant
from reservations.models.venue import MAX_PARTY
from reservations.numbers import is_number, read_number
from reservations.queries.floor import running, table_names
from reservations.reasons import staff_text

_SHORTEST = 15
_MOST = 12


class PartyForm(forms.Form):
    """A party at the door. Only its size is asked for."""

    party_size = forms.IntegerField(
        label=gettext_lazy("Party size"),
        min_value=1,
        max_value=MAX_PARTY,
        error_messages={"invalid": gettext_lazy("Give the number of guests in digits, such as 2.")},
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"party_size": 2, "key": secrets.token_urlsafe(16)}, **kwargs})
        self.restaurant = restaurant

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_phone(self) -> str:
        """Return the number in international form."""
        return clean_phone(self.cleaned_data["phone"], self.restaurant.country)

    def form_key(self) -> str:
        """Return the form's key, by which a double click counts once; the form must be valid."""
        return str(self.cleaned_data["key"] or secrets.token_urlsafe(16))


class WalkInForm(PartyForm):
    """A party that wants to sit now."""

    area = forms.ModelChoiceField(
        Area.objects.none(), label=gettext_lazy("Area"), required=False, empty_label=gettext_lazy("Anywhere")
    )
    needs_step_free = forms.BooleanField(label=gettext_lazy("Step-free access needed"), required=False)
    table = table_field()
    field_order = ("party_size", "table", "area", "needs_step_free", "name", "phone", "note", "key")

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, restaurant=restaurant, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        area.queryset = Area.objects.filter(restaurant=restaurant).order_by("position", "pk")
        offer_tables(self.fields["table"], restaurant)

    def ask(self) -> Ask:
        """Return what the party wants; the form must be valid."""
        area = self.cleaned_data["area"]
        return Ask(
            party=self.cleaned_data["party_size"],
            area_id=area.pk if area else None,
            step_free=self.cleaned_data["needs_step_free"],
            online=False,
        )

    def details(self) -> Details:
        """Return who comes; the form must be valid."""
        data = self.cleaned_data
        return Details(
            name=data["name"], phone=data["phone"], note=data["note"], needs_step_free=data["needs_step_free"]
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Tables at which a party can sit now, until a moment or for as long as it likes; a button sends `value`."""

    table_ids: tuple[int, ...]
    until: dt.datetime | None
    label: str

    @property
    def value(self) -> str:
        """The tables, and the end in seconds of the epoch."""
        tables = "-".join(map(str, self.table_ids))
        return f"{tables}.{int(self.until.timestamp())}" if self.until else tables


def places(restaurant: Restaurant, ask: Ask) -> list[Place]:
    """Return what is free now for a party and for how long, best first."""
    now = timezone.now()
    here = running(restaurant, now)
    stay = here.service.turn(ask.party) if here.service else restaurant.turn_minutes
    names = table_names(restaurant.pk)
    found = []
    for opening in openings(here.plan, ask, now) if not here.plan.closed else []:
        tables = pages.names_text(opening.table_ids, names)
        until = opening.until
        if until is None or until >= slot_of(now) + dt.timedelta(minutes=stay):
            found.append(Place(opening.table_ids, None, _("%(tables)s: seat here") % {"tables": tables}))
            continue
        minutes = int((until - now).total_seconds() // 60)
        if minutes >= _SHORTEST:
            text = ngettext(
                "%(tables)s until %(end)s: seat here for %(minutes)d minute",
                "%(tables)s until %(end)s: seat here for %(minutes)d minutes",
                minutes,
            )
            words = {"tables": tables, "end": clock_text(until, restaurant.zone), "minutes": minutes}
            found.append(Place(opening.table_ids, until, text % words))
    return found[:_MOST]


def chosen(value: str) -> tuple[tuple[int, ...], int | None]:
    """Return the tables of a button's value and the minutes until its end, counted from this slot; none for ``""``.

    Raises `Refused` (WRONG_TABLES) where it can't be read.
    """
    if not value:
        return (), None
    tables, _dot, end = value.partition(".")
    parts = tables.split("-")
    if not all(map(is_number, [*parts, end or "0"])):
        raise Refused(Reason.WRONG_TABLES)
    table_ids = tuple(map(int, parts))
    try:
        until = dt.datetime.fromtimestamp(int(end), dt.UTC) if end else None
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(Reason.WRONG_TABLES) from error
    if until is None:
        return table_ids, None
    minutes = int((until - slot_of(timezone.now())).total_seconds() // 60)
    if not 0 < minutes <= 24 * 60:
        raise Refused(Reason.TABLES_TAKEN)
    return table_ids, minutes


def show(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the party, and seat it; where nothing is free for long enough, offer what is free for less."""
    pages.need(request, pages.CHANGE)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    restaurant = pages.restaurant_of(request, pk)
    form = WalkInForm(request.POST if request.method == "POST" else None, restaurant=restaurant)
    form.initial["table"] = read_number(request.GET.get("table", "")) or None
    floor_page = reverse("admin:reservations_restaurant_floor", args=(pk,))
    back = pages.back_of(request, floor_page)
    offered: list[Place] = []
    if form.is_valid():
        try:
            reservation = _seated(request, restaurant, form)
        except Refused as refusal:
            form.add_error(None, ValidationError(staff_text(refusal.reason)))
            offered = places(restaurant, form.ask())
        else:
            model_admin.log_addition(request, reservation, [{"added": {}}])
            say_seated(request, reservation)
            return redirect(back)
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Walk-in"),
        subtitle=str(restaurant),
        template="restaurant/walk_in.html",
        submit=_("Seat now"),
        back=back,
        crumbs=pages.restaurant_crumbs(request, restaurant, (floor_page, _("Floor"))),
        places=offered,
        door=reverse("admin:reservations_restaurant_door", args=(pk,)) if form.is_bound else "",
    )


def _seated(request: HttpRequest, restaurant: Restaurant, form: WalkInForm) -> Reservation:
    table_ids, minutes = chosen(request.POST.get("seat_at", ""))
    if not table_ids and (table := form.cleaned_data["table"]):
        table_ids = (table.pk,)
    return floor.walk_in(
        restaurant=restaurant,
        party=form.cleaned_data["party_size"],
        user=pages.staff_of(request),
        by=pages.by(request),
        key=form.form_key(),
        details=form.details(),
        table_ids=table_ids,
        minutes=minutes,
        area_id=form.ask().area_id,
    )


def say_seated(request: HttpRequest, reservation: Reservation) -> None:
    """Tell staff where a party from the door sits, and until when."""
    names = table_names(reservation.restaurant_id)
    messages.success(
        request,
        format_html(
            _("{reservation} is seated at {tables} until {end}."),
            reservation=pages.link_to(request, reservation),
            tables=pages.names_text(reservation.table_ids, names),
            end=clock_text(reservation.ends_at, reservation.restaurant.zone),
        ),
    )
