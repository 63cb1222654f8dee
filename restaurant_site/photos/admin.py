"""The admin's part of a row with a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from restaurant_site.photos.forms import PhotoForm
from restaurant_site.photos.models import WithPhoto

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object


class PhotoAdmin(_ModelAdmin):
    """Shows the photo where nobody may change it, and asks for it again after an error elsewhere on the page.

    Stands ahead of the site's own admin class; the form is a `PhotoForm`.
    """

    @property
    def media(self) -> Media:
        """Add the sheet of the photo's field."""
        return super().media + Media(css={"all": ["css/admin_photos.css"]})

    @admin.display(description=_("photo"))
    def photo(self, obj: WithPhoto) -> SafeString | str:
        """Return the photo, small."""
        if obj.photo is None:
            return "–"
        return mark_safe(render_to_string("photos/preview.html", {"photo": obj.photo}))  # noqa: S308 - escaped there

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Ask for a photo again that the browser will not send a second time."""
        form = context["adminform"].form
        if isinstance(form, PhotoForm) and context.get("errors"):
            form.say_again()
        return super().render_change_form(request, context, *args, **kwargs)
