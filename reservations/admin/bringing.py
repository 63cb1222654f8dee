"""Imports of guests and future reservations: the file, its columns, what it would do, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy

from reservations.admin import bringing_pages, bringing_rows
from reservations.admin.base import ReadOnlyAdmin
from reservations.admin.chooser import asked_restaurant, choose_restaurant
from reservations.admin.formats import local_text
from reservations.importing.bookings.problems import problem_text
from reservations.models import BookingImport, ImportRow


@admin.register(BookingImport)
class BookingImportAdmin(ReadOnlyAdmin[BookingImport]):
    """Imports. Their rows remember what was brought over, so that nothing is twice; so nobody deletes one."""

    list_display = ("file_name", "restaurant", "status", "brought", "created_by")
    list_filter = ("status",)
    list_select_related = ("restaurant", "created_by")
    search_fields = ("file_name", "restaurant__name", "restaurant__city")
    ordering = ("-created_at", "-pk")

    @admin.display(description=gettext_lazy("brought"), ordering="created_at")
    def brought(self, obj: BookingImport) -> str:
        """Return when the file was brought, in the restaurant's time."""
        return local_text(obj.created_at, obj.restaurant.zone)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may bring guests and reservations over."""
        return request.user.has_perm(bringing_pages.IMPORT)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the restaurant, then for the file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        if restaurant is None:
            return choose_restaurant(self, request)
        return bringing_pages.upload(self, request, restaurant.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show an import as it is: what it would do, how far it is, or what became of it."""
        return bringing_pages.show(self, request, object_id)

    def get_urls(self) -> list[URLPattern]:
        """Add what is done with an import."""
        pages = {
            "<int:pk>/columns/": ("columns", bringing_pages.columns),
            "<int:pk>/start/": ("start", bringing_pages.start),
            "<int:pk>/run/": ("run", bringing_pages.run),
            "<int:pk>/unplaced.csv": ("unplaced", bringing_rows.download),
            "<int:pk>/rows/<int:row>/": ("row", bringing_rows.place),
        }
        own = []
        for address, (name, page) in pages.items():
            view = _refreshed(self.admin_site, self.admin_site.admin_view(_bound(self, page)))
            own.append(path(address, view, name=f"reservations_bookingimport_{name}"))
        return [*own, *super().get_urls()]


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin[ImportRow]):
    """Rows of imports, to look at; what can be done with one stands on its import's page."""

    list_display = ("line", "batch", "restaurant", "status", "why")
    list_filter = ("status",)
    list_select_related = ("restaurant", "batch")
    search_fields = ("batch__file_name", "restaurant__name")
    ordering = ("-batch", "line")
    fields = ("restaurant", "batch", "line", "status", "why", "what_it_told", "reservation", "guest")
    readonly_fields = ("why", "what_it_told")

    @admin.display(description=gettext_lazy("reason"))
    def why(self, obj: ImportRow) -> str:
        """Return why the row was not brought over."""
        return problem_text(obj.reason) or "–"

    @admin.display(description=gettext_lazy("told"))
    def what_it_told(self, obj: ImportRow) -> str:
        """Return what is kept of the row: nothing once it is settled."""
        return "; ".join(f"{name}: {text}" for name, text in obj.told.items()) or "–"


def _refreshed(site: admin.AdminSite, view: Any) -> Any:
    """Let a page whose script asks load itself anew where nobody is signed in: it leads to the login page, and back."""

    def answer(request: HttpRequest, **numbers: int) -> HttpResponseBase:
        if request.headers.get("HX-Request") == "true" and not site.has_permission(request):
            return HttpResponse(headers={"HX-Refresh": "true"})
        found: HttpResponseBase = view(request, **numbers)
        return found

    return answer


def _bound(model_admin: BookingImportAdmin, page: Any) -> Any:
    def view(request: HttpRequest, **numbers: int) -> HttpResponse:
        answer: HttpResponse = page(model_admin, request, **numbers)
        return answer

    return view
