"""The forms of who has lost a link, and of who waits for one."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from reservations.models import normalise_email
from restaurant_site.typed import plain_reference


class AddressForm(forms.Form):
    """The address that the button to confirm is written to."""

    email = forms.EmailField(
        label=_("E-mail"),
        # As long as the column.
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Give an address for the confirmation.")},
    )

    def clean_email(self) -> str:
        """Return the address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["email"])


class FindForm(forms.Form):
    """The reference of a reservation, and the address that it was booked with."""

    reference = forms.CharField(
        label=_("Reference"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Give the reference: nine letters and digits, such as 4X8KM2P0A.")},
    )
    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Give the address that you booked with.")},
    )

    def clean_reference(self) -> str:
        """Return the reference as it is written in the database, however it was copied or wide it was typed."""
        return plain_reference(str(self.cleaned_data["reference"]))

    def clean_email(self) -> str:
        """Return the address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["email"])
