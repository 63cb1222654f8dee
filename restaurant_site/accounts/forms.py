"""Forms of the second factor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

_ATTRS = {"autocapitalize": "none", "autocomplete": "one-time-code", "spellcheck": "false", "size": 14}


def _code(label: Any, help_text: Any = "", **attrs: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, max_length=32, widget=forms.TextInput({**_ATTRS, **attrs}))


class CodeForm(forms.Form):
    """A code of the phone that is in use, or a recovery code."""

    code = _code(_("Code"), _("The six digits that the app shows now, or one of your recovery codes."))


class SetUpForm(forms.Form):
    """The first code of a new phone; where there is one already, also a code of that."""

    key = forms.CharField(max_length=400, widget=forms.HiddenInput)
    code = _code(_("Code of the app"), _("Six digits. They change every half minute."), inputmode="numeric")
    current = _code(_("Code of your present phone"), _("Or one of your recovery codes."), autocomplete="off")

    def __init__(self, *args: Any, replaces: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces:
            del self.fields["current"]
