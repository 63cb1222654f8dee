"""The admin's classes that show and change only what a user's roles allow; every admin of the site begins with this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from reservations import access
from reservations.history import trail
from reservations.history.trail import Event, by_staff
from reservations.models import Restaurant, User

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[M]):
        """Django's class, which can't be subscripted."""


Link = tuple[str, str]
"""An address and its label."""

Deed = tuple[str, Model, Mapping[str, Any]]
"""The kind of an event, the row that it is about, and its changes, in which nothing is personal."""

_NEVER_ASKED = frozenset({"password", "browser", "idempotency_key", "link_key", "session_mark"})


def tell(user: User, place: int, deeds: Iterable[Deed]) -> None:
    """Write what a member of staff did into the history of a restaurant by number, in the transaction that does it."""
    events = [Event(kind, str(row._meta.model_name), row.pk, None, changes) for kind, row, changes in deeds]
    trail.note(place, events, by_staff(user), timezone.now())


class ScopedAdmin(_ModelAdmin[M]):
    """An admin whose rows, and the choices of whose forms, are of the user's restaurants.

    Lists, object pages, searches, autocompletes, exports and actions read
    `get_queryset`; each object is asked for with its restaurant. Whatever is
    added, changed or deleted stands in the restaurant's history, with who did
    it and the names of the fields, never with what they hold.
    """

    told_by_rules: ClassVar[frozenset[str]] = frozenset()
    """What is left to the write rules to tell: of "added", "changed" and "deleted"."""

    def permission(self, verb: str) -> str:
        """Return the full name of a permission on this model."""
        return f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"

    def allowed(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        """Return whether the user may do something to an object, or without one to any row at all."""
        permission = self.permission(verb)
        if not access.is_by_role(permission):
            return request.user.has_perm(permission)
        place = access.place_of(obj)
        if place is None:
            return access.may_anywhere(request.user, permission)
        return access.may(request.user, permission, place)

    def object_links(self, request: HttpRequest, obj: M) -> list[Link]:
        """Return the buttons that stand above an object's form: what can be done with it."""
        return []

    def related_links(self, request: HttpRequest, obj: M) -> list[Link]:
        """Return the links to lists of what belongs to an object."""
        return []

    def form_context(self, request: HttpRequest, obj: M) -> dict[str, Any]:
        """Return what the page of an object's form shows besides."""
        return {"object_links": self.object_links(request, obj), "related_links": self.related_links(request, obj)}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let no list be filtered by a secret, which could be guessed a letter at a time; Django asks for relations."""
        if not _NEVER_ASKED.isdisjoint(lookup.split("__")):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Return the model's own order where the admin has none: rows that are counted lose it otherwise."""
        return super().get_ordering(request) or self.opts.ordering

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Return the rows that the user may see."""
        return access.visible(super().get_queryset(request), request.user)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list that is shown; a year that no calendar has is refused as any other condition that is none."""
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, ValueError) as error:
            # Django 5.2 fails on the last year of the calendar and on what lies behind it.
            raise IncorrectLookupParameters(error) from error

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """Return the object of a page, which is about its restaurant from then on. An empty field asks for none."""
        found = super().get_object(request, object_id, from_field or None)
        access.enter(request.user, access.place_of(found))
        return found

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Return whether the user may see an object, or any."""
        return self.allowed(request, "view", obj) or self.allowed(request, "change", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may add rows at any restaurant."""
        return self.allowed(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Return whether the user may change an object, or any."""
        return self.allowed(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Return whether the user may delete an object, or any."""
        return self.allowed(request, "delete", obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user sees anything of this model: the pages of other models don't count."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer, and accept, rows of the restaurants where the user may change this model."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        self._bound(field, request)
        return field

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField[Any] | None:
        """Offer, and accept, rows of the restaurants where the user may change this model."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        self._bound(field, request)
        return field

    def _bound(self, field: forms.Field | None, request: HttpRequest) -> None:
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            field.queryset = access.within(field.queryset, request.user, self.permission("change"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        """Begin with the restaurant of a user who belongs to one alone; what is no row's number is left out."""
        only = access.only_restaurant(request.user)
        found: dict[str, str | list[str]] = {"restaurant": str(only)} if only else {}
        for name, value in super().get_changeform_initial_data(request).items():
            is_number = isinstance(value, str) and value.isdecimal() and len(value) < 19
            if is_number or name not in self._relations():
                found[name] = value
        return found

    def _relations(self) -> set[str]:
        return {field.name for field in self.opts.get_fields() if field.many_to_one}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm[M]]:
        """Let rows be edited in a list only where the user may change them."""
        model_admin = self

        class Bounded(super().get_changelist_form(request, **kwargs)):  # type: ignore[misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                if not model_admin.allowed(request, "change", self.instance):
                    for field in self.fields.values():
                        field.disabled = True

        return Bounded

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        """Add `form_context`."""
        if obj is not None:
            context |= self.form_context(request, obj)
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        """Save what the user may add or change at the restaurant that the object has now; a list edits rows of many.

        Raises PermissionDenied.
        """
        if not self.allowed(request, "change" if change else "add", obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Iterable[Any], add: bool = False
    ) -> Any:
        """Keep which fields and which lines differ, for the history."""
        lines = [formset.prefix for formset in formsets or () if formset.has_changed()]
        vars(request)["told"] = sorted({*form.changed_data, *lines})
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Write the admin's own log, and the history."""
        self.tell(request, "added", [obj])
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Write the admin's own log, and the history."""
        self.tell(request, "changed", [obj], vars(request).pop("told", None))
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        """Delete, and write the history; the caller has opened a transaction."""
        self.tell(request, "deleted", [obj])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete, and write the history, in one transaction."""
        with transaction.atomic():
            self.tell(request, "deleted", queryset)
            super().delete_queryset(request, queryset)

    def tell(self, request: HttpRequest, kind: str, objs: Iterable[Any], names: list[str] | None = None) -> None:
        """Write what was done to rows into their restaurants' histories, unless a write rule does."""
        if kind in self.told_by_rules or not isinstance(request.user, User):
            return
        deeds: dict[int, list[Deed]] = {}
        for obj in objs:
            place = access.place_of(obj)
            # With a restaurant its history goes.
            if place is None or (kind == "deleted" and isinstance(obj, Restaurant)):
                continue
            deeds.setdefault(place, []).append((kind, obj, {"told": names} if names else {}))
        for place, found in deeds.items():
            tell(request.user, place, found)
