"""Prices in bulk: how they are to change, what that does to each, then all at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from menus.admin import pages, scope
from menus.locking import StaleError
from menus.models import Menu, Section
from menus.money import decimals, format_money
from menus.pricing import change_prices, digest, price_lines
from menus.raising import Raise, Rounding, Way


class PriceForm(forms.Form):
    """Which prices of a menu change, by what, and to what they are rounded."""

    sections = forms.ModelMultipleChoiceField(
        Section.objects.none(),
        label=gettext_lazy("Sections"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Nothing ticked: the whole menu."),
    )
    by = forms.DecimalField(
        label=gettext_lazy("By"),
        min_value=Decimal(-100_000),
        max_value=Decimal(100_000),
        max_digits=8,
        decimal_places=2,
        localize=True,
        help_text=gettext_lazy("Less than zero lowers the prices: -5."),
    )
    way = forms.ChoiceField(label=gettext_lazy("Of what"), widget=forms.RadioSelect)
    rounding = forms.ChoiceField(label=gettext_lazy("Rounded"))

    def __init__(self, data: Any, *, menu: Menu) -> None:
        super().__init__(data, initial={"way": Way.PERCENT, "rounding": Rounding.TEN})
        currency = menu.restaurant.currency
        if isinstance(sections := self.fields["sections"], forms.ModelMultipleChoiceField):
            sections.queryset = Section.objects.filter(menu=menu).order_by("position", "pk")
        if isinstance(way := self.fields["way"], forms.ChoiceField):
            way.choices = [(Way.PERCENT, _("percent of the price")), (Way.AMOUNT, currency)]
        if isinstance(rounding := self.fields["rounding"], forms.ChoiceField):
            rounding.choices = [(step.value, _rounding_text(step, currency)) for step in Rounding]

    @property
    def how(self) -> Raise:
        """How prices change; the form is valid."""
        data = self.cleaned_data
        return Raise(Way(data["way"]), data["by"], Rounding(data["rounding"]))


def _rounding_text(step: Rounding, currency: str) -> str:
    amount = Decimal(step.value) / (1 if decimals(currency) == 0 else 100)
    if step == Rounding.NINETY:
        ending = str(amount).lstrip("0") if decimals(currency) else str(amount)
        return _("to end in %(ending)s") % {"ending": ending.replace(".9", ".90")}
    return _("to %(amount)s") % {"amount": format_money(amount, currency)}


def show(model_admin: admin.ModelAdmin[Menu], request: HttpRequest, pk: int) -> HttpResponse:
    """Ask how prices are to change, and show what that does; POST does it, if it still is what was shown."""
    scope.need(request, scope.CHANGE_DISH)
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    menu = scope.menu_of(request, pk)
    data = request.POST if request.method == "POST" else request.GET
    form = PriceForm(data or None, menu=menu)
    context: dict[str, Any] = {}
    if form.is_valid():
        keys = [section.pk for section in form.cleaned_data["sections"]]
        if request.method == "POST":
            try:
                count = change_prices(
                    menu=menu, sections=keys, how=form.how, seen=data.get("seen", ""), user=scope.staff_of(request)
                )
            except StaleError:
                context["refused"] = _("Prices were changed meanwhile. Nothing was done: look at the list again.")
            except ValueError:
                context["refused"] = _("A price would be too high. Nothing was done.")
            else:
                said = ngettext("%(count)d price was changed.", "%(count)d prices were changed.", count)
                messages.success(request, said % {"count": count})
                return HttpResponseRedirect(pages.address("menu_change", pk))
        context |= _preview(menu, form, keys)
    return pages.page(
        model_admin,
        request,
        "prices.html",
        _("Change prices"),
        subtitle=str(menu),
        crumbs=pages.menu_crumbs(request, menu),
        form=form,
        back=pages.address("menu_change", pk),
        **context,
    )


def _preview(menu: Menu, form: PriceForm, keys: list[int]) -> dict[str, Any]:
    lines = price_lines(menu, keys, form.how)
    currency = menu.restaurant.currency
    return {
        "previewed": True,
        "lines": [
            (line.dish, format_money(line.old, currency), format_money(line.new, currency), line.too_high)
            for line in lines
        ],
        "too_high": any(line.too_high for line in lines),
        "seen": digest(lines),
        "carried": [
            *(("sections", key) for key in keys),
            *((name, form.data.get(name, "")) for name in ("by", "way", "rounding")),
        ],
    }
