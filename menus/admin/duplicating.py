"""The page that copies a menu, and the one that shows a menu as diners would see it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from menus.admin import pages, scope
from menus.copying import NameTakenError, copy_menu
from menus.forms import RowSelect
from menus.menu_form import WallTimeField, to_moment
from menus.models import Menu
from menus.queries import card_of
from reservations.models import Restaurant


class CopyForm(forms.Form):
    """Where a copy goes, what it is called, and when diners see it."""

    restaurant = forms.ModelChoiceField(Restaurant.objects.none(), label=gettext_lazy("Restaurant"), empty_label=None)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("Diners read the name of the menu that is copied."),
    )
    goes_live_at = WallTimeField(
        label=gettext_lazy("Goes live"),
        required=False,
        help_text=gettext_lazy("In the restaurant's own time. Empty: it stays a draft."),
    )
    replaces = forms.BooleanField(
        label=gettext_lazy("It then takes the place of the menu that is copied"),
        required=False,
        help_text=gettext_lazy("At the same restaurant alone."),
    )

    def __init__(self, data: Any, *, menu: Menu, request: HttpRequest) -> None:
        name = _("%(name)s (copy)") % {"name": menu.name[:70]}
        super().__init__(data, initial={"restaurant": menu.restaurant_id, "name": name})
        field = self.fields["restaurant"]
        if isinstance(field, forms.ModelChoiceField):
            # There may be thousands of them.
            field.widget = RowSelect(Menu._meta.get_field("restaurant"), admin.site)
            field.widget.choices = field.choices
            field.queryset = scope.restaurants(request, scope.ADD_MENU)

    def clean(self) -> dict[str, Any]:
        """Make the wall time a moment of the restaurant, which is to come."""
        data = super().clean() or {}
        if data.get("goes_live_at") and data.get("restaurant"):
            data["goes_live_at"] = to_moment(data["goes_live_at"], data["restaurant"])
            if data["goes_live_at"] <= timezone.now():
                self.add_error("goes_live_at", _("This time is past. Leave it empty for a draft."))
        return data


def copy(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a menu to one of the user's restaurants."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    scope.need(request, scope.ADD_MENU)
    menu = scope.menu_of(request, pk)
    form = CopyForm(request.POST if request.method == "POST" else None, menu=menu, request=request)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = copy_menu(menu=menu, user=scope.staff_of(request), **data)
        except NameTakenError:
            form.add_error("name", ValidationError(_("This restaurant has a menu of this name.")))
        else:
            messages.success(request, _("“%(menu)s” was copied. This is the copy.") % {"menu": menu})
            if made.restaurant.currency != menu.restaurant.currency:
                messages.warning(request, _("The restaurant has another currency: the prices were left out."))
            return HttpResponseRedirect(pages.address("menu_change", made.pk))
    return pages.page(
        model_admin,
        request,
        "form.html",
        _("Copy the menu"),
        subtitle=str(menu),
        crumbs=pages.menu_crumbs(request, menu),
        form=form,
        media=model_admin.media + form.media,
        submit=_("Copy"),
        back=pages.address("menu_change", pk),
    )


def preview(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Show a menu as diners see it, or will once it is live."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    scope.need(request, scope.VIEW_MENU, scope.CHANGE_MENU)
    menu = scope.menu_of(request, pk)
    context = {
        "original": menu,
        "menu": card_of(menu, timezone.now()),
        "currency": menu.restaurant.currency,
        "state": pages.state_text(menu),
        "back": pages.address("menu_change", pk),
    }
    return render(request, "menus/preview.html", context)
