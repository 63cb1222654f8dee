"""From a time to a reservation: hold, details, extend, give back, confirm."""

from __future__ import annotations

from copy import copy
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from reservations import cached
from reservations.engine import asking, booking, changing
from reservations.engine.availability import DayPlan
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Reason, Refused
from reservations.engine.turns import in_turn
from reservations.forms import DetailsForm, HoldForm, TimesForm
from reservations.links import known_browser, mark_visitor, new_browser
from reservations.models import Reservation
from reservations.queries.private import HOLD_STATUSES
from reservations.queries.venue import Place
from reservations.reasons import diner_text
from reservations.views import open_holds
from reservations.views.addresses import own_address
from reservations.views.agreeing import consent_form, keep_consent, ticked
from reservations.views.asked import is_waiting, not_yours, own_hold, waiting_page
from reservations.views.browser import to_own_page
from reservations.views.glance import Glance
from reservations.views.guarding import Guard, guard, look
from reservations.views.methods import post_only
from reservations.views.times import found_place, local_today, refused_page, search_for, times_context, times_form
from restaurant_site.caching.stamps import one_state
from restaurant_site.observing.quiet import unlogged


@never_cache
@post_only
def hold(request: HttpRequest, slug: str) -> HttpResponse:
    """Hold a table for the time of the pressed button, then go to the details; else show the nearest times.

    Without a time it shows those of a date, to somebody who has typed their
    details already, and carries them along.
    """
    with cached.day_of(slug, request.POST.get("date"), with_house=True):
        return _hold(request, slug)


def _hold(request: HttpRequest, slug: str) -> HttpResponse:
    found = found_place(slug)
    form = HoldForm(request.POST, restaurant_areas=list(found.areas), today=local_today(found))
    valid = form.is_valid()
    draft = _typed(request, found, form.cleaned_data.get("party") or found.max_party)
    if not valid:
        context = times_context(request, found, times_form(found, request.POST), draft=draft)
        if "start" not in request.POST:
            return render(request, "reservations/times.html", context)
        return render(request, "reservations/times.html", context | {"hold_form": form}, status=400)
    browser, cookie = known_browser(request)
    wish = Wish(
        restaurant_id=found.id,
        date=form.cleaned_data["date"],
        start=form.cleaned_data["start"],
        party=form.cleaned_data["party"],
        area_id=form.area_id,
        step_free=form.cleaned_data["step_free"],
    )
    lease = open_holds.take(request, found.id, browser, found.hold_minutes)
    if not lease.granted:
        return _too_many(request, found, wish, draft)
    glance = Glance(wish, browser, form.cleaned_data["key"])
    with in_turn(found.id, wish.date):
        try:
            held = booking.hold(
                wish=wish,
                browser=browser,
                key=form.cleaned_data["key"],
                language=get_language() or "",
                details=draft,
                early=glance,
            )
        except Refused as refusal:
            if lease.is_new:
                open_holds.give_back(request, found.id, browser)
            return _other_times(request, found, wish, refusal.reason, draft, glance.plan, None if draft else form)
    response = _to_details(request, slug, held)
    if cookie:
        new_browser(response, cookie)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show the hold with the form of who comes; by POST confirm it. Confirming twice gives the same answer.

    Where the restaurant asks something first, show what.
    """
    held = own_hold(request, slug, reference)
    if held is None:
        return not_yours(request, slug)
    if held.status not in HOLD_STATUSES:
        if request.method == "POST":
            # After a double click the browser throws the first answer away, and its cookie.
            form = DetailsForm(request.POST, country=held.restaurant.country, party=held.party_size)
            return _as_sent_last(request, held, form.details() if form.is_valid() else None)
        response = redirect(own_address(held))
        mark_visitor(response)
        return response
    if is_waiting(held):
        return (
            redirect("details", slug=slug, reference=reference)
            if request.method == "POST"
            else waiting_page(request, held)
        )
    if request.method == "POST":
        # Of a copy: what is typed is none of the hold's before it is confirmed.
        form = DetailsForm(request.POST, instance=copy(held), country=held.restaurant.country, party=held.party_size)
        if not form.is_valid():
            return _details_page(request, held, form, status=400)
        seen = look(request, _name(held))
        if seen.suspects:
            return _details_page(request, held, form, guarded=seen, status=400)
        # Somebody may have chosen another since the table is held: the mails are in that of this page.
        held.language = get_language() or ""
        try:
            with in_turn(held.restaurant_id, held.service_date):
                confirmed = asking.confirm_online(reservation=held, details=form.details())
        except Refused as refusal:
            if refusal.reason == Reason.HOLD_LAPSED:
                return _hold_again(request, held, form.draft())
            form.add_error("needs_step_free", diner_text(refusal.reason))
            return _details_page(request, held, form, status=409)
        if confirmed.status in HOLD_STATUSES:
            return redirect("details", slug=slug, reference=reference)
        keep_consent(request, confirmed)
        open_holds.give_back(request, held.restaurant_id, held.browser)
        return _as_sent_last(request, confirmed, form.details())
    form = DetailsForm(instance=held, country=held.restaurant.country, party=held.party_size)
    return _details_page(request, held, form)


def _as_sent_last(request: HttpRequest, confirmed: Reservation, details: Details | None) -> HttpResponse:
    """Go to the page of what was confirmed; who put something right and sent the form again has told that, too.

    Not where something was changed by another way since, or the guest did what was asked: that is later than this form.
    """
    response = to_own_page(request, confirmed)
    is_first = confirmed.status == Reservation.Status.CONFIRMED and confirmed.sequence == 0 and not confirmed.asked
    if details is None or not is_first or changing.details_of(confirmed) == details:
        return response
    try:
        changing.change(reservation=confirmed, details=details)
    except Refused:
        # The page shows what is so.
        return response
    response["Location"] += "?done=told"
    return response


@never_cache
@post_only
def extend(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Extend the hold once; what was typed so far is kept with it."""
    held = own_hold(request, slug, reference)
    if held is None:
        return not_yours(request, slug)
    if is_waiting(held):
        return redirect("details", slug=slug, reference=reference)
    form = DetailsForm(request.POST, country=held.restaurant.country, party=held.party_size)
    form.is_valid()
    draft = form.draft()
    try:
        booking.extend(reservation=held, details=draft)
        # Granted or not: nothing that is held is taken away.
        open_holds.take(request, held.restaurant_id, held.browser, 2 * held.restaurant.hold_minutes)
    except Refused as refusal:
        if held.status in HOLD_STATUSES:
            if refusal.reason == Reason.HOLD_LAPSED:
                return _hold_again(request, held, draft)
            kept = DetailsForm(initial=draft.by_column(), country=held.restaurant.country, party=held.party_size)
            return _details_page(request, held, kept, problem=diner_text(refusal.reason), status=409)
    return _to_details(request, slug, held)


