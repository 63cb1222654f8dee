"""The choice of one restaurant among thousands: from the address, or by a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from reservations import access
from reservations.models import Area, Restaurant
from reservations.numbers import read_number

if TYPE_CHECKING:
    from reservations.admin.base import OwnedAdmin

    _ChoiceField = forms.ModelChoiceField[Restaurant]
else:
    _ChoiceField = forms.ModelChoiceField

FILTER = "restaurant__id__exact"
"""The parameter by which lists are limited to one restaurant."""

_LONGEST = 120


class RestaurantField(_ChoiceField):
    """A restaurant, searched by name, city or slug."""

    def __init__(self, **kwargs: Any) -> None:
        # Any foreign key to a restaurant will do: the widget only asks it for
        # the model that is searched.
        source = Area._meta.get_field("restaurant")
        super().__init__(
            Restaurant.objects.all(), widget=AutocompleteSelect(source, admin.site), label=_("Restaurant"), **kwargs
        )


class ChooseForm(forms.Form):
    """The question that comes before a form of one restaurant's."""

    restaurant = RestaurantField(error_messages={"invalid_choice": _("There is no such restaurant.")})


class FilterForm(forms.Form):
    """The same question beside a list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[FILTER] = RestaurantField(required=False)


def chooser_media() -> forms.Media:
    """Return the scripts and styles of the search."""
    return ChooseForm().media


def find_restaurant(text: str, user: access.AnyUser) -> Restaurant | None:
    """Return the restaurant of that number or slug, among those that the user may see."""
    if not text or len(text) > _LONGEST:
        return None
    by_number = Q(pk=read_number(text))
    matches = list(access.restaurants_of(user).filter(by_number | Q(slug=text))[:2])
    # A slug may consist of digits: the number is what the admin's own links carry.
    return next((match for match in matches if str(match.pk) == text), matches[0] if matches else None)


def asked_restaurant(request: HttpRequest) -> Restaurant | None:
    """Return the restaurant that the address names, or the one that the list was limited to before.

    One that the user may not see is none. Where nothing is asked, it is the only
    one that the user belongs to.
    """
    asked = request.GET.get("restaurant")
    if asked is None:
        filters = parse_qs(request.GET.get("_changelist_filters", ""))
        asked = filters.get(FILTER, [""])[0]
    # Every button of a page asks again.
    known: dict[str, Restaurant | None] = vars(request).setdefault("asked_restaurants", {})
    if asked not in known:
        known[asked] = find_restaurant(asked or str(access.only_restaurant(request.user) or ""), request.user)
    return known[asked]


def choose_restaurant(model_admin: OwnedAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask which restaurant the new row belongs to; the answer comes back as ``?restaurant=``."""
    opts = model_admin.model._meta
    form = ChooseForm({"restaurant": "0"} if request.GET.get("restaurant") else None)
    context = {
        **admin.site.each_context(request),
        "title": _("Which restaurant?"),
        "opts": opts,
        "form": form,
        "kept": [(name, value) for name, value in request.GET.items() if name != "restaurant"],
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/reservations/choose_restaurant.html", context)
