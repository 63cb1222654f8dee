"""Closing days or a service: what is to happen to each reservation that is hit is chosen before it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin import pages
from reservations.admin.chooser import FILTER
from reservations.admin.fields import date_input
from reservations.admin.formats import date_text, local_text
from reservations.engine import closing
from reservations.engine.closing import Choice
from reservations.engine.errors import Reason, Refused
from reservations.models import Closure, Reservation, Restaurant, Service
from reservations.numbers import read_number
from reservations.queries.floor import hit_by_closing, table_names
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.hours import ClosureAdmin

ADD = "reservations.add_closure"
MOST = 500
"""So many reservations can be decided on one page; a form's fields are bounded."""

_VALUES: dict[str, Choice] = {"keep": "keep", "cancel": "cancel"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A reservation that the closing hits, with what was chosen for it so far, and whether the page shows it anew."""

    reservation: Reservation
    start: str
    covers: str
    tables: str
    chosen: str
    can_cancel: bool
    is_new: bool


class CloseForm(forms.Form):
    """First and last date, one service or the whole days, and why."""

    starts_on = forms.DateField(label=gettext_lazy("First day"), widget=date_input())
    ends_on = forms.DateField(label=gettext_lazy("Last day"), widget=date_input())
    service = forms.ModelChoiceField(
        Service.objects.none(),
        label=gettext_lazy("Service"),
        required=False,
        empty_label=gettext_lazy("The whole day"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=160,
        required=False,
        help_text=gettext_lazy("Guests see this."),
        widget=forms.TextInput(attrs={"size": 60}),
    )

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = timezone.now().astimezone(restaurant.zone).date()
        service = self.fields["service"]
        assert isinstance(service, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        service.queryset = Service.objects.filter(restaurant=restaurant).order_by("first_seating", "pk")
        for name in ("starts_on", "ends_on"):
            self.fields[name].error_messages["invalid"] = _(
                "This is not a date of the calendar. Use one such as 2027-03-14."
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it begins, or is over."""
        data = super().clean() or {}
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day is before the first."))
        elif last and last < self.today - dt.timedelta(days=1):
            self.add_error("ends_on", _("This day has passed."))
        return data


def close(model_admin: ClosureAdmin, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Ask for the days, then for a choice about each reservation that is hit, and close once all are decided."""
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    form = CloseForm(request.POST if request.method == "POST" else None, restaurant=restaurant)
    hits: list[Hit] = []
    if form.is_valid():
        shown = _shown(request)
        choices = _choices(request, shown)
        if len(_standing(restaurant, form)) > MOST:
            text = _("More than %(most)d reservations are on these days. Close fewer days at once.")
            form.add_error(None, ValidationError(text % {"most": MOST}))
        elif (closure := _closed(request, restaurant, form, choices)) is not None:
            model_admin.log_addition(request, closure, [{"added": {}}])
            _say(request, closure, choices)
            listed = reverse("admin:reservations_closure_changelist")
            return redirect(f"{listed}?{urlencode({FILTER: restaurant.pk})}")
        else:
            hits = _hits(restaurant, form, choices, shown)
            if shown:
                form.add_error(None, ValidationError(staff_text(Reason.UNDECIDED)))
    back = reverse("admin:reservations_closure_changelist")
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Close days or a service"),
        subtitle=str(restaurant),
        template="closure/close.html",
        submit=_("Close and do as chosen") if hits else _("Close"),
        back=back,
        crumbs=pages.restaurant_crumbs(request, restaurant, (back, _("Closures"))),
        hits=hits,
        shown=",".join(str(hit.reservation.pk) for hit in hits),
    )


def _closed(
    request: HttpRequest, restaurant: Restaurant, form: CloseForm, choices: Mapping[int, Choice]
) -> Closure | None:
    """Close, or return None where a reservation is hit about which nothing is said."""
    try:
        return closing.close(
            restaurant=restaurant,
            first=form.cleaned_data["starts_on"],
            last=form.cleaned_data["ends_on"],
            choices=choices,
            by=pages.by(request),
            service=form.cleaned_data["service"],
            reason=form.cleaned_data["reason"],
        )
    except Refused as refusal:
        if refusal.reason != Reason.UNDECIDED:
            raise
        return None


def _shown(request: HttpRequest) -> set[int]:
    """Return the reservations that the page has shown: the same for all means these, not who books meanwhile."""
    return {read_number(text) for text in request.POST.get("shown", "").split(",")} - {0}


def _choices(request: HttpRequest, shown: set[int]) -> dict[int, Choice]:
    """Return what was chosen for each reservation that was shown, or for all of them."""
    for_all = _VALUES.get(request.POST.get("all", ""))
    found: dict[int, Choice] = {}
    for pk in shown:
        choice = _VALUES.get(request.POST.get(f"choice_{pk}", ""), for_all)
        if choice is not None:
            found[pk] = choice
    return found


def _standing(restaurant: Restaurant, form: CloseForm) -> list[Reservation]:
    """Return what the closing hits, holds apart: those are given back."""
    service = form.cleaned_data["service"]
    rows = hit_by_closing(
        restaurant.pk,
        # As the rule does: nobody is told of a night that is over.
        max(form.cleaned_data["starts_on"], form.today - dt.timedelta(days=1)),
        form.cleaned_data["ends_on"],
        service.pk if service else None,
    )
    return list(rows.exclude(status=Reservation.Status.HELD)[: MOST + 1])


def _hits(restaurant: Restaurant, form: CloseForm, choices: Mapping[int, Choice], shown: set[int]) -> list[Hit]:
    names = table_names(restaurant.pk)
    return [
        Hit(
            reservation=row,
            start=local_text(row.starts_at, restaurant.zone),
            covers=pages.covers_text(row.party_size),
            tables=pages.names_text(row.table_ids, names),
            chosen=choices.get(row.pk, ""),
            can_cancel=row.status == Reservation.Status.CONFIRMED,
            is_new=bool(shown) and row.pk not in shown,
        )
        for row in _standing(restaurant, form)
    ]


def _say(request: HttpRequest, closure: Closure, choices: Mapping[int, Choice]) -> None:
    text = _("Closed: %(first)s – %(last)s.")
    said = text % {"first": date_text(closure.starts_on), "last": date_text(closure.ends_on)}
    chosen = [pk for pk, choice in choices.items() if choice == "cancel"]
    # Who sits by now is not sent away, whatever was chosen.
    cancelled = Reservation.objects.filter(pk__in=chosen, status=Reservation.Status.CANCELLED).count()
    kept = len(choices) - cancelled
    if cancelled:
        words = ngettext("%(count)d reservation is cancelled.", "%(count)d reservations are cancelled.", cancelled)
        said += " " + words % {"count": cancelled}
    if kept:
        words = ngettext("%(count)d reservation stands.", "%(count)d reservations stand.", kept)
        said += " " + words % {"count": kept}
    messages.success(request, said)
