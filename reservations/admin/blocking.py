"""Blocking tables by staff: views outside any transaction, which the write rules open themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages
from reservations.admin.chooser import FILTER
from reservations.admin.fields import date_input, time_input
from reservations.admin.formats import clock_text, local_text
from reservations.admin.moments import asked_date, asked_moment, pointed_at
from reservations.admin.pages import Button
from reservations.engine import blocking
from reservations.engine.errors import Reason, Refused
from reservations.engine.tables import next_slot, slot_of
from reservations.messages.lines import isolated
from reservations.models import Block, Restaurant, Table
from reservations.queries.floor import running
from reservations.queries.holding import holders
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.block import BlockAdmin

ADD = "reservations.add_block"
CHANGE = "reservations.change_block"

_FARTHEST_DAYS = 730


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block on the floor's page, with the button that lifts it."""

    block: Block
    tables: str
    span: str
    button: Button | None


class BlockForm(forms.Form):
    """Tables of the restaurant, and a span of local time of a service date."""

    date = forms.DateField(
        label=gettext_lazy("Service date"),
        widget=date_input(),
        error_messages={"invalid": gettext_lazy("This is not a date of the calendar. Use one such as 2027-03-14.")},
    )
    start = forms.TimeField(
        label=gettext_lazy("From"),
        widget=time_input(),
        error_messages={"invalid": gettext_lazy("This is not a time. Use one such as 19:30.")},
    )
    end = forms.TimeField(
        label=gettext_lazy("Until"),
        widget=time_input(),
        error_messages={"invalid": gettext_lazy("This is not a time. Use one such as 19:30.")},
        help_text=gettext_lazy("Not after the start: on the next day."),
    )
    after_midnight = forms.BooleanField(
        label=gettext_lazy("Begins after midnight"),
        required=False,
        help_text=gettext_lazy("Of a service that goes on after midnight: both times are on the day after its date."),
    )
    tables = forms.ModelMultipleChoiceField(
        Table.objects.none(),
        label=gettext_lazy("Tables"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one table.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=160, required=False, widget=forms.TextInput(attrs={"size": 60})
    )

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.restaurant = restaurant
        self.starts_at = self.ends_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        tables = self.fields["tables"]
        assert isinstance(tables, forms.ModelMultipleChoiceField)  # noqa: S101 - for the type checker
        tables.queryset = Table.objects.filter(restaurant=restaurant, is_active=True).order_by("position", "pk")

    def clean_date(self) -> dt.date:
        """Refuse a date that can only be a slip."""
        date: dt.date = self.cleaned_data["date"]
        today = timezone.now().astimezone(self.restaurant.zone).date()
        if date < today - dt.timedelta(days=1):
            raise ValidationError(_("This day has passed."), code="past")
        if date > today + dt.timedelta(days=_FARTHEST_DAYS):
            raise ValidationError(_("This day is more than two years away."), code="far")
        return date

    def clean(self) -> dict[str, Any]:
        """Find both moments, the widest where the clock shows a time twice."""
        data = super().clean() or {}
        date, start, end = data.get("date"), data.get("start"), data.get("end")
        if date is None or start is None or end is None:
            return data
        first = date + dt.timedelta(days=1 if data.get("after_midnight") else 0)
        last = first + dt.timedelta(days=0 if end > start else 1)
        zone = self.restaurant.zone
        self.starts_at = dt.datetime.combine(first, start, zone).astimezone(dt.UTC)
        self.ends_at = dt.datetime.combine(last, end, zone).replace(fold=1).astimezone(dt.UTC)
        if self.ends_at <= timezone.now():
            self.add_error("end", _("This time has passed."))
        return data


def add(model_admin: BlockAdmin, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the form, or block what it says; a refusal comes back on it and says who has the tables."""
    now = timezone.now()
    initial = _initial(request, restaurant, now) if request.method != "POST" else {}
    form = BlockForm(request.POST if request.method == "POST" else None, restaurant=restaurant, initial=initial)
    if form.is_valid():
        made = _made(request, form)
        if made is not None:
            model_admin.log_addition(request, made, [{"added": {}}])
            messages.success(
                request,
                _("Blocked: %(tables)s, %(span)s.") % {"tables": model_admin.tables(made), "span": span_text(made)},
            )
            listed = reverse("admin:reservations_block_changelist")
            default = f"{listed}?{urlencode({FILTER: restaurant.pk})}"
            return redirect(
                pages.back_of(request, default if model_admin.has_view_permission(request) else "admin:index")
            )
    listed = reverse("admin:reservations_block_changelist")
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Block tables"),
        subtitle=str(restaurant),
        submit=_("Block"),
        back=pages.back_of(request, f"{listed}?{urlencode({FILTER: restaurant.pk})}"),
        crumbs=pages.restaurant_crumbs(request, restaurant, (listed, _("Blocks"))),
        facts=[
            _("%(restaurant)s: dates and times are local, in the zone %(zone)s.")
            % {"restaurant": restaurant, "zone": restaurant.timezone}
        ],
    )


def _initial(request: HttpRequest, restaurant: Restaurant, now: dt.datetime) -> dict[str, Any]:
    """Return the running service date, or the table and hour that the address points at."""
    pointed = pointed_at(request, restaurant)
    date = asked_date(request) or running(restaurant, now).date
    initial = {"date": date, "tables": [pointed["table"]] if "table" in pointed else []}
    if start := asked_moment(request):
        end = (start + dt.timedelta(hours=1)).astimezone(restaurant.zone)
        after = pointed["date"] > date
        initial |= {"start": pointed["time"], "end": end.time(), "after_midnight": after}
    return initial


def _made(request: HttpRequest, form: BlockForm) -> Block | None:
    """Block what a valid form says, or put the refusal on it."""
    tables = tuple(table.pk for table in form.cleaned_data["tables"])
    try:
        return blocking.block(
            restaurant=form.restaurant,
            date=form.cleaned_data["date"],
            start=form.starts_at,
            end=form.ends_at,
            table_ids=tables,
            user=pages.staff_of(request),
            by=pages.by(request),
            reason=form.cleaned_data["reason"],
        )
    except Refused as refusal:
        if same := _same(request, form, tables):
            return same
        form.add_error(None, ValidationError(staff_text(refusal.reason)))
        if refusal.reason == Reason.TABLES_TAKEN:
            form.add_error("tables", ValidationError(_conflicts(request, form, tables)))
        return None


def _same(request: HttpRequest, form: BlockForm, tables: tuple[int, ...]) -> Block | None:
    """Return the block that the same form has made already, by a double click."""
    rows = Block.objects.select_related("restaurant").filter(
        restaurant=form.restaurant,
        service_date=form.cleaned_data["date"],
        starts_at=slot_of(form.starts_at),
        ends_at=next_slot(form.ends_at),
        reason=form.cleaned_data["reason"],
        created_by=pages.staff_of(request),
        lifted_at=None,
    )
    return next((block for block in rows if set(block.table_ids) == set(tables)), None)


def _conflicts(request: HttpRequest, form: BlockForm, tables: tuple[int, ...]) -> SafeString:
    """Return who has the tables, each party once, with its link."""
    rows = holders(form.restaurant.pk, form.starts_at, form.ends_at, table_ids=tables)
    lines = []
    for row in rows:
        when = local_text(row.first, form.restaurant.zone)
        if row.block_id:
            address = reverse("admin:reservations_block_change", args=(row.block_id,))
            who = isolated(row.reason) or _("a block")
        else:
            address = reverse("admin:reservations_reservation_change", args=(row.reservation_id,))
            who = _("somebody who is booking") if row.is_hold else f"{row.reference} {isolated(row.name)}".strip()
        lines.append((isolated(row.table), when, address, who))
    return format_html("{} {}", _("Taken:"), format_html_join("; ", '{}, {}, <a href="{}">{}</a>', lines))


def span_text(block: Block) -> str:
    """Return the local time for which a block stands."""
    zone = block.restaurant.zone
    return f"{local_text(block.starts_at, zone)} – {clock_text(block.ends_at, zone)}"


def row(request: HttpRequest, block: Block, names: dict[int, str], back: str) -> BlockRow:
    """Return a block for the floor's page, with its button for who may lift it."""
    button = None
    if request.user.has_perm(CHANGE):
        button = lift_button(block, back)
    return BlockRow(block, pages.names_text(block.table_ids, names), span_text(block), button)


def lift_button(block: Block, back: str = "") -> Button:
    """Return the button that lifts a block."""
    fields = (("back", back),) if back else ()
    return Button(reverse("admin:reservations_block_lift", args=(block.pk,)), _("Lift"), fields)


def lift(model_admin: BlockAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, lift by POST; lifting again is harmless."""
    pages.need(request, CHANGE)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    block = model_admin.get_queryset(request).select_related("restaurant").filter(pk=pk).first()
    if block is None:
        raise Http404
    pages.enter(request, block)
    address = reverse("admin:reservations_block_change", args=(pk,))
    back = pages.back_of(request, address)
    words = {"block": f"{model_admin.tables(block)}, {span_text(block)}"}
    if request.method != "POST":
        return pages.page(
            model_admin,
            request,
            "reservation/act.html",
            _("Lift a block"),
            crumbs=[(address, str(block))],
            facts=[str(block.restaurant), words["block"], block.reason],
            button=lift_button(block, back),
            back=back,
        )
    if blocking.lift(blocked=block, by=pages.by(request)):
        model_admin.log_change(request, block, _("Lifted."))
        messages.success(request, _("%(block)s is lifted, and the tables are free.") % words)
    else:
        messages.warning(request, _("%(block)s was lifted already.") % words)
    return redirect(back)
