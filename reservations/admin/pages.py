"""What the pages of the floor share: one look, buttons that post, a way back, and what was seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import helpers
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations import access
from reservations.admin.formats import local_text
from reservations.engine.errors import Reason, Refused
from reservations.history.trail import By, by_staff
from reservations.messages.lines import isolated
from reservations.models import Reservation, Restaurant, User
from reservations.scoping import Link

CHANGE = "reservations.change_reservation"
VIEW = "reservations.view_reservation"
METHODS = ("GET", "HEAD", "POST")
ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Button:
    """A form of one button: where it posts, what it says, and what it carries along."""

    address: str
    label: str
    fields: tuple[tuple[str, str], ...] = ()


def staff_of(request: HttpRequest) -> User:
    """Return who is signed in; the admin lets nobody else this far."""
    return cast("User", request.user)


def by(request: HttpRequest) -> By:
    """Return who is signed in as the one who does something."""
    return by_staff(staff_of(request))


def need(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied unless the user has one of the permissions, at the page's restaurant once it is known."""
    access.need(request.user, *permissions)


def restaurant_of(request: HttpRequest, pk: int) -> Restaurant:
    """Return the restaurant that a page is about, or raise Http404 where the user may not see it.

    From then on `need`, and permissions asked for without an object, are about
    it. Raises PermissionDenied where what was needed before is not granted there.
    """
    found = admin.site.get_model_admin(Restaurant).get_queryset(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    access.enter(request.user, found.pk)
    # What the address does not name is this one, for the buttons that add rows: see `chooser.asked_restaurant`.
    vars(request).setdefault("asked_restaurants", {}).setdefault("", found)
    return found


def enter(request: HttpRequest, row: Model) -> None:
    """Say that a page is about a row and its restaurant, as `restaurant_of` does; raises PermissionDenied."""
    access.enter(request.user, access.place_of(row))


def page(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, template: str, title: str, **context: Any
) -> HttpResponse:
    """Render a page of the admin. crumbs, if given, are the links that lead to it."""
    shared = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts, "title": title}
    return TemplateResponse(request, f"admin/reservations/{template}", {**shared, **context})


def form_page(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, form: forms.BaseForm, title: str, **context: Any
) -> HttpResponse:
    """Render a form as the admin renders its own. submit is what its button says, back where else to go."""
    template = context.pop("template", "form_page.html")
    fieldsets = context.pop("fieldsets", [(None, {"fields": list(form.fields)})])
    admin_form = helpers.AdminForm(cast("Any", form), fieldsets, {}, model_admin=model_admin)
    media = model_admin.media + admin_form.media
    return page(model_admin, request, template, title, form=form, adminform=admin_form, media=media, **context)


def back_of(request: HttpRequest, default: str) -> str:
    """Return the admin's page that the request came from, by its own word, or the default."""
    back = request.POST.get("back") or request.GET.get("back") or ""
    is_here = back.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_here else default


def reservation_address(reservation: Reservation, page: str = "change") -> str:
    """Return the address of a reservation's page, or of one of its actions."""
    return reverse(f"admin:reservations_reservation_{page}", args=(reservation.pk,))


def link_to(request: HttpRequest, row: Model, text: str = "") -> SafeString:
    """Return a link to the page of a row, or its name alone where the user may not see it."""
    name = str(row._meta.model_name)
    may = any(request.user.has_perm(f"reservations.{verb}_{name}") for verb in ("view", "change"))
    if not may:
        return format_html("{}", text or row)
    return format_html('<a href="{}">{}</a>', page_of(row), text or row)


def page_of(row: Model) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:reservations_{row._meta.model_name}_change", args=(row.pk,))


def restaurant_crumbs(request: HttpRequest, restaurant: Restaurant, *more: Link) -> list[Link]:
    """Return the way to a restaurant's page, and on."""
    crumbs = [(reverse("admin:reservations_restaurant_changelist"), _("Restaurants"))]
    crumbs.append((reverse("admin:reservations_restaurant_change", args=(restaurant.pk,)), str(restaurant)))
    return [*(crumbs if request.user.has_perm("reservations.view_restaurant") else []), *more]


def reservation_crumbs(reservation: Reservation) -> list[Link]:
    """Return the way to a reservation's page."""
    listed = reverse("admin:reservations_reservation_changelist")
    return [(listed, _("Reservations")), (reservation_address(reservation), str(reservation))]


def covers_text(count: int) -> str:
    """Return a number of covers in words."""
    return ngettext("%(count)d cover", "%(count)d covers", count) % {"count": count}


def names_text(table_ids: Sequence[int], names: dict[int, str]) -> str:
    """Return the names of tables that are known by number: “T4 + T5”, or a dash for none."""
    return " + ".join(isolated(names[pk]) for pk in table_ids if pk in names) or "–"


def state_text(reservation: Reservation, tables: str) -> str:
    """Say how a reservation stands now."""
    status = str(reservation.get_status_display())
    return _("Now: %(status)s, %(start)s, %(covers)s, %(tables)s.") % {
        "status": f"{status}, {_('arrived')}" if standing(reservation) == ARRIVED else status,
        "start": local_text(reservation.starts_at, reservation.restaurant.zone),
        "covers": covers_text(reservation.party_size),
        "tables": tables,
    }


def standing(reservation: Reservation) -> str:
    """Return how a reservation stands in one word: its status, or ARRIVED for who is confirmed and there."""
    arrived = reservation.status == Reservation.Status.CONFIRMED and reservation.arrived_at
    return ARRIVED if arrived else str(reservation.status)


def seen_of(reservation: Reservation) -> str:
    """Return what a page that acts on a reservation has shown of it: its start, party, tables and how it stands."""
    tables = "-".join(map(str, sorted(reservation.table_ids)))
    start = int(reservation.starts_at.timestamp())
    return f"{start}.{reservation.party_size}.{tables}.{standing(reservation)}"


def refuse_stale(request: HttpRequest, reservation: Reservation, done: str | None = None) -> None:
    """Raise `Refused` (CHANGED_MEANWHILE) where the page has shown something else than what is there now.

    Not where the reservation stands as done already: then the rule says so.
    """
    seen = request.POST.get("seen")
    if seen and seen != seen_of(reservation) and standing(reservation) != done:
        raise Refused(Reason.CHANGED_MEANWHILE)
