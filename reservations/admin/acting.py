"""Pages that do one thing to one object: GET asks, POST does it by a write rule, outside any transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.admin import helpers
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from reservations.admin.pages import enter, need, page_of
from reservations.models import Restaurant

if TYPE_CHECKING:
    from reservations.admin.base import M, SiteAdmin

Fieldsets = list[tuple[Any, Any]]


def act_path(model_admin: SiteAdmin[Any], name: str, view: Callable[..., HttpResponse]) -> URLPattern:
    """Return the address ``<pk>/<name>/`` of a view of one object, named ``reservations_<model>_<name>``."""
    view = require_http_methods(["GET", "HEAD", "POST"])(view)
    return path(
        f"<int:pk>/{name}/",
        model_admin.admin_site.admin_view(view),
        name=f"reservations_{model_admin.opts.model_name}_{name}",
    )


def subject(model_admin: SiteAdmin[M], request: HttpRequest, pk: int, permission: str) -> M:
    """Return the object that a page is about; raises PermissionDenied or Http404."""
    need(request, f"reservations.{permission}")
    found = model_admin.get_queryset(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    enter(request, found)
    return found


def to_page_of(row: Model) -> HttpResponseRedirect:
    """Send the browser to a row's page."""
    return HttpResponseRedirect(page_of(row))


def act_page(
    model_admin: SiteAdmin[M],
    request: HttpRequest,
    obj: M,
    *,
    title: str,
    lines: Sequence[str | SafeString],
    button: str = "",
    warning: str = "",
    refused: str = "",
    form: forms.BaseForm | None = None,
    fieldsets: Fieldsets | None = None,
) -> HttpResponse:
    """Ask: what the object is, line by line, a warning, the form if there is one, and the button that does it.

    Without a button nothing can be done (any more); what was typed is shown all the same.
    """
    admin_form = _admin_form(model_admin, form, fieldsets or []) if form is not None else None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "original": obj,
        "lines": lines,
        "button": button,
        "warning": warning,
        "refused": refused,
        "adminform": admin_form,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/reservations/act.html", context)


def add_page(
    model_admin: SiteAdmin[Any],
    request: HttpRequest,
    form: forms.BaseForm,
    fieldsets: Fieldsets,
    title: str,
    place: str,
) -> HttpResponse:
    """Render a form that adds something by a write rule as the admin renders its own."""
    admin_form = _admin_form(model_admin, form, fieldsets)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "subtitle": place,
        "adminform": admin_form,
        "object_id": None,
        "original": None,
        "is_popup": False,
        "to_field": None,
        "media": model_admin.media + admin_form.media,
        "inline_admin_formsets": [],
        "errors": helpers.AdminErrorList(cast("Any", form), []),
        "preserved_filters": "",
    }
    return model_admin.render_change_form(request, context, add=True)


def _admin_form(model_admin: SiteAdmin[Any], form: forms.BaseForm, fieldsets: Fieldsets) -> helpers.AdminForm:
    # Any form will do, whatever the stubs say.
    return helpers.AdminForm(cast("Any", form), fieldsets, {}, model_admin=model_admin)


def place_text(restaurant: Restaurant, again: str) -> SafeString:
    """Say where and in which time, with a way to another restaurant; again is the address that asks for it."""
    return format_html(
        '{} <a href="{}">{}</a>',
        _("%(restaurant)s: dates and times are local, in the zone %(zone)s.")
        % {"restaurant": restaurant, "zone": restaurant.timezone},
        again,
        _("Another restaurant"),
    )
