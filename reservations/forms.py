"""Forms of the diners' pages. Each says what is wrong and what to do, and keeps what was typed."""

from __future__ import annotations

import datetime as dt
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


class SearchForm(forms.Form):
    """The filter of the home page; a value that can't be read is shown with its error and ignored."""

    q = forms.CharField(label=_("Name"), max_length=80, required=False)
    city = forms.CharField(
        label=_("City"), max_length=100, required=False, widget=forms.TextInput(attrs={"list": "cities"})
    )
    cuisine = forms.CharField(
        label=_("Cuisine"), max_length=60, required=False, widget=forms.TextInput(attrs={"list": "cuisines"})
    )
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False, widget=forms.HiddenInput)

    def clean_cuisine(self) -> str:
        """Return the cuisine as the database spells it: ``ice cream`` is ``ice_cream``."""
        return str(self.cleaned_data["cuisine"]).strip().lower().replace(" ", "_")


class TimesForm(forms.Form):
    """What to look for: a date, a party, an area (any by default), step-free."""

    date = forms.DateField(
        label=_("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Choose a date."),
            "invalid": _("This is not a date of the calendar. Choose one such as 2027-03-14."),
        },
    )
    party = forms.IntegerField(
        label=_("Guests"),
        min_value=1,
        max_value=MAX_PARTY,
        error_messages={
            "required": _("Say how many of you will come."),
            "invalid": _("Give the number of guests in digits, such as 2."),
            "min_value": _("A table is for at least one guest."),
            "max_value": _("We can't seat that many. Please call the restaurant."),
        },
    )
    area = forms.ChoiceField(label=_("Area"), required=False)
    step_free = forms.BooleanField(label=_("Step-free access"), required=False)

    def __init__(self, *args: Any, restaurant_areas: list[tuple[int, str]], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        area = self.fields["area"]
        assert isinstance(area, forms.ChoiceField)  # noqa: S101 - for the type checker
        area.choices = [("", _("Anywhere")), *((str(pk), name) for pk, name in restaurant_areas)]
        area.error_messages["invalid_choice"] = _("This restaurant has no such area.")
        # Yesterday's service may still seat guests after midnight.
        self.fields["date"].widget.attrs["min"] = (today - dt.timedelta(days=1)).isoformat()

    def clean_date(self) -> dt.date:
        """Refuse a date that is over everywhere in the restaurant's day, yesterday's late service apart."""
        date: dt.date = self.cleaned_data["date"]
        if date < self.today - dt.timedelta(days=1):
            raise ValidationError(_("This day has passed. Choose today or a later date."), code="past")
        if date.year > self.today.year + 10:
            raise ValidationError(_("This date is too far away. Choose an earlier one."), code="far")
        return date

    @property
    def area_id(self) -> int | None:
        """The chosen area, or None for any."""
        return int(self.cleaned_data["area"]) if self.cleaned_data.get("area") else None


_UNREADABLE_START = _("This time can't be read. Please choose it from the list again.")


class HoldForm(TimesForm):
    """One time, as the button of a time sends it: the UTC start besides what was looked for, and the page's key."""

    start = forms.CharField(max_length=40)
    key = forms.CharField(min_length=8, max_length=64)

    def clean_start(self) -> dt.datetime:
        """Return the start as an aware datetime in UTC."""
        try:
            moment = dt.datetime.fromisoformat(self.cleaned_data["start"])
            if moment.tzinfo is None:
                raise ValueError("without an offset")
            return moment.astimezone(dt.UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError(_UNREADABLE_START) from error

    def clean(self) -> dict[str, Any]:
        """Refuse a start that can't belong to its service date, whatever the zone and however late the service."""
        data = super().clean() or {}
        date, start = data.get("date"), data.get("start")
        if date and start and abs(start.date() - date) > dt.timedelta(days=2):
            self.add_error("start", ValidationError(_UNREADABLE_START))
        return data


class LinesField(forms.CharField):
    """Text of several lines, whose line breaks count as one character each, as the browser counts them."""

    def to_python(self, value: Any) -> str:
        """Return the text with the line breaks of Unix."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class DetailsForm(ReservationForm):
    """Who comes, for a hold of a known party size."""

    class Meta:
        model = Reservation
        fields = (
            "name",
            "email",
            "phone",
            "occasion",
            "children",
            "high_chairs",
            "dietary_needs",
            "needs_step_free",
            "note",
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
        }

    def __init__(self, *args: Any, country: str, party: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country, self.party = country, party
        for name in ("name", "email", "phone"):
            self.fields[name].required = True
        self.fields["name"].error_messages["required"] = _("Tell the restaurant whom to expect.")
        self.fields["email"].error_messages["required"] = _("Give an address for the confirmation.")
        self.fields["phone"].error_messages["required"] = _("Give a number at which you can be reached.")
        for name in ("children", "high_chairs"):
            self.fields[name].required = False
            self.fields[name].widget.attrs |= {"min": 0, "max": party, "inputmode": "numeric"}

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_email(self) -> str:
        """Return the address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        """Return the number in international form."""
        return clean_phone(self.cleaned_data["phone"], self.country)

    def clean(self) -> dict[str, Any]:
        """Keep children within the covers, and high chairs within the children."""
        data = super().clean() or {}
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
        for name in ("name", "email", "phone", "occasion", "dietary_needs", "note"):
            limit = getattr(Reservation._meta.get_field(name), "max_length", None)
            text = str(self.cleaned_data.get(name) or self.data.get(name, "")).replace("\x00", "")
            kept[name] = text[:limit]
        if kept["occasion"] not in Reservation.Occasion.values:
            kept["occasion"] = ""
        for name in ("children", "high_chairs"):
            kept[name] = self.cleaned_data.get(name) or 0
        kept["needs_step_free"] = bool(self.cleaned_data.get("needs_step_free"))
        return Details(**kept)
