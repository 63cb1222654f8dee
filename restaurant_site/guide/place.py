"""The first page: which restaurant it is, where, and how it is reached."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from reservations.admin import pages
from reservations.admin.fields import text_language_field
from reservations.admin.venue import RestaurantAdmin
from reservations.forms import clean_phone
from reservations.importing.countries import (
    country_names,
    currency_of_country,
    zone_of_country,
    zones_of_country,
)
from reservations.models import Restaurant
from reservations.models.venue import SLUG_LENGTH
from restaurant_site.guide.page import ADD, log, onward, show
from restaurant_site.guide.steps import Step

_LATELY = dt.timedelta(minutes=10)
_ATTEMPTS = 5

if TYPE_CHECKING:
    _PlaceForm = forms.ModelForm[Restaurant]
else:
    # Django's own class takes no type at run time.
    _PlaceForm = forms.ModelForm


class PlaceForm(_PlaceForm):
    """Name, address and contact. Time zone and currency are the country's where none is given."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("Empty: the country's. All times of the restaurant are in it."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=settings.LANGUAGES,
        help_text=Restaurant._meta.get_field("language").help_text,
    )
    text_language = text_language_field()
    website = forms.URLField(label=gettext_lazy("Website"), required=False, assume_scheme="https", max_length=200)

    class Meta:
        model = Restaurant
        fields = (
            "name",
            "street",
            "postcode",
            "city",
            "country",
            "timezone",
            "currency",
            "language",
            "text_language",
            "phone",
            "email",
            "website",
        )
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"autocomplete": "organization", "class": "vTextField"}),
            "street": forms.TextInput(attrs={"autocomplete": "address-line1", "class": "vTextField"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "currency": forms.TextInput(attrs={"size": 5, "autocapitalize": "characters"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        }
        help_texts: ClassVar = {
            "currency": gettext_lazy("Three letters, such as EUR. Empty: the country's."),
            "phone": gettext_lazy("Diners call it where they can't book online."),
            "email": gettext_lazy("Answers of guests come here, and notes about bookings of the next day."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].required = False
        self._choices("country", [("", "---------"), *country_names()])
        own = zones_of_country(self["country"].value() or "")
        others = sorted(zoneinfo.available_timezones() - set(own))
        groups: list[Any] = [("", "---------")]
        groups += [(_("of the country"), [(name, name) for name in own])] if own else []
        self._choices("timezone", [*groups, (_("others"), [(name, name) for name in others])])

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_currency(self) -> str:
        """Return the code in capitals, or the country's."""
        code = str(self.cleaned_data["currency"]).strip().upper() or currency_of_country(self._country())
        if not code and self._country():
            raise ValidationError(_("Give the currency of the prices, such as EUR."))
        return code

    def clean_timezone(self) -> str:
        """Return the zone, or the country's where it has one."""
        given = str(self.cleaned_data["timezone"])
        if given or not self._country():
            return given
        if suggested := zone_of_country(self._country()):
            return suggested
        raise ValidationError(_("The clocks of this country don't all show the same: choose the restaurant's zone."))

    def clean_phone(self) -> str:
        """Refuse a number that can't be called; how it is written is up to the restaurant."""
        number = str(self.cleaned_data["phone"]).strip()
        clean_phone(number, self._country())
        return number

    def _country(self) -> str:
        return str(self.cleaned_data.get("country") or "")


def new(request: HttpRequest) -> HttpResponse:
    """Show the page for a restaurant that is not there yet, or make it: as a draft."""
    pages.need(request, ADD)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    return _page(request, None)


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the page of a restaurant, or save it."""
    return _page(request, restaurant)


def _page(request: HttpRequest, restaurant: Restaurant | None) -> HttpResponse:
    initial = {} if restaurant and restaurant.language else {"language": get_language() or settings.LANGUAGE_CODE}
    if restaurant is None:
        initial |= {"text_language": initial["language"]}
    form = PlaceForm(request.POST if request.method == "POST" else None, instance=restaurant, initial=initial)
    if not form.is_valid():
        return show(request, Step.PLACE, restaurant, "place.html", form=form, bound=form.is_bound)
    saved = form.save() if restaurant is not None else _made(request, form)
    if restaurant is not None and form.has_changed():
        log(request, saved, _("Changed in the set-up guide: %(names)s.") % {"names": ", ".join(form.changed_data)})
    return onward(request, Step.PLACE, saved)


def _made(request: HttpRequest, form: PlaceForm) -> Restaurant:
    """Make a restaurant; the same form sent again, as a double click does, gets the same one."""
    told = {name: form.cleaned_data[name] for name in ("name", "street", "city")}
    lately = timezone.now() - _LATELY
    same = Restaurant.objects.filter(**told, is_published=False, link_key="", tables=None, updated_at__gte=lately)
    # Nobody finds it before the last page of the guide says so.
    form.instance.is_published = False
    for _attempt in range(_ATTEMPTS):
        if (there := same.order_by("-pk").first()) is not None:
            return there
        form.instance.slug = free_slug(form.cleaned_data["name"])
        try:
            with transaction.atomic():
                saved = form.save()
        except IntegrityError:
            # Another has taken this slug just now, perhaps this very form.
            continue
        model_admin = cast("RestaurantAdmin", admin.site.get_model_admin(Restaurant))
        model_admin.log_addition(request, saved, [{"added": {}}])
        return saved
    raise IntegrityError("every slug was taken")


def free_slug(name: str) -> str:
    """Return a slug made of a name that no restaurant has; of a name in other letters, a number."""
    base = slugify(name)[: SLUG_LENGTH - 8].strip("-_").replace("_", "-") or "restaurant"
    taken = set(Restaurant.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
