"""Inputs that are written in Python: a page of times renders its fields at every look, and a template takes longer."""

from __future__ import annotations

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


class Select(forms.Select):
    """One of some options, which are not in groups."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element."""
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            "<option{}>{}</option>",
            ((flatatt({"value": key, "selected": str(key) == chosen}), label) for key, label in self.choices),
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})), options
        )
