"""The field of a restaurant's accent: a colour in any usual spelling, with the browser's own picker beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.forms.widgets import Script

from restaurant_site import colours


class AccentInput(AdminTextInputWidget):
    """A text, because a browser's picker can't be empty; the script puts the picker beside it."""

    class Media:
        css: ClassVar = {"all": ("css/admin_accent.css",)}
        js = (Script("js/admin_accent.js", defer=True),)

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        kept = {"size": 10, "spellcheck": "false", "autocomplete": "off", "placeholder": "#1f5a48", "data-accent": ""}
        super().__init__({**kept, **(attrs or {})})


class AccentField(forms.CharField):
    """A colour such as ``1F5A48``, which becomes ``#1f5a48``; anything else is left for the model to refuse."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "widget": AccentInput})

    def to_python(self, value: Any) -> str:
        """Return the colour as it is kept."""
        text = super().to_python(value) or ""
        return colours.written(text) or text
