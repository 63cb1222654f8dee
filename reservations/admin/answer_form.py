"""Forms with which staff answer the request of a large party."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from reservations.admin.when_form import PacingForm, WhenForm
from reservations.engine.errors import Reason
from reservations.forms import LinesField
from reservations.models import BookingRequest


class AnswerForm(forms.Form):
    """What the guest is told besides."""

    answer = LinesField(
        label=gettext_lazy("Answer to the guest"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text=gettext_lazy("It stands in the mail to the guest."),
    )

    def text(self) -> str:
        """Return the answer; the form must be valid."""
        return str(self.cleaned_data["answer"])


class AcceptForm(AnswerForm, PacingForm):
    """The answer to a request that is accepted; whether to exceed pacing is asked where that is what refuses."""

    def __init__(self, *args: Any, reason: Reason | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers_exceeding = self.offers_exceeding or reason == Reason.PACING_FULL


class ProposeForm(AnswerForm, WhenForm):
    """Another time for the party of a request."""

    def __init__(self, *args: Any, row: BookingRequest, **kwargs: Any) -> None:
        self.row = row
        super().__init__(*args, restaurant=row.restaurant, **kwargs)

    def wanted_party(self) -> int:
        """Return how many come."""
        return self.row.party_size

    def wanted_step_free(self) -> bool:
        """Return whether they need step-free access."""
        return self.row.needs_step_free
