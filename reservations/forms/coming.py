"""Forms of what a party says on its way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LATE_MINUTES = (5, 10, 15, 20, 30, 45, 60)


class LateForm(forms.Form):
    """By how many minutes a party will be late."""

    minutes = forms.TypedChoiceField(
        label=_("Minutes late"),
        coerce=int,
        choices=[(minutes, str(minutes)) for minutes in LATE_MINUTES],
        initial=15,
        error_messages={
            "required": _("Choose how many minutes you will be late."),
            "invalid_choice": _("Choose how many minutes you will be late."),
        },
    )


class FewerForm(forms.Form):
    """How many come, of a party that was booked larger."""

    party = forms.IntegerField(
        label=_("Guests"),
        min_value=1,
        error_messages={
            "required": _("Say how many of you will come."),
            "invalid": _("Give the number of guests in digits, such as 2."),
            "min_value": _("If nobody comes, please cancel the reservation."),
            "max_value": _("Here you can only say that fewer of you come. For more, change the reservation."),
        },
    )

    def __init__(self, *args: Any, booked: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        party = self.fields["party"]
        party.initial = max(1, booked - 1)
        party.widget.attrs |= {"min": 1, "max": booked - 1, "inputmode": "numeric"}
        self.booked = booked

    def clean_party(self) -> int:
        """Refuse what is not fewer."""
        party: int = self.cleaned_data["party"]
        if party >= self.booked:
            raise forms.ValidationError(self.fields["party"].error_messages["max_value"], code="max_value")
        return party
