"""A waitlist entry's own page, by its signed link: its place in the queue, the offer, and what became of it."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reservations import cached
from reservations.engine import waitlist
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Reason, Refused
from reservations.links import entry_reference_of, has_ended, known_browser, new_browser
from reservations.models import Reservation, WaitlistEntry
from reservations.queries.private import entry_by_reference, restaurant_of
from reservations.reasons import diner_text
from reservations.views.addresses import entry_address, own_address
from reservations.views.browser import to_own_page
from reservations.views.methods import post_only
from reservations.views.reservation import unknown
from reservations.views.times import found_place
from reservations.views.waiting import still_free

Status = WaitlistEntry.Status
_JOINS_AGAIN = (Status.LAPSED, Status.DECLINED, Status.LEFT)


def state_of_entry(entry: WaitlistEntry, now: dt.datetime) -> WaitlistEntry.Status:
    """Return where an entry is, with what time has ended already and no job has noticed yet."""
    offer = entry.offer
    if entry.status == Status.OFFERED:
        live = offer is not None and offer.status == Reservation.Status.HELD
        return Status.OFFERED if live and offer and offer.held_until and offer.held_until > now else Status.LAPSED
    if entry.status == Status.WAITING and entry.latest <= now:
        return Status.OVER
    return Status(entry.status)


def _joins_again(entry: WaitlistEntry, now: dt.datetime) -> bool:
    """Return whether an entry's guest may join once more: not who was erased, of whom nothing is known."""
    return state_of_entry(entry, now) in _JOINS_AGAIN and entry.latest > now and bool(entry.name)


def _is_closed(entry: WaitlistEntry) -> bool:
    """Return whether no service is left on the day: then nothing comes free, wherever they are in the queue."""
    return not cached.day_plan(entry.restaurant_id, entry.service_date).services


@never_cache
@require_safe
def show_entry(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show an entry to whoever has its link: its place in the queue, the offer, or what became of it."""
    entry = _by_token(slug, token)
    return unknown(request, slug) if entry is None else _entry_page(request, entry, token)


@never_cache
@post_only
def accept_offer(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Turn the offered table into a reservation and go to its page; twice gives the same one."""
    entry = _by_token(slug, token)
    if entry is None:
        return unknown(request, slug)
    try:
        reservation = waitlist.accept(entry=entry)
    except Refused as refusal:
        entry = _by_token(slug, token) or entry
        calls = refusal.reason == Reason.BY_PHONE
        return _entry_page(request, entry, token, problem=diner_text(refusal.reason), calls=calls, status=409)
    return to_own_page(request, reservation)


@never_cache
@post_only
def leave(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Leave the queue, or decline the offer, and show it; doing it again changes nothing more."""
    entry = _by_token(slug, token)
    if entry is None:
        return unknown(request, slug)
    waitlist.leave(entry=entry)
    return redirect("waitlist_entry", slug=slug, token=token)


@never_cache
@post_only
def join_again(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Join the queue anew with the data of an entry that has ended; twice gives the same one."""
    entry = _by_token(slug, token)
    if entry is None:
        return unknown(request, slug)
    if not _joins_again(entry, timezone.now()):
        return redirect("waitlist_entry", slug=slug, token=token)
    browser, cookie = known_browser(request)
    wish = Wish(
        restaurant_id=entry.restaurant_id,
        date=entry.service_date,
        start=entry.earliest,
        party=entry.party_size,
        area_id=entry.area_id,
        step_free=entry.needs_step_free,
    )
    details = Details(
        name=entry.name,
        email=entry.email,
        phone=entry.phone,
        note=entry.note,
        needs_step_free=entry.needs_step_free,
    )
    try:
        again = waitlist.join(
            wish=wish,
            latest=entry.latest,
            details=details,
            browser=entry.browser or browser,
            key=f"again-{entry.reference}",
            language=get_language() or "",
        )
    except Refused as refusal:
        if refusal.reason == Reason.STILL_FREE:
            return still_free(request, found_place(slug), wish, entry.latest, details)
        return _entry_page(request, entry, token, problem=diner_text(refusal.reason), status=409)
    response = redirect(entry_address(again))
    if cookie:
        new_browser(response, cookie)
    return response


def _by_token(slug: str, token: str) -> WaitlistEntry | None:
    restaurant = restaurant_of(slug)
    reference = entry_reference_of(restaurant.pk, token) if restaurant else None
    found = entry_by_reference(slug, reference) if reference else None
    return None if found is None or has_ended(found.latest) else found


def _entry_page(
    request: HttpRequest,
    entry: WaitlistEntry,
    token: str,
    *,
    problem: str = "",
    calls: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    state = state_of_entry(entry, now)
    offer = entry.offer if state in (Status.OFFERED, Status.ACCEPTED) else None
    left = max(0, int((offer.held_until - now).total_seconds())) if offer and offer.held_until else 0
    context = {
        "entry": entry,
        "restaurant": entry.restaurant,
        "token": token,
        "state": state,
        "place_in_line": waitlist.place_in_line(entry) if state == Status.WAITING else 0,
        "is_closed": state == Status.WAITING and _is_closed(entry),
        "offer": offer,
        "held_until": offer.held_until.astimezone(entry.restaurant.zone) if offer and offer.held_until else None,
        "seconds_left": left,
        "minutes_left": -(-left // 60),
        "reservation_url": own_address(offer) if offer and state == Status.ACCEPTED else "",
        "is_over": state not in (Status.WAITING, Status.OFFERED, Status.ACCEPTED),
        "joins_again": _joins_again(entry, now),
        "problem": problem,
        "calls": calls,
    }
    return render(request, "reservations/waitlist_entry.html", context, status=status)
