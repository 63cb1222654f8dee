"""The form's part of a row with a photo: a file that is checked and made anew, and words for who can't see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from restaurant_site.photos import storing
from restaurant_site.photos.making import MAX_BYTES, MIN_SIDE, MOST_MEGAPIXELS, Made, Refusal, RefusedError, make
from restaurant_site.photos.models import WithPhoto
from restaurant_site.photos.photo import Photo

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm

_MEGABYTES = MAX_BYTES // 1024**2

HELP = format_lazy(
    _(
        "A JPEG, PNG or WebP file of at most {megabytes} MB and {megapixels} megapixels. It is turned upright, and "
        "where and when it was taken is removed."
    ),
    megabytes=_MEGABYTES,
    megapixels=MOST_MEGAPIXELS,
)
OFF = _("This site keeps no photos: whoever runs it has to set PHOTOS_URL first.")
AGAIN = _("Choose the photo again: browsers don't keep a chosen file while other fields are mended.")

REFUSED = {
    Refusal.NO_PHOTO: _("This file is no photo that we can read. Choose a JPEG, PNG or WebP file."),
    Refusal.BROKEN: _("This photo is damaged or not complete. Open it, save it anew and choose the new file."),
    Refusal.TOO_MANY_BYTES: _("This file is too large. Choose one of at most %(megabytes)d MB."),
    Refusal.TOO_MANY_PIXELS: _("This photo has too many pixels. Make it smaller: at most %(megapixels)d megapixels."),
    Refusal.TOO_SMALL: _("This photo is too small. Choose one of at least %(pixels)d pixels a side."),
    Refusal.BUSY: _("Other photos are being read right now. Choose it again in a minute."),
}


class PhotoInput(AdminFileWidget):
    """The admin's file input with the photo itself beside it, instead of a file's name."""

    template = "photos/input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"accept": "image/jpeg,image/png,image/webp", **(attrs or {})})

    def is_initial(self, value: object) -> bool:
        """Return whether there is a photo already."""
        return isinstance(value, Photo)

    def format_value(self, value: object) -> Any:
        """Return the photo that is there, for the template."""
        return value if self.is_initial(value) else None

    def render(self, name: str, value: object, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Render from the site's own templates, which a form's renderer does not know."""
        return mark_safe(render_to_string(self.template, self.get_context(name, value, attrs)))  # noqa: S308


class PhotoField(forms.FileField):
    """A file that becomes a `Made` photo; the `Photo` that is there if none came; False where it is to be removed."""

    widget = PhotoInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Photo"), "required": False, "help_text": HELP, **kwargs})

    def to_python(self, data: Any) -> Any:
        """Make the photo. Raises ValidationError with what to do instead."""
        file = super().to_python(data)
        if file is None:
            return None
        try:
            return make(file, file.size)
        except RefusedError as error:
            bounds = {"megabytes": _MEGABYTES, "megapixels": error.megapixels, "pixels": MIN_SIDE}
            raise forms.ValidationError(REFUSED[error.reason], code=error.reason.name.lower(), params=bounds) from error


class PhotoForm(_ModelForm):
    """The form of a `WithPhoto` row. The photo is stored once everything else on the form is right."""

    photo = PhotoField()

    instance: WithPhoto

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("photo"):
            self.initial["photo"] = self.instance.photo
            if not storing.is_on():
                field.disabled, field.help_text = True, OFF

    def clean(self) -> dict[str, Any]:
        """Ask for words with a photo, and drop them with it."""
        data = super().clean() or self.cleaned_data
        photo = data.get("photo")
        if photo is False and "photo_alt" in data:
            data["photo_alt"] = ""
        elif photo and "photo_alt" in data and not data["photo_alt"].strip():
            self.add_error("photo_alt", _("Say in a few words what the photo shows."))
        return data

    def full_clean(self) -> None:
        """Clean, and then store a new photo, or say that it has to be chosen again."""
        super().full_clean()
        made = self.new_photo
        if not made:
            if self.is_bound and not self.errors and self.cleaned_data.get("photo") is False:
                self.instance.set_photo()
            return
        if self.errors:
            self.add_error("photo", AGAIN)
            return
        try:
            storing.keep(made)
        except storing.AwayError:
            self.add_error("photo", _("The photo could not be stored right now. Everything else is fine: try again."))
        else:
            self.instance.set_photo(made.name, made.width, made.height)

    @property
    def new_photo(self) -> Made | None:
        """The photo that came with the form and is fit to be kept."""
        found = getattr(self, "cleaned_data", {}).get("photo")
        return found if isinstance(found, Made) else None

    def say_again(self) -> None:
        """Say that the photo has to be chosen again, where something beside this form is to be mended."""
        if self.new_photo:
            self.add_error("photo", AGAIN)
