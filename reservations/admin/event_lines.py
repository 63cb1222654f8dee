"""Events of the history as lines that staff read: names instead of numbers, local times, links they may follow."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from reservations.admin.event_words import actor_text, kind_text, label_text, model_of, source_text, subject_text
from reservations.admin.formats import date_text, local_text
from reservations.history.happened import Happened
from reservations.history.trail import OTHER
from reservations.messages.lines import isolated
from reservations.models import Area, Reservation, Restaurant, Table, User
from reservations.reasons import passed_text

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A field, and what it held before and after; None where there was nothing before."""

    label: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words. An empty address is no link."""

    when: str
    what: str
    subject: str
    subject_address: str
    changes: list[Change]
    told: str
    who: str
    source: str
    guest: str
    guest_address: str
    place: str


@dataclass(frozen=True, slots=True)
class _Names:
    """What the numbers in some events are called."""

    users: dict[int, str]
    references: dict[int, str]
    tables: dict[int, str]
    areas: dict[int, str]


def lines(request: HttpRequest, restaurant: Restaurant, events: Sequence[Happened]) -> list[Line]:
    """Return events as lines, in their order, with at most four statements however many they are."""
    names = _names(restaurant, events)
    return [_line(request, restaurant.zone, event, names) for event in events]


def chain_text(chain: str) -> str:
    """Return a chain's name: its service date, or that it is of no date."""
    if chain == OTHER:
        return _("of no service date")
    with contextlib.suppress(ValueError):
        return date_text(dt.date.fromisoformat(chain))
    return chain


def _line(request: HttpRequest, zone: ZoneInfo, event: Happened, names: _Names) -> Line:
    told = [_label(event.subject, name) for name in event.changes.get("told", [])]
    return Line(
        when=local_text(event.happened_at, zone),
        what=kind_text(event.kind),
        subject=_subject(event, names),
        subject_address=_address(request, event.subject, event.number),
        changes=[
            _change(event.subject, name, value, zone, names) for name, value in event.changes.items() if name != "told"
        ],
        told=", ".join(told),
        who=_who(event, names),
        source=source_text(event.source),
        guest="" if event.guest is None else f"#{event.guest}",
        guest_address="" if event.guest is None else _address(request, "guest", event.guest),
        place=_place(event),
    )


def _subject(event: Happened, names: _Names) -> str:
    label = subject_text(event.subject)
    reference = names.references.get(event.number) if event.subject == "reservation" else None
    return f"{label} {reference or f'#{event.number}'}"


def _who(event: Happened, names: _Names) -> str:
    if event.user_id is None:
        return actor_text(event.actor)
    return names.users.get(event.user_id) or f"{actor_text(event.actor)} #{event.user_id}"


def _place(event: Happened) -> str:
    if event.position < 0:
        return _("waits for its place")
    return f"{chain_text(event.chain)} · {event.position}"


def _address(request: HttpRequest, subject: str, number: int) -> str:
    """Return the address of a subject's form, where there is one that the user may see."""
    model = model_of(subject)
    if model is None or not admin.site.is_registered(model):
        return ""
    if not admin.site.get_model_admin(model).has_view_or_change_permission(request):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=(number,))


def _change(subject: str, name: str, value: Any, zone: ZoneInfo, names: _Names) -> Change:
    pair = isinstance(value, list) and len(value) == 2
    before, after = value if pair else (None, value)
    shown = [None if one in (None, "") else _value(subject, name, one, zone, names) for one in (before, after)]
    return Change(_label(subject, name), shown[0], shown[1] or "–")


def _field(subject: str, name: str) -> models.Field[Any, Any] | None:
    model = model_of(subject)
    if model is not None:
        with contextlib.suppress(FieldDoesNotExist):
            field = model._meta.get_field(name)
            return field if isinstance(field, models.Field) else None
    return None


def _label(subject: str, name: str) -> str:
    field = _field(subject, name)
    return str(capfirst(field.verbose_name if field else label_text(name)))


def _value(subject: str, name: str, value: Any, zone: ZoneInfo, names: _Names) -> str:
    """Return what a field held, as its own form would show it, or as it is stored where that can't be."""
    field = _field(subject, name)
    if name == "passed_over":
        return passed_text(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        named = names.tables if name == "table_ids" else {}
        return ", ".join(isolated(str(named.get(one, one))) for one in value) or "–"
    if field is not None and field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.ForeignKey) and field.related_model is Area:
        return names.areas.get(value, f"#{value}")
    if isinstance(field, models.ForeignKey) and field.related_model is User:
        return names.users.get(value, f"#{value}")
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            if isinstance(field, models.DateTimeField):
                return local_text(dt.datetime.fromisoformat(value), zone)
            if isinstance(field, models.DateField):
                return date_text(dt.date.fromisoformat(value))
    return isolated(str(value))


def _names(restaurant: Restaurant, events: Sequence[Happened]) -> _Names:
    users = _found(User, {event.user_id for event in events} | {event.changes.get("user") for event in events})
    numbers = {event.number for event in events if event.subject == "reservation"}
    return _Names(
        users={user.pk: str(user) for user in users},
        references={row.pk: row.reference for row in _found(Reservation, numbers, restaurant)},
        tables=dict(Table.objects.filter(restaurant=restaurant).values_list("pk", "name")),
        areas=dict(Area.objects.filter(restaurant=restaurant).values_list("pk", "name")),
    )


def _found(model: type[models.Model], keys: Iterable[int | None], restaurant: Restaurant | None = None) -> list[Any]:
    """Return the rows of these keys that are still there, as many as one statement may ask for."""
    wanted = sorted({key for key in keys if key is not None})[:_AT_ONCE]
    rows = model._default_manager.filter(pk__in=wanted)
    return list(rows.filter(restaurant=restaurant) if restaurant else rows)
