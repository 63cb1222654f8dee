"""Services copied between weekdays, as lines of the guide's page: nothing is saved before somebody has seen them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.fields import WeekdaysField
from reservations.admin.formats import weekdays_text
from reservations.models.hours import EVERY_DAY

MOST = 20
"""So many services stand on the page."""

Line = dict[str, Any]
"""What is typed into a line, by field; None for what can't be read."""


class CopyForm(forms.Form):
    """What is copied, a service or all of a day, and to which days."""

    what = forms.ChoiceField(label=gettext_lazy("What"))
    days = WeekdaysField(label=gettext_lazy("To these days"))

    def __init__(self, data: Any, *, lines: list[Line]) -> None:
        super().__init__(data, prefix="copy")
        self._lines = lines
        named = [
            (f"line.{number}", f"{line['name']} ({weekdays_text(line['weekdays'] or 0)})")
            for number, line in enumerate(lines)
            if line["name"]
        ]
        days = [
            (f"day.{day}", _("All of %(day)s") % {"day": name})
            for day, name in sorted(WEEKDAYS.items())
            if any(_takes_place(line, day) for line in lines)
        ]
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)  # noqa: S101 - for the type checker
        what.choices = [*named, *days]

    def copied(self) -> tuple[list[Line], list[str]]:
        """Return the new lines, and in words what stays as it is; the form must be valid."""
        kind, _dot, number = str(self.cleaned_data["what"]).partition(".")
        chosen = int(number)
        if kind == "line":
            return copied(self._lines, [self._lines[chosen]], self.cleaned_data["days"])
        sources = [line for line in self._lines if _takes_place(line, chosen)]
        return copied(self._lines, sources, self.cleaned_data["days"])


def lines_of(services: Any, names: tuple[str, ...]) -> list[Line]:
    """Return what stands in each line of a formset; one that is to be removed has no name and no day."""
    found = []
    for form in services.forms:
        line = {name: _cleaned(form, name) for name in names}
        if form["DELETE"].value():
            line |= {"name": None, "weekdays": 0}
        found.append(line)
    return found


def days_left(lines: list[Line], one: Line) -> int:
    """Return the days on which no line of that name takes place."""
    taken = 0
    for line in lines:
        if line["name"] and line["name"] == one["name"]:
            taken |= line["weekdays"] or 0
    return EVERY_DAY & ~taken


def copied(lines: list[Line], sources: list[Line], days: int) -> tuple[list[Line], list[str]]:
    """Return the lines that copy the sources to days, and in words what stays: a day keeps a service that it has."""
    new: list[Line] = []
    stays: list[str] = []
    for source in sources:
        free = days & days_left([*lines, *new], source)
        if free:
            new.append({**source, "weekdays": free})
        if days & ~free:
            words = {"name": source["name"], "days": weekdays_text(days & ~free)}
            stays.append(_("“%(name)s” takes place already, and stays as it is: %(days)s.") % words)
    return new, stays


def with_lines(data: Any, services: Any, lines: list[Line]) -> tuple[Any, list[str]]:
    """Return what was typed with lines in those that are still empty and behind them, and in words what had no room."""
    typed = data.copy()
    free = [number for number, form in enumerate(services.forms) if not form.instance.pk and not form["name"].data]
    total = len(services.forms)
    places = [*free, *range(total, MOST)]
    for number, line in zip(places, lines, strict=False):
        total = max(total, number + 1)
        prefix = f"service-{number}"
        for name in ("name", "interval_minutes", "max_covers"):
            typed[f"{prefix}-{name}"] = "" if line[name] is None else str(line[name])
        for name in ("first_seating", "last_seating"):
            typed[f"{prefix}-{name}"] = f"{line[name]:%H:%M}" if line[name] else ""
        typed.setlist(f"{prefix}-weekdays", [str(day) for day in range(7) if (line["weekdays"] or 0) & (1 << day)])
    typed["service-TOTAL_FORMS"] = str(total)
    left_out = [str(line["name"]) for line in lines[len(places) :]]
    text = _("This page holds %(most)d services. There was no room for: %(names)s.")
    return typed, [text % {"most": MOST, "names": ", ".join(left_out)}] if left_out else []


def _takes_place(line: Line, day: int) -> bool:
    return bool(line["name"] and (line["weekdays"] or 0) & (1 << day))


def _cleaned(form: Any, name: str) -> Any:
    field = form.fields[name]
    # Of a page that was not sent, the field's own value stands for what is sent.
    value = form[name].data if form.is_bound else field.prepare_value(form[name].value())
    try:
        return field.clean(value)
    except forms.ValidationError:
        return None