@never_cache
@post_only
def release(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Give the hold back, and go back to the day's times."""
    held = own_hold(request, slug, reference)
    if held is None:
        return not_yours(request, slug)
    if held.status not in HOLD_STATUSES:
        return redirect(own_address(held))
    booking.release(reservation=held)
    open_holds.give_back(request, held.restaurant_id, held.browser)
    query = f"?date={held.service_date.isoformat()}&party={held.party_size}"
    return redirect(reverse("times", kwargs={"slug": slug}) + query)


def _details_page(
    request: HttpRequest,
    held: Reservation,
    form: DetailsForm,
    *,
    problem: str = "",
    guarded: Guard | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    live = held.status == Reservation.Status.HELD and held.held_until is not None and held.held_until > now
    left = max(0, int((held.held_until - now).total_seconds())) if held.held_until else 0
    context = {
        "reservation": held,
        "restaurant": held.restaurant,
        "form": form,
        # Where a mail's button confirms, they are asked for beside that.
        "consent": None if held.restaurant.confirms_by_mail else consent_form(request, held.restaurant),
        "live": live,
        "seconds_left": left,
        "minutes_left": -(-left // 60),
        "held_until": held.held_until.astimezone(held.restaurant.zone) if held.held_until else None,
        "problem": problem,
        "guard": guarded or guard(request, _name(held)),
        "again": request.GET.get("again") == "1",
    }
    return render(request, "reservations/details.html", context, status=status)


def _name(held: Reservation) -> str:
    return f"hold {held.reference}"


def _hold_again(request: HttpRequest, held: Reservation, draft: Details) -> HttpResponse:
    """Hold the time of a lapsed hold once more, with what was typed; else show the nearest times."""
    wish = Wish(
        restaurant_id=held.restaurant_id,
        date=held.service_date,
        start=held.starts_at,
        party=held.party_size,
        area_id=held.area_id,
        step_free=draft.needs_step_free,
    )
    lease = open_holds.take(request, held.restaurant_id, held.browser, held.restaurant.hold_minutes)
    if not lease.granted:
        return _too_many(request, found_place(held.restaurant.address), wish, draft)
    try:
        again = booking.hold(
            wish=wish,
            browser=held.browser,
            # Of the lapsed hold, so that a double click holds one table once.
            key=f"again-{held.reference}",
            language=get_language() or "",
            details=draft,
        )
    except Refused as refusal:
        if lease.is_new:
            open_holds.give_back(request, held.restaurant_id, held.browser)
        return _other_times(request, found_place(held.restaurant.address), wish, refusal.reason, draft)
    return _to_details(request, held.restaurant.address, again, again="1")


def _to_details(request: HttpRequest, slug: str, held: Reservation, **query: str) -> HttpResponse:
    """Go to a hold's page, which ticks the boxes that were ticked on this one."""
    asked = urlencode(query | ticked(request))
    url = reverse("details", kwargs={"slug": slug, "reference": held.reference})
    return redirect(f"{url}?{asked}" if asked else url)


def _too_many(request: HttpRequest, found: Place, wish: Wish, draft: Details | None) -> HttpResponse:
    """Answer 429 where an address holds as many tables as it may, and show the times again."""
    response = _other_times(request, found, wish, Reason.TOO_MANY_HOLDS, draft)
    response.status_code = 429
    # Most holds that are forgotten lapse within as long.
    response["Retry-After"] = str(found.hold_minutes * 60)
    return response


def _other_times(
    request: HttpRequest,
    found: Place,
    wish: Wish,
    reason: Reason,
    draft: Details | None,
    plan: DayPlan | None = None,
    search: TimesForm | None = None,
) -> HttpResponse:
    form = search or times_form(found, search_for(wish))
    with one_state():
        if draft is None and form.is_valid():
            response = HttpResponse(refused_page(request, found, form, wish.start, reason), status=409)
        else:
            context = times_context(request, found, form, wanted=wish.start, refused=reason, draft=draft, plan=plan)
            response = render(request, "reservations/times.html", context, status=409)
    # The metrics count it, and the reports have it by reason: on a full evening it would fill the log.
    return unlogged(response)


def _typed(request: HttpRequest, found: Place, party: int) -> Details | None:
    """Return what a diner had typed for a hold that is gone; the buttons of other times carry it along."""
    if not any(request.POST.get(name) for name in DetailsForm.Meta.fields):
        return None
    form = DetailsForm(request.POST, country=found.country, party=party)
    form.is_valid()
    return form.draft()
