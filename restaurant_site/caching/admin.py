"""The page of the cache in the admin: the counts of all workers, the outbox, and ending a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from restaurant_site.caching.keys import is_tag
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.outbox import changed
from restaurant_site.caching.report import report

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Invalidation]
else:
    _ModelAdmin = admin.ModelAdmin

HOURS = 24


class PurgeForm(forms.Form):
    """Which tag to end."""

    tag = forms.CharField(
        label=gettext_lazy("Tag"),
        max_length=200,
        help_text=gettext_lazy("Such as menu:7, restaurant:7, day:7:2026-12-24, restaurants, or all."),
    )

    def clean_tag(self) -> str:
        """Refuse what is no tag."""
        tag = str(self.cleaned_data["tag"]).strip()
        if not is_tag(tag):
            raise ValidationError(_("A tag is made of words joined by colons, such as menu:7."))
        return tag


@admin.register(Invalidation)
class CacheAdmin(_ModelAdmin):
    """The outbox as a list, under what the cache does. Rows are made and removed by the cache alone."""

    change_list_template = "admin/caching/cache.html"
    list_display = ("created_at", "tags", "confirmed_at")
    list_display_links = None
    search_fields = ("tags",)
    show_full_result_count = False
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the cache; by POST end a tag."""
        form = PurgeForm(request.POST if "tag" in request.POST else None)
        if request.method == "POST" and "tag" in request.POST:
            if not self._may_purge(request):
                raise PermissionDenied
            if form.is_valid():
                changed(form.cleaned_data["tag"])
                messages.success(request, _("Ended: %(tag)s") % {"tag": form.cleaned_data["tag"]})
                return HttpResponseRedirect(request.get_full_path())
            # The list itself takes no form of this kind.
            request.method = "GET"
        context = {
            "title": _("Cache"),
            "report": report(HOURS),
            "form": form,
            "may_purge": self._may_purge(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Invalidation | None:
        """Return the row of an address. An empty field asks for none: Django would look for one without a name."""
        return super().get_object(request, object_id, from_field or None)

    def _may_purge(self, request: HttpRequest) -> bool:
        return request.user.has_perm("caching.change_invalidation")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invalidation | None = None) -> bool:
        """Refuse: rows are not edited. Who has the permission may end tags."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invalidation | None = None) -> bool:
        """Refuse."""
        return False
