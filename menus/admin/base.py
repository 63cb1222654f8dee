"""What the admins of menus share: a restaurant's rows alone, choices by their path, and lines of their parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db.models import ForeignKey, Model
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from menus.admin import pages, scope
from menus.forms import PathChoiceField, PathSelect, RowSelect, with_path
from reservations.models import Restaurant
from reservations.scoping import Link, ScopedAdmin

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    from django.forms import ModelChoiceField

    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    # Django's class takes no type arguments while running.
    InlineFormSet = BaseInlineFormSet


class OfRestaurantFormSet(InlineFormSet):
    """Lines that belong to their parent's restaurant."""

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Fill in the restaurant, which the form does not ask for."""
        form.instance.restaurant_id = self.instance.restaurant_id
        return super().save_new(form, commit)


class MenusAdmin(ScopedAdmin[M]):
    """Rows of the restaurants that the user may see, in lists, choices and forged forms alike."""

    show_full_result_count = False
    formfield_overrides: ClassVar = scope.FORM_FIELDS

    def related_links(self, request: HttpRequest, obj: M) -> list[Link]:
        """Return the links to the pages about all of a restaurant's menus."""
        restaurant = getattr(obj, "restaurant", None)
        return pages.restaurant_links(request, restaurant) if isinstance(restaurant, Restaurant) else []

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer the user's restaurants' rows alone; a menu or section by its path, since its name says little."""
        model = db_field.remote_field.model
        if db_field.name in ("menu", "section"):
            kwargs["widget"] = PathSelect(db_field, self.admin_site)
            kwargs["queryset"] = with_path(model._default_manager.all())
            kwargs["form_class"] = PathChoiceField
        elif model is Restaurant:
            # There may be thousands of them.
            kwargs["widget"] = RowSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def list_link(model: str, condition: str, text: str) -> SafeString:
    """Return a link to a list of rows that a condition is true of."""
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:menus_{model}_changelist"), condition, text)
