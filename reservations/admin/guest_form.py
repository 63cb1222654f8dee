"""The form of a guest: contacts keep the key by which the guest is found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.pages import page_of
from reservations.forms import LinesField, clean_phone
from reservations.models import Guest, contact_key, normalise_email

if TYPE_CHECKING:
    _GuestForm = forms.ModelForm[Guest]
else:
    _GuestForm = forms.ModelForm

_LONGEST_TAG = 40
_MOST_TAGS = 20


class TagsField(forms.CharField):
    """Words separated by commas, kept as a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Tags"),
            required=False,
            max_length=1000,
            widget=forms.TextInput(attrs={"class": "vTextField"}),
            help_text=gettext_lazy("Separated by commas, such as: regular, window table."),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        """Return the words of a list as they are typed; what was typed stays as it is."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the words, each once, in their order."""
        words = [" ".join(word.split()) for word in str(super().clean(value)).split(",")]
        tags = list(dict.fromkeys(word for word in words if word))
        if len(tags) > _MOST_TAGS or any(len(tag) > _LONGEST_TAG for tag in tags):
            raise ValidationError(_("Use at most 20 tags of at most 40 characters each."))
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other words are typed than the list has."""
        return super().has_changed(self.prepare_value(initial), data)


class GuestForm(_GuestForm):
    """What staff keep of a guest. Once valid, `key` is the key that the contacts give, if they have changed.

    `freed` is a guest merged into this one that has the key until now.
    """

    tags = TagsField()
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    class Meta:
        model = Guest
        fields = ("name", "email", "phone", "tags", "dietary_needs", "notes", "language")
        field_classes: ClassVar = {"notes": LinesField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key: str | None = None
        self.freed: Guest | None = None
        language = self.fields.get("language")
        if isinstance(language, forms.ChoiceField):
            # One that the site has no more stays choosable.
            there = self.instance.language or ""
            language.choices = list({"": "---------", there: there or "---------", **dict(settings.LANGUAGES)}.items())

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_email(self) -> str:
        """Return the address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        """Return the number in international form; one that was there already as it is."""
        phone = str(self.cleaned_data["phone"])
        return phone if phone == self.initial.get("phone") else clean_phone(phone, self.instance.restaurant.country)

    def clean(self) -> dict[str, Any]:
        """Refuse the contact of another guest: those two are one, to be merged."""
        data = super().clean() or {}
        if "email" not in data or "phone" not in data:
            return data
        if (data["email"], data["phone"]) == (self.initial.get("email"), self.initial.get("phone")):
            return data
        self.key = contact_key(data["email"], data["phone"])
        same = Guest.objects.select_related("merged_into").filter(restaurant=self.instance.restaurant_id, key=self.key)
        clash = same.exclude(pk=self.instance.pk).first()
        if clash is not None and clash.merged_into_id == self.instance.pk:
            self.freed = clash
        elif clash is not None:
            other = clash.merged_into or clash
            text = _("This is the contact of {guest}. Merge them instead.")
            link = format_html('<a href="{}">{}</a>', page_of(other), other)
            self.add_error("email" if data["email"] else "phone", ValidationError(format_html(text, guest=link)))
        return data
