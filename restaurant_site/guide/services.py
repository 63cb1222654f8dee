"""The third page: when parties are seated, how long they stay, and how large they may be."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.fields import WeekdaysField, time_input
from reservations.admin.previewing import Previewed, first_touched, refuse_unseen, show_touched
from reservations.engine.locks import lock_for_closing
from reservations.importing.hours import Hours, understand
from reservations.importing.tables import TURNS
from reservations.models import OpeningPeriod, Restaurant, Service, TurnTime
from reservations.models.hours import EVERY_DAY
from reservations.models.venue import MAX_PARTY
from reservations.numbers import is_number
from reservations.queries.hours import Touched, touched_by_removing, touched_by_service
from restaurant_site.guide.copying import MOST, CopyForm, Line, copied, days_left, lines_of, with_lines
from restaurant_site.guide.page import log, onward, show
from restaurant_site.guide.steps import Step

if TYPE_CHECKING:
    _ServiceForm = forms.ModelForm[Service]
    _RulesForm = forms.ModelForm[Restaurant]
    _TurnFormSet = forms.BaseFormSet["TurnForm"]
else:
    _ServiceForm = _RulesForm = forms.ModelForm
    _TurnFormSet = forms.BaseFormSet

_TURNS, _SPARE = 10, 2
_INTERVALS = [(minutes, str(minutes)) for minutes in (15, 30, 45, 60, 90, 120)]


class ServiceForm(_ServiceForm):
    """A service: its days, first and last seating, how often a time is offered, and pacing."""

    weekdays = WeekdaysField(label=gettext_lazy("On"), initial=EVERY_DAY)
    interval_minutes = forms.TypedChoiceField(
        label=gettext_lazy("A time every … minutes"), choices=_INTERVALS, coerce=int, initial=30
    )

    class Meta:
        model = Service
        fields = ("name", "weekdays", "first_seating", "last_seating", "interval_minutes", "max_covers")
        widgets: ClassVar = {"first_seating": time_input(), "last_seating": time_input()}
        labels: ClassVar = {"max_covers": gettext_lazy("Covers per time (pacing)")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = self.instance.interval_minutes
        field = self.fields["interval_minutes"]
        if given not in dict(_INTERVALS) and isinstance(field, forms.ChoiceField):
            field.choices = sorted([*_INTERVALS, (given, str(given))])

    def has_changed(self) -> bool:
        """Return whether anything is said of a service: one without a name and times is none."""
        told = any(self[name].data for name in ("name", "first_seating", "last_seating", "max_covers"))
        return super().has_changed() and (told or self.instance.pk is not None)


ServicesFormSet = forms.modelformset_factory(
    Service, form=ServiceForm, extra=_SPARE, can_delete=True, max_num=MOST, absolute_max=MOST
)


class TurnForm(forms.Form):
    """How long parties of up to so many stay."""

    up_to = forms.IntegerField(label=gettext_lazy("Parties up to"), min_value=1, max_value=MAX_PARTY, required=False)
    minutes = forms.IntegerField(label=gettext_lazy("minutes"), min_value=15, max_value=720, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse half a line."""
        data = super().clean() or {}
        if not self.errors and (data.get("up_to") is None) != (data.get("minutes") is None):
            raise forms.ValidationError(_("Give both numbers, or neither."))
        return data


class _Turns(_TurnFormSet):
    """Turn times; no two for parties of one size."""

    def clean(self) -> None:
        """Refuse two lines for parties of one size."""
        sizes = [form.cleaned_data["up_to"] for form in self.forms if getattr(form, "cleaned_data", {}).get("up_to")]
        for size in {size for size in sizes if sizes.count(size) > 1}:
            raise forms.ValidationError(_("There are two turn times for parties up to %(up_to)d.") % {"up_to": size})


TurnsFormSet = forms.formset_factory(TurnForm, formset=_Turns, extra=_SPARE, max_num=_TURNS, absolute_max=_TURNS)


