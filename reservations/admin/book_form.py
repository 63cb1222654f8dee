"""The form with which staff book: who comes, when, and whether the guest is told."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from reservations.admin.when_form import WhenForm
from reservations.forms import DetailsForm
from reservations.models import Restaurant
from reservations.models.venue import MAX_PARTY


class LanguageField(forms.ChoiceField):
    """The language in which a guest is written to; that of the member of staff where none is chosen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Guest's language"),
            required=False,
            choices=settings.LANGUAGES,
            initial=get_language,
            help_text=gettext_lazy("In this language the guest is written to."),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        """Return a language's code."""
        return str(super().clean(value) or get_language() or settings.LANGUAGE_CODE)


class BookForm(WhenForm, DetailsForm):
    """A party, a local date and time, and who comes. Of the guest, the name alone is required."""

    party_size = forms.IntegerField(
        label=gettext_lazy("Party size"),
        min_value=1,
        max_value=MAX_PARTY,
        error_messages={"invalid": gettext_lazy("Give the number of guests in digits, such as 2.")},
    )
    language = LanguageField()
    tell = forms.BooleanField(
        label=gettext_lazy("Tell the guest by mail"),
        required=False,
        initial=True,
        help_text=gettext_lazy("A confirmation now and a reminder later, where an e-mail is given."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    class Meta(DetailsForm.Meta):
        labels: ClassVar = {
            **DetailsForm.Meta.labels,
            "name": gettext_lazy("Name"),
            "children": gettext_lazy("Children among them"),
            "needs_step_free": gettext_lazy("Step-free access needed"),
            "note": gettext_lazy("Note"),
        }
        help_texts: ClassVar = {"email": "", "phone": "", "children": ""}

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, restaurant=restaurant, country=restaurant.country, party=MAX_PARTY, **kwargs)
        for name in ("email", "phone"):
            self.fields[name].required = False
        self.fields["name"].error_messages["required"] = _("Say under which name the party comes.")

    def clean(self) -> dict[str, Any]:
        """Bound the children by the party."""
        self.party = self.cleaned_data.get("party_size") or MAX_PARTY
        return super().clean()

    def wanted_party(self) -> int:
        """Return how many come."""
        return int(self.cleaned_data["party_size"])

    def wanted_step_free(self) -> bool:
        """Return whether they need step-free access."""
        return bool(self.cleaned_data["needs_step_free"])
