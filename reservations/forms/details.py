"""The form of who comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reservations.engine.booking import Details
from reservations.models import Reservation, normalise_email
from reservations.models.venue import MAX_PARTY

if TYPE_CHECKING:
    ReservationForm = forms.ModelForm[Reservation]
else:
    # Django's own class takes no type at run time.
    ReservationForm = forms.ModelForm


def clean_phone(text: str, country: str) -> str:
    """Return a phone number in international form (E.164), or an empty string for an empty one.

    A number without a country code is read as one of the restaurant's country
    (ISO 3166, may be empty). Raises ValidationError with an example.
    """
    text = text.strip()
    if not text:
        return ""
    message = _("This is not a phone number that can be called. Begin with the country code, such as +49 30 1234567.")
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(message) from error
    # Possible, not valid: numbering plans change faster than any list of them.
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not possible or number.extension:
        raise ValidationError(message)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class LinesField(forms.CharField):
    """Text of several lines, whose line breaks count as one character each, as the browser counts them."""

    def to_python(self, value: Any) -> str:
        """Return the text with the line breaks of Unix."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")


_BOOKER = ("booker_name", "booker_email")


class DetailsForm(ReservationForm):
    """Who comes, for a hold of a known party size."""

    class Meta:
        model = Reservation
        fields: ClassVar[tuple[str, ...]] = (
            "name",
            "email",
            "phone",
            "occasion",
            "children",
            "high_chairs",
            "dietary_needs",
            "needs_step_free",
            "note",
            "booker_name",
            "booker_email",
        )
        labels: ClassVar = {
            "name": _("Your name"),
            "email": _("E-mail"),
            "phone": _("Phone"),
            "children": _("Children among you"),
            "high_chairs": _("High chairs"),
            "dietary_needs": _("Allergies and dietary needs"),
            "needs_step_free": _("We need step-free access"),
            "note": _("A note for the restaurant"),
            "booker_name": _("Name of whoever books"),
            "booker_email": _("Mail address of whoever books"),
        }
        help_texts: ClassVar = {
            "email": _("The restaurant writes to you here, and nobody else does."),
            "phone": _("In case you are late or the restaurant has a question."),
            "children": "",
        }
        field_classes: ClassVar = {"note": LinesField}
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel", "inputmode": "tel"}),
            "note": forms.Textarea(attrs={"rows": 3}),
            "booker_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "booker_email": forms.EmailInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args: Any, country: str, party: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country, self.party = country, party
        for name in ("name", "email", "phone"):
            self.fields[name].required = True
        if "booker_email" in self.fields and self.data.get("booker_email"):
            # Mails go to the booker, who may not know the guest's address.
            self.fields["email"].required = False
        self.fields["name"].error_messages["required"] = _("Tell the restaurant whom to expect.")
        self.fields["email"].error_messages["required"] = _("Give an address for the confirmation.")
        self.fields["phone"].error_messages["required"] = _("Give a number at which you can be reached.")
        for name in ("children", "high_chairs"):
            if name in self.fields:
                self.fields[name].required = False
                self.fields[name].widget.attrs |= {"min": 0, "max": party, "inputmode": "numeric"}

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The fields about who comes."""
        return [field for field in self.visible_fields() if field.name not in _BOOKER]

    @property
    def booker_fields(self) -> list[forms.BoundField]:
        """The fields about who books for somebody else; most leave them closed."""
        return [field for field in self.visible_fields() if field.name in _BOOKER]

    @property
    def has_booker(self) -> bool:
        """Whether something is told of a booker, or is wrong with it."""
        return any(field.value() or field.errors for field in self.booker_fields)

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_booker_name(self) -> str:
        """Return the booker's name on one line."""
        return " ".join(str(self.cleaned_data["booker_name"]).split())

    def clean_booker_email(self) -> str:
        """Return the booker's address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["booker_email"])

    def clean_email(self) -> str:
        """Return the address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        """Return the number in international form."""
        return clean_phone(self.cleaned_data["phone"], self.country)

    def clean(self) -> dict[str, Any]:
        """Keep children within the covers, and high chairs within the children; a booker has a name and an address."""
        data = super().clean() or {}
        booker = [data.get(name, "") for name in _BOOKER if name not in self.errors]
        if len(booker) == len(_BOOKER) and any(booker) and not all(booker):
            missing = _BOOKER[booker.index("")]
            self.add_error(missing, _("Give both the name and the address of whoever books, or neither."))
        for name in ("children", "high_chairs"):
            if name not in self.errors:
                data[name] = data.get(name) or 0
        children, chairs = data.get("children"), data.get("high_chairs")
        if children is not None and children > self.party:
            self.add_error(
                "children",
                ngettext(
                    "There is %(party)d guest in all, children included.",
                    "There are %(party)d guests in all, children included.",
                    self.party,
                )
                % {"party": self.party},
            )
        elif children is not None and chairs is not None and chairs > children:
            self.add_error("high_chairs", _("There are more high chairs than children. Give both numbers."))
        return data

    def details(self) -> Details:
        """Return the cleaned values; the form must be valid."""
        return Details(**{name: self.cleaned_data[name] for name in self.Meta.fields})

    def draft(self) -> Details:
        """Return what can be kept of a form that may be invalid, cut to what the columns take."""
        kept: dict[str, Any] = {}
        for name in ("name", "email", "phone", "occasion", "dietary_needs", "note", *_BOOKER):
            limit = getattr(Reservation._meta.get_field(name), "max_length", None)
            text = str(self.cleaned_data.get(name) or self.data.get(name, "")).replace("\x00", "")
            kept[name] = text[:limit]
        if kept["occasion"] not in Reservation.Occasion.values:
            kept["occasion"] = ""
        for name in ("children", "high_chairs"):
            # A number that does not go with another is for the guest to put right, not to be lost.
            typed = str(self.data.get(name, "")).strip()
            kept[name] = min(int(typed), MAX_PARTY) if typed.isdecimal() and len(typed) < 10 else 0
        kept["needs_step_free"] = bool(self.cleaned_data.get("needs_step_free"))
        return Details(**kept)


class ToldForm(DetailsForm):
    """What a guest has told already, to be changed; with the version of the reservation that the page has shown."""

    sequence = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), _("Please send the form once more.")
        ),
    )