class RulesForm(_RulesForm):
    """What holds for every service that says nothing of its own, and the opening hours as people write them."""

    class Meta:
        model = Restaurant
        fields = ("max_party", "turn_minutes", "booking_window_days", "hours_text")
        labels: ClassVar = {
            "turn_minutes": gettext_lazy("All other parties stay (minutes)"),
            "hours_text": gettext_lazy("Opening hours"),
        }
        help_texts: ClassVar = {
            "turn_minutes": "",
            "hours_text": gettext_lazy("Such as: Mo-Fr 12:00-14:30, 18:00-23:00; Sa 18:00-24:00; Su off"),
        }
        widgets: ClassVar = {"hours_text": forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"})}


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show services, turn times and rules; by POST save them, read the hours, or copy a service to other days."""
    data = request.POST if request.method == "POST" else None
    rows = Service.objects.filter(restaurant=restaurant, special_day=None).order_by("first_seating", "pk")
    rules = RulesForm(data, instance=restaurant)
    services = ServicesFormSet(data, queryset=rows, prefix="service")
    turns = TurnsFormSet(data, initial=_turn_lines(restaurant), prefix="turn")
    for form in services.forms:
        form.instance.restaurant_id = restaurant.pk
        form.empty_permitted = form.instance.pk is None
    read: Hours | None = None
    checked, said = True, list[str]()
    copying: CopyForm | None = None
    if data is not None and "_read" in data:
        read = _understood(restaurant, data.get("hours_text", ""))
        (services, said), checked = _with_lines(data, services, _sittings(read)), False
    elif data is not None and "_copy" in data:
        (services, said), checked = _with_copy(data, services, data["_copy"]), False
    elif data is not None and "_copy_days" in data:
        copying, checked = CopyForm(data, lines=_lines(services)), False
        if copying.is_valid():
            new, stays = copying.copied()
            services, said = _with_lines(data, services, new)
            copying, said = None, [*stays, *said]
    elif data is not None and all([rules.is_valid(), services.is_valid(), turns.is_valid()]):
        try:
            _save(request, restaurant, rules, services, turns)
        except IntegrityError:
            # Somebody else made a row that both need: it is there now.
            return page(request, restaurant)
        except Previewed as preview:
            return show_touched(admin.site, request, Service._meta, preview.touched)
        return onward(request, Step.SERVICES, restaurant)
    lines = _mark(services)
    return show(
        request,
        Step.SERVICES,
        restaurant,
        "services.html",
        rules=rules,
        services=services,
        copying=copying or CopyForm(None, lines=lines),
        said=said,
        turns=turns,
        read=read,
        checked=checked,
        bound=data is not None,
    )


def _turn_lines(restaurant: Restaurant) -> list[dict[str, int]]:
    rows = TurnTime.objects.filter(restaurant=restaurant, service=None).order_by("up_to", "-minutes")
    own = list(rows.values_list("up_to", "minutes"))
    return [{"up_to": up_to, "minutes": minutes} for up_to, minutes in own or TURNS]


def _understood(restaurant: Restaurant, text: str) -> Hours:
    return understand(
        text[:500],
        timezone=restaurant.timezone,
        latitude=None,
        longitude=None,
        country=restaurant.country,
        today=timezone.now().astimezone(restaurant.zone).date(),
    )


def _sittings(hours: Hours) -> list[dict[str, Any]]:
    return [
        {
            "name": sitting.name,
            "weekdays": sitting.weekdays,
            "first_seating": sitting.first_seating,
            "last_seating": sitting.last_seating,
            "interval_minutes": sitting.interval_minutes,
            "max_covers": None,
        }
        for sitting in hours.services
    ]


def _lines(services: Any) -> list[Line]:
    return lines_of(services, ServiceForm.Meta.fields)


def _mark(services: Any) -> list[Line]:
    """Let the template know which lines there are still days for, and return what stands in each."""
    lines = _lines(services)
    for form, line in zip(services.forms, lines, strict=True):
        form.may_copy = bool(line["name"] and days_left(lines, line))
    return lines


def _with_lines(data: Any, services: Any, lines: list[Line]) -> tuple[Any, list[str]]:
    """Return the formset as it was typed, with more lines, and in words what had no room."""
    typed, said = with_lines(data, services, lines)
    return ServicesFormSet(typed, queryset=services.queryset, prefix="service"), said


def _with_copy(data: Any, services: Any, number: str) -> tuple[Any, list[str]]:
    """Return the formset with a line copied to the days that it is missing on, and in words why there is none."""
    lines = _lines(services)
    one = lines[int(number)] if is_number(number) and int(number) < len(lines) else None
    if one is None or not one["name"]:
        return services, []
    new, stays = copied(lines, [one], days_left(lines, one) or EVERY_DAY)
    services, said = _with_lines(data, services, new)
    return services, [*stays, *said]


def _save(request: HttpRequest, restaurant: Restaurant, rules: RulesForm, services: Any, turns: Any) -> None:
    today = timezone.now().astimezone(restaurant.zone).date()
    with transaction.atomic():
        if services.has_changed():
            # A booking in flight is seen, or waits and reads the rules again, as where a service is changed by itself.
            last = today + dt.timedelta(days=restaurant.booking_window_days + 1)
            lock_for_closing(restaurant.pk, today - dt.timedelta(days=1), last)
        rules.save()
        refuse_unseen(request, _save_services(restaurant, services))
        lines = {
            form.cleaned_data["up_to"]: form.cleaned_data["minutes"]
            for form in turns.forms
            if form.cleaned_data.get("up_to")
        }
        stored = TurnTime.objects.filter(restaurant=restaurant, service=None)
        if lines != dict(stored.values_list("up_to", "minutes")):
            stored.delete()
            for up_to, minutes in sorted(lines.items()):
                TurnTime.objects.create(restaurant=restaurant, up_to=up_to, minutes=minutes)
        _show_hours(restaurant)
        log(request, restaurant, _("Services and turn times saved in the set-up guide."))


def _save_services(restaurant: Restaurant, services: Any) -> list[Touched]:
    """Save the lines, and return the reservations that this touches.

    A new line that is there already in every word was sent twice, and is not made again.
    """
    names = ("name", "weekdays", "first_seating", "last_seating", "interval_minutes", "max_covers")
    there = set(Service.objects.filter(restaurant=restaurant, special_day=None).values_list(*names))
    for service in services.save(commit=False):
        is_new = service.pk is None
        if not is_new or tuple(getattr(service, name) for name in names) not in there:
            service.save()
    since = first_touched(restaurant)
    touched = [one for service, _names in services.changed_objects for one in touched_by_service(service, since)]
    for service in services.deleted_objects:
        touched += touched_by_removing(service, since)
        service.delete()
    return touched


def _show_hours(restaurant: Restaurant) -> None:
    """Show diners the opening hours that were read, where none are shown yet."""
    if not restaurant.hours_text or OpeningPeriod.objects.filter(restaurant=restaurant).exists():
        return
    for period in _understood(restaurant, restaurant.hours_text).periods:
        OpeningPeriod.objects.create(restaurant=restaurant, day=period.day, opens=period.opens, closes=period.closes)
