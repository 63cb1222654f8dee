"""Which restaurant a new menu is of: from the address, as the only one of the user's, or asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from menus.admin import scope
from menus.forms import RowSelect
from menus.models import Menu
from reservations import access
from reservations.models import Restaurant
from reservations.numbers import read_number

if TYPE_CHECKING:
    _ChoiceField = forms.ModelChoiceField[Restaurant]
else:
    # Django's class takes no type arguments while running.
    _ChoiceField = forms.ModelChoiceField

_FILTER = "restaurant__id__exact"


class _ChooseForm(forms.Form):
    def __init__(self, *args: Any, request: HttpRequest) -> None:
        super().__init__(*args)
        self.fields["restaurant"] = _ChoiceField(
            scope.restaurants(request, scope.ADD_MENU),
            widget=RowSelect(Menu._meta.get_field("restaurant"), admin.site),
            label=gettext_lazy("Restaurant"),
            error_messages={"invalid_choice": gettext_lazy("There is no such restaurant.")},
        )


def asked(request: HttpRequest) -> Restaurant | None:
    """Return the restaurant that the address names, or the list before it, or else the user's only one.

    One where the user may add no menu is none.
    """
    before = parse_qs(request.GET.get("_changelist_filters", "")).get(_FILTER, [""])[0]
    text = request.GET.get("restaurant") or before or str(access.only_restaurant(request.user) or "")
    number = read_number(text)
    return scope.restaurants(request, scope.ADD_MENU).filter(pk=number).first() if number else None


def choose(model_admin: admin.ModelAdmin[Menu], request: HttpRequest) -> HttpResponse:
    """Ask which restaurant it is; the answer comes back as ``?restaurant=``."""
    form = _ChooseForm({"restaurant": "0"} if request.GET.get("restaurant") else None, request=request)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Which restaurant?"),
        "opts": model_admin.opts,
        "form": form,
        "kept": [(name, value) for name, value in request.GET.items() if name != "restaurant"],
        "media": model_admin.media + form.media,
    }
    return TemplateResponse(request, "admin/reservations/choose_restaurant.html", context)
