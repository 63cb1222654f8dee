"""Forms with which staff edit menus: ticks instead of JSON, and choices that say where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from menus.labels import Allergen, Diet
from menus.models import Dish, Menu, Section
from menus.text import one_line
from reservations.choices import Choices
from restaurant_site.photos.forms import PhotoForm

if TYPE_CHECKING:
    ChoiceField = forms.ModelChoiceField[Model]
else:
    # Django's classes take no type arguments while running.
    ChoiceField = forms.ModelChoiceField

LABELS = 40
"""How many other labels a dish may have."""


class LinesField(forms.CharField):
    """A list of short texts, one a line; blank lines and repetitions are left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": forms.Textarea(attrs={"rows": 4}), "max_length": 4000, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Return the lines of a list; what a person typed comes back as typed."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the list of lines. Raises ValidationError for more than `LABELS` of them."""
        lines = dict.fromkeys(one_line(line) for line in super().clean(value).splitlines())
        lines.pop("", None)
        if len(lines) > LABELS:
            raise forms.ValidationError(_("Use at most %(most)s lines."), params={"most": LABELS})
        return list(lines)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the text, since the initial value is a list."""
        shown = self.prepare_value(initial) or ""
        return super().has_changed(shown, (data or "").replace("\r\n", "\n"))


class DishForm(PhotoForm):
    """A dish, its allergens and diets as boxes to tick."""

    allergens = forms.MultipleChoiceField(
        label=_("allergens"), choices=Allergen.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    diets = forms.MultipleChoiceField(
        label=_("diets"), choices=Diet.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    other_labels = LinesField(
        label=_("other labels"), required=False, help_text=_("One a line, such as pork or sweeteners.")
    )

    class Meta:
        model = Dish
        fields: ClassVar = [
            "section",
            "name",
            "description",
            "photo_alt",
            "price",
            "price_note",
            "allergens",
            "diets",
            "other_labels",
            "is_available",
            "position",
        ]


def path_of(row: Model) -> str:
    """Return a menu or section with everything above it: thousands are called “Starters”."""
    if isinstance(row, Section):
        return f"{row.restaurant} › {row.menu} › {row}"
    return f"{row.restaurant} › {row}" if isinstance(row, Menu) else str(row)


def with_path(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return menus or sections with what `path_of` reads of them, in the order of the paths."""
    if rows.model is Section:
        rows = rows.select_related("restaurant", "menu")
        return rows.order_by("restaurant__name", "restaurant", "menu__position", "position", "pk")
    return rows.select_related("restaurant").order_by("restaurant__name", "restaurant", "position", "pk")


class PathChoiceField(ChoiceField):
    """A choice of a menu or section, shown by its path."""

    def label_from_instance(self, obj: Model) -> str:
        """Return the path."""
        return path_of(obj)


class RowSelect(AutocompleteSelect):
    """The admin's autocomplete, which in Django 5.2 fails on what is no number; here it is no choice."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        """Show what is chosen, if it can be a row at all."""
        numbers = [text for text in value if str(text).isascii() and str(text).isdigit() and len(str(text)) <= 18]
        return super().optgroups(name, numbers or [""], attr)


class PathSelect(RowSelect):
    """The admin's autocomplete, asking `PathOptions`."""

    url_name = "%s:menus_options"


class PathOptions(Choices):
    """Answers with menus or sections by their path, checking the same permission as the admin's own view."""

    def process_request(self, request: HttpRequest) -> Any:
        """Return what is asked. Raises PermissionDenied for a field that holds neither: it has no path."""
        found = super().process_request(request)
        if found[1].model not in (Menu, Section):
            raise PermissionDenied
        return found

    def get_queryset(self) -> QuerySet[Any]:
        """Read what the path needs along with the rows."""
        return with_path(super().get_queryset())

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        """Return one option as select2 wants it."""
        return {"id": str(obj.pk), "text": path_of(obj)}
