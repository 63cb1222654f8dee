"""The last page: who finds the restaurant and books there."""

from __future__ import annotations

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.models import Restaurant
from reservations.models.venue import new_link_key
from restaurant_site.guide.missing import lacks
from restaurant_site.guide.page import log, onward, show
from restaurant_site.guide.steps import Step, address

Visibility = Restaurant.Visibility


class OpenForm(forms.Form):
    """Draft, private or public, and whether diners can book."""

    visibility = forms.ChoiceField(
        label=gettext_lazy("Who finds the restaurant"), choices=Visibility.choices, widget=forms.RadioSelect
    )
    takes_bookings = forms.BooleanField(label=gettext_lazy("Diners can book online"), required=False)


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show how open the restaurant is; by POST change that, or draw another private link."""
    if request.method == "POST" and "_new_link" in request.POST:
        with transaction.atomic():
            locked = Restaurant.objects.select_for_update().get(pk=restaurant.pk)
            if locked.visibility == Visibility.PRIVATE:
                locked.link_key = new_link_key()
                locked.save()
                log(request, locked, _("Another private link; the one before is dead."))
        return redirect(address(Step.OPEN, restaurant))
    is_on = restaurant.online_booking == Restaurant.Booking.ON
    initial = {"visibility": restaurant.visibility, "takes_bookings": is_on}
    form = OpenForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        _open(request, restaurant.pk, Visibility(form.cleaned_data["visibility"]), form.cleaned_data["takes_bookings"])
        # It stays here, where the link is shown.
        return onward(request, Step.OPEN, restaurant, stay="_back" not in request.POST)
    path = reverse("restaurant", args=(restaurant.address,))
    return show(
        request,
        Step.OPEN,
        restaurant,
        "open.html",
        form=form,
        bound=form.is_bound,
        lacks=lacks(restaurant),
        is_private=restaurant.visibility == Visibility.PRIVATE,
        is_draft=restaurant.visibility == Visibility.DRAFT,
        link=request.build_absolute_uri(path),
        preview=reverse("preview", args=(restaurant.pk,)),
    )


def _open(request: HttpRequest, pk: int, visibility: Visibility, takes_bookings: bool) -> None:
    with transaction.atomic():
        restaurant = Restaurant.objects.select_for_update().get(pk=pk)
        before = restaurant.visibility
        restaurant.is_published = visibility == Visibility.PUBLIC
        if visibility == Visibility.PRIVATE:
            # One that was private before it was public is so again by the link that people have.
            restaurant.link_key = restaurant.link_key or new_link_key()
        elif visibility == Visibility.DRAFT:
            restaurant.link_key = ""
        if takes_bookings:
            restaurant.online_booking = Restaurant.Booking.ON
        elif restaurant.online_booking == Restaurant.Booking.ON:
            restaurant.online_booking = Restaurant.Booking.OFF
        restaurant.save()
        if before != visibility:
            log(request, restaurant, _("Visibility: %(state)s.") % {"state": visibility.label})
