"""Inputs that are written in Python: a page of times renders its fields at every look, and a template takes longer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class _Plain(forms.widgets.Input):
    """One input, with what Django's own template gives it."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element."""
        widget = self.get_context(name, value, attrs)["widget"]
        given = {"type": widget["type"], "name": widget["name"]}
        if widget["value"] is not None:
            given["value"] = str(widget["value"])
        # Attributes that are None or False are left out, and True stands alone, as in Django's template.
        return format_html("<input{}>", flatatt(given | {k: v for k, v in widget["attrs"].items() if v is not None}))


class NumberInput(_Plain, forms.NumberInput):
    """A number."""


class DateInput(_Plain, forms.DateInput):
    """A date."""


class CheckboxInput(_Plain, forms.CheckboxInput):
    """A box to tick."""


@lru_cache(maxsize=2000)
def _option(value: str, label: str, is_chosen: bool) -> SafeString:
    """Return an option; the same ones, such as the half hours of a day, are asked for again and again."""
    return format_html("<option{}>{}</option>", flatatt({"value": value, "selected": is_chosen}), label)


class Select(forms.Select):
    """One of some options, which are not in groups."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element."""
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "", "{}", ((_option(str(key), str(label), str(key) == chosen),) for key, label in self.choices)
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})), options
        )
