"""What the admins here share: the restaurant's own time, a second try after a collision, and one restaurant a form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import IntegrityError, connection, models
from django.db.models import Model, QuerySet
from django.forms import Field, Media, ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reservations import access
from reservations.admin.chooser import asked_restaurant, choose_restaurant, chooser_media
from reservations.admin.fields import date_input, time_input
from reservations.admin.filters import RestaurantFilter
from reservations.models import Restaurant
from reservations.scoping import Link, ScopedAdmin

M = TypeVar("M", bound=Model)

MOST_REASONS = 20


class SiteAdmin(ScopedAdmin[M]):
    """An admin whose dates and times are the restaurant's, and which bears others working at the same moment."""

    # A list of every restaurant's rows is counted once, not twice.
    show_full_result_count = False
    list_per_page = 50
    formfield_overrides: ClassVar = {
        models.DateField: {"widget": date_input()},
        models.TimeField: {"widget": time_input()},
        models.URLField: {"assume_scheme": "https"},
    }

    goes_along: ClassVar[tuple[type[Model], ...]] = ()
    """Models whose rows go with a deleted one, though nobody may delete them by themselves."""

    def object_zone(self, obj: M) -> ZoneInfo | None:
        """Return the zone in which an object's times are shown, or None where it belongs to no restaurant."""
        restaurant = obj if isinstance(obj, Restaurant) else getattr(obj, "restaurant", None)
        return restaurant.zone if isinstance(restaurant, Restaurant) else None

    def deletion_refusals(self, request: HttpRequest, objs: Iterable[M]) -> Iterable[str]:
        """Yield why any of the objects must stay, in words that say what to do instead."""
        return ()

    def get_deleted_objects(
        self, objs: Sequence[M] | QuerySet[M], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Ask `deletion_refusals` first; the page shows so many of its answers as a person reads."""
        refusals = list(self.deletion_refusals(request, objs))
        if not refusals:
            deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
            along = {str(model._meta.verbose_name) for model in self.goes_along}
            return deleted, counts, {name for name in lacking if str(name) not in along}, protected
        shown = refusals[:MOST_REASONS]
        if len(refusals) > len(shown):
            shown.append(_("… and %(count)d more.") % {"count": len(refusals) - len(shown)})
        return [], {}, set(), shown

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form, and do it again after a collision."""
        return _again(lambda: super(SiteAdmin, self).changeform_view(request, object_id, form_url, extra_context))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask or delete, and do it again after a collision."""
        return _again(lambda: super(SiteAdmin, self).delete_view(request, object_id, extra_context))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """List, or run an action, and do it again after a collision."""
        return _again(lambda: super(SiteAdmin, self).changelist_view(request, extra_context))

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        """Delete, and learn of a row that refers to it before "deleted" is said, not at the commit."""
        super().delete_model(request, obj)
        _check_now()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete, as `delete_model` does."""
        super().delete_queryset(request, queryset)
        _check_now()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the history in the restaurant's time, and say whose time it is."""
        obj = self.get_object(request, unquote(object_id))
        zone = (self.object_zone(obj) if obj else None) or ZoneInfo("UTC")
        response = super().history_view(request, object_id, {**(extra_context or {}), "zone": zone.key})
        if isinstance(response, TemplateResponse):
            # Rendered here, since the template converts to the zone that is
            # active while it is rendered.
            with timezone.override(zone):
                response.render()
        return response


def _again(view: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer a view whose write collided a second time: now its checks see what the other wrote, and say so.

    The first attempt has been rolled back as a whole, and nothing typed is lost.
    """
    try:
        return view()
    except IntegrityError:
        pass
    try:
        return view()
    except IntegrityError as error:
        # What the page's own form can't send, such as rows that are there as new ones.
        raise BadRequest("The form is not that of the page.") from error


def _check_now() -> None:
    if connection.features.can_defer_constraint_checks:
        connection.check_constraints()


class OwnedAdmin(SiteAdmin[M]):
    """Rows that belong to one restaurant: it is chosen before the form is shown, and stays.

    So the form knows the zone, and every choice in it is the restaurant's own,
    in a list short enough to need no search.
    """

    list_select_related: ClassVar[bool | list[str] | tuple[str, ...]] = ("restaurant",)
    own_choices: ClassVar[tuple[str, ...]] = ()
    """Foreign keys that offer the restaurant's rows alone."""

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Begin with the restaurant."""
        return [RestaurantFilter, *super().get_list_filter(request)]

    @property
    def media(self) -> Media:
        """Add what the choice of a restaurant needs, in the filter and before the form."""
        return super().media + chooser_media()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may add rows: at the restaurant that the address names, if it names one."""
        asked = asked_restaurant(request)
        return self.allowed(request, "add", asked) if asked else super().has_add_permission(request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the restaurant first, unless the address names one (``?restaurant=`` slug or number)."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        if restaurant is None:
            return choose_restaurant(self, request)
        access.enter(request.user, restaurant.pk)
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[M]]:
        """Fix the restaurant, and limit what else is chosen to its own.

        The field stays on the form, disabled: without it Django would not check
        what must be unique within the restaurant.
        """
        form = super().get_form(request, obj, change, **kwargs)
        restaurant = getattr(obj, "restaurant", None) or asked_restaurant(request)
        fields: dict[str, Field] = getattr(form, "base_fields", {})
        if isinstance(field := fields.get("restaurant"), ModelChoiceField):
            field.queryset = Restaurant.objects.filter(pk=restaurant.pk) if restaurant else Restaurant.objects.none()
            field.initial = restaurant.pk if restaurant else None
            field.disabled = True
            _without_buttons(field)
        for name in self.own_choices:
            if isinstance(field := fields.get(name), ModelChoiceField) and field.queryset is not None:
                field.queryset = field.queryset.filter(restaurant=restaurant)
                _without_buttons(field)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        """Leave the restaurant to `get_form`: the address may name it by slug."""
        initial = super().get_changeform_initial_data(request)
        initial.pop("restaurant", None)
        return initial

    def response_add(self, request: HttpRequest, obj: M, post_url_continue: str | None = None) -> HttpResponse:
        """Let "save and add another" stay with the restaurant."""
        response = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST:
            return HttpResponseRedirect(f"{request.path}?restaurant={getattr(obj, 'restaurant_id')}")  # noqa: B009
        return response

    def object_links(self, request: HttpRequest, obj: M) -> list[Link]:
        """Link back to the restaurant."""
        restaurant = getattr(obj, "restaurant", None)
        if not isinstance(restaurant, Restaurant) or not request.user.has_perm("reservations.view_restaurant"):
            return []
        return [(reverse("admin:reservations_restaurant_change", args=(restaurant.pk,)), restaurant.name)]


def _without_buttons(field: ModelChoiceField[Any]) -> None:
    """Take the add and change buttons away: what they add would not be the restaurant's."""
    if isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget.can_add_related = False
        field.widget.can_change_related = False
        field.widget.can_delete_related = False


class ReadOnlyAdmin(OwnedAdmin[M]):
    """Rows that the write rules alone make, change and remove."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Refuse."""
        return False


def keys(objs: Iterable[Any]) -> Any:
    """Return what an ``__in`` takes: a subquery for a queryset, however many rows it has."""
    return objs.values("pk") if isinstance(objs, QuerySet) else [obj.pk for obj in objs]


def counted(objs: Iterable[M], rows: QuerySet[Any], name: str) -> Iterator[tuple[M, int]]:
    """Yield each of objs to which rows refer by a column, with how many do, in one statement beside that of objs."""
    found = dict(rows.filter(**{f"{name}__in": keys(objs)}).order_by().values_list(name).annotate(models.Count("pk")))
    for obj in objs:
        if number := found.get(obj.pk):
            yield obj, number
