"""The form of a menu: when it applies, when it goes live, and what it replaces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from menus.models import EVERY_DAY, Menu, MenuService
from reservations.engine.slots import local_moment
from reservations.models import Restaurant, Service
from reservations.numbers import read_number

if TYPE_CHECKING:
    MenuModelForm = forms.ModelForm[Menu]
else:
    # Django's class takes no type arguments while running.
    MenuModelForm = forms.ModelForm

_YEARS = range(2000, 2101)


class WallTimeField(forms.DateTimeField):
    """A date and time of a restaurant's wall clock, as a naive datetime; `to_moment` makes it a moment."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"widget": widget, **kwargs})

    def to_python(self, value: Any) -> dt.datetime | None:
        """Return the wall time. Raises ValidationError for what is none of this century."""
        found = super().to_python(value)
        if found is None:
            return None
        if found.year not in _YEARS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found.replace(tzinfo=None)


def to_moment(wall: dt.datetime, restaurant: Restaurant) -> dt.datetime:
    """Return the UTC moment of a restaurant's wall time; of a skipped one the change itself, of a double its first."""
    return local_moment(wall.date(), wall.time(), restaurant.timezone)


def to_wall(moment: dt.datetime, restaurant: Restaurant) -> dt.datetime:
    """Return the naive wall time of a moment at a restaurant, to the minute."""
    return moment.astimezone(restaurant.zone).replace(tzinfo=None, second=0, microsecond=0)


class DaysField(forms.TypedMultipleChoiceField):
    """Seven boxes to tick for a mask in which Monday is bit 0; without a tick it is every day."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=sorted(WEEKDAYS.items()), coerce=int, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the ticked days of a mask."""
        if not isinstance(value, int):
            return value
        return [] if value == EVERY_DAY else [day for day in range(7) if value & (1 << day)]

    def clean(self, value: Any) -> Any:
        """Return the mask."""
        return sum(1 << day for day in super().clean(value)) or EVERY_DAY

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the ticks."""
        return super().has_changed(self.prepare_value(initial), data)


class MenuForm(MenuModelForm):
    """A menu. It stays with its restaurant, since its sections and dishes name the restaurant too."""

    weekdays = DaysField(label=_("Weekdays"), help_text=_("Nothing ticked: every day."))
    at_services = forms.MultipleChoiceField(
        label=_("Services"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Diners see the menu first while one of these runs or comes next. Nothing ticked: all day."),
    )
    goes_live_at = WallTimeField(
        label=_("Goes live"),
        required=False,
        help_text=_("In the restaurant's own time. A published menu is seen from then on. Empty: at once."),
    )

    class Meta:
        model = Menu
        fields: ClassVar = [
            "restaurant",
            "name",
            "title",
            "note",
            "position",
            "is_published",
            "goes_live_at",
            "replaces",
            "weekdays",
            "valid_from",
            "valid_until",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self._offer(service_names(self._chosen()))
            return
        # Disabled instead of left out: a field that is left out would not be
        # part of the check that no two menus of a restaurant share a name.
        if "restaurant" in self.fields:
            self.fields["restaurant"].disabled = True
        if self.instance.goes_live_at:
            self.initial["goes_live_at"] = to_wall(self.instance.goes_live_at, self.instance.restaurant)
        self.initial["at_services"] = names_of(self.instance)
        self._offer([*self.initial["at_services"], *service_names(self.instance.restaurant_id)])
        if isinstance(replaced := self.fields.get("replaces"), forms.ModelChoiceField):
            replaced.queryset = Menu.objects.filter(restaurant_id=self.instance.restaurant_id).exclude(
                pk=self.instance.pk
            )

    def _offer(self, names: list[str]) -> None:
        if isinstance(field := self.fields.get("at_services"), forms.MultipleChoiceField):
            field.choices = [(name, name) for name in _distinct(names)]

    def _chosen(self) -> int:
        """Return the number of the restaurant of a menu that is still to be made, or 0 as long as none is chosen."""
        field = self.fields.get("restaurant")
        text = str(self["restaurant"].value() or "") if field else ""
        if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
            return 0
        # One that the user may not choose has no services here.
        found = field.queryset.filter(pk=read_number(text)).first()
        return found.pk if found else 0

    def clean(self) -> dict[str, Any]:
        """Make the wall time a moment, in the zone of the restaurant."""
        data = super().clean() or {}
        restaurant = data.get("restaurant") or (self.instance.restaurant if self.instance.pk else None)
        if data.get("goes_live_at") and restaurant is not None:
            data["goes_live_at"] = to_moment(data["goes_live_at"], restaurant)
        return data

    def save_services(self) -> None:
        """Save the ticked services; the menu has been saved already."""
        if "at_services" in self.cleaned_data:
            set_services(self.instance, self.cleaned_data["at_services"])


def names_of(menu: Menu) -> list[str]:
    """Return the names of the services at which a menu applies, as they are called now."""
    rows = MenuService.objects.filter(menu=menu).order_by("pk").select_related("service")
    return _distinct(row.service.name if row.service else row.name for row in rows)


def service_names(restaurant_id: int) -> list[str]:
    """Return the names of a restaurant's services, the usual ones first."""
    rows = Service.objects.filter(restaurant_id=restaurant_id).order_by("special_day", "first_seating", "pk")
    names = list(rows.values_list("special_day", "name"))
    return _distinct(name for _day, name in sorted(names, key=lambda row: row[0] is not None))


def set_services(menu: Menu, names: Iterable[str]) -> None:
    """Let a menu apply at the services of these names alone; without any, all day."""
    wanted = {name.casefold(): name for name in names}
    for row in MenuService.objects.filter(menu=menu).select_related("service"):
        name = row.service.name if row.service else row.name
        if wanted.pop(name.casefold(), None) is None:
            row.delete()
        elif row.name != name and not MenuService.objects.filter(menu=menu, name=name).exists():
            row.name = name
            row.save()
    services = Service.objects.filter(restaurant_id=menu.restaurant_id).order_by("special_day", "first_seating", "pk")
    rows = sorted(services, key=lambda service: service.special_day_id is not None)
    for folded, name in wanted.items():
        service = next((row for row in rows if row.name.casefold() == folded), None)
        MenuService.objects.create(restaurant_id=menu.restaurant_id, menu=menu, service=service, name=name)


def _distinct(names: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.casefold(), name)
    return list(found.values())
