"""What a party says on its way: that it comes, that it is late, that fewer come."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from reservations.engine import coming
from reservations.engine.errors import Reason, Refused
from reservations.forms import FewerForm, LateForm
from reservations.models import Reservation
from reservations.reasons import diner_text
from reservations.views.methods import post_only
from reservations.views.reservation import by_token, hours_ahead, is_near, reservation_page, unknown


@never_cache
@post_only
def say_coming(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Note that the party comes; saying it again changes nothing."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    if answer := _not_now(request, found, token):
        return answer
    try:
        coming.say_coming(reservation=found)
    except Refused as refusal:
        return _refused(request, found, token, refusal)
    return redirect("reservation", slug=slug, token=token)


@never_cache
@post_only
def say_late(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Note by how many minutes the party will be late; the last word counts."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    if answer := _not_now(request, found, token):
        return answer
    form = LateForm(request.POST)
    if not form.is_valid():
        return reservation_page(request, found, token, late_form=form, status=400)
    try:
        coming.say_late(reservation=found, minutes=form.cleaned_data["minutes"])
    except Refused as refusal:
        return _refused(request, found, token, refusal)
    return redirect("reservation", slug=slug, token=token)


@never_cache
@post_only
def reduce_party(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Let fewer come than were booked; what was sent twice is done once."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    if answer := _not_now(request, found, token):
        return answer
    form = FewerForm(request.POST, booked=found.party_size)
    if not form.is_valid():
        if request.POST.get("party", "").strip() == str(found.party_size):
            # A double click: the first one has done it.
            return redirect("reservation", slug=slug, token=token)
        return reservation_page(request, found, token, fewer_form=form, status=400)
    try:
        coming.reduce_party(reservation=found, party=form.cleaned_data["party"])
    except Refused as refusal:
        return _refused(request, found, token, refusal)
    return redirect("reservation", slug=slug, token=token)


def _not_now(request: HttpRequest, found: Reservation, token: str) -> HttpResponse | None:
    """Refuse what nobody needs to know days before, and what is over."""
    now = timezone.now()
    if is_near(found, now):
        return None
    if found.status != Reservation.Status.CONFIRMED:
        problem = diner_text(Reason.NOT_CONFIRMED)
    elif now >= found.ends_at:
        problem = diner_text(Reason.ALREADY_STARTED)
    else:
        text = _("You can say this from %(hours)d hours before the time of your reservation.")
        problem = text % {"hours": hours_ahead(found)}
    return reservation_page(request, found, token, problem=problem, status=409)


def _refused(request: HttpRequest, found: Reservation, token: str, refusal: Refused) -> HttpResponse:
    found.refresh_from_db()
    return reservation_page(request, found, token, problem=diner_text(refusal.reason), status=409)
