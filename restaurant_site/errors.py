"""Error pages in the site's design, none of which needs the database or the cache."""

from __future__ import annotations

import errno
import math
import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import requires_csrf_token

from restaurant_site.database.failures import Failure, failure_of
from restaurant_site.observing import metrics
from restaurant_site.refilling import Fields
from restaurant_site.signed_out import keep_refused, sendable
from restaurant_site.staff_pages import is_staff_page

_FULL = (errno.ENOSPC, errno.EDQUOT)


def _page(request: HttpRequest, status: int, heading: str, text: str, **more: object) -> HttpResponse:
    context = {"heading": heading, "text": text, "status": status, **more}
    return HttpResponse(render_to_string("error.html", context, request=request), status=status)


def _later(answer: HttpResponse, seconds: int) -> HttpResponse:
    """Let an answer say when to try again, and be kept by nobody."""
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 where the form was too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return body_too_large(request)
    return _page(
        request,
        400,
        _("We could not read this request"),
        _("Something in the address or in the form is not as it should be. Please start from the home page."),
    )


def body_too_large(request: HttpRequest, *, is_file: bool = False, is_photo: bool = False) -> HttpResponse:
    """Answer 413; the browser still has what was typed, one step back."""
    if is_photo:
        return _page(
            request,
            413,
            _("This photo is too large"),
            _("Nothing was saved. Go back, where what you typed is still there, and choose a photo of at most 8 MB."),
        )
    if is_file:
        return _page(
            request,
            413,
            _("This file is too large"),
            _("Nothing was read of it. Split it, and bring the parts one after the other."),
        )
    return _page(
        request,
        413,
        _("That is more text than we can take"),
        _("Nothing was booked or changed. Go back, where what you typed is still there, and shorten your note."),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _page(request, 403, _("This page is not yours to see"), _("Sign in with an account that may see it."))


def too_many_sign_ins(request: HttpRequest, text: str, label: str, link: str) -> HttpResponse:
    """Answer 429 to a sign-in that is locked; the link leads to what can be done meanwhile."""
    return _page(request, 429, _("Too many wrong passwords"), text, link=link, label=label)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _page(
        request,
        404,
        _("There is nothing here"),
        _("The address may be misspelt, or the page has gone. The home page lists every restaurant."),
    )


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 with Retry-After where the database can't be asked or a disk is full, 408 to half a form, else 500.

    What was typed can be sent again from the page: a form that was given up changed nothing, or is known by its key.
    """
    # Django calls the handler while it handles the exception.
    error = sys.exc_info()[1]
    if isinstance(error, UnreadablePostError):
        return _page(
            request,
            408,
            _("Only a part of your form arrived"),
            _("The connection broke, or was very slow. Nothing was booked or changed: please send it again."),
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        # What a form brings is written down while it is read.
        page = _page(
            request,
            503,
            _("There is no room for this file right now"),
            _("The site's disk is full. Nothing was saved: please try again later, or call who runs the site."),
        )
        return _later(page, 300)
    failure = failure_of(error)
    if failure is None:
        return _page(
            request,
            500,
            _("Something went wrong on our side"),
            _("We have been told. Please try again, or call the restaurant."),
        )
    metrics.DATABASE_FAILURES.labels(failure.value).inc()
    heading, text, seconds = _unavailable(failure)
    kept = sendable(request)
    page = _page(request, 503, heading, text, kept=kept, action=request.get_full_path() if kept else "")
    return _later(page, seconds)


def _unavailable(failure: Failure) -> tuple[str, str, int]:
    """Return a heading, a text, and the seconds after which to try again."""
    if failure is Failure.BUSY:
        return (
            _("Very many people want this day right now"),
            _("Your turn did not come in time. Nothing was booked or changed: please try again in a few seconds."),
            5,
        )
    if failure is Failure.SLOW:
        return (
            _("This takes too long right now"),
            _("The site has much to do, and gave up. Nothing was lost: please try again in a minute."),
            30,
        )
    return (
        _("We can't look that up right now"),
        _("The site can't reach its database. Nothing was lost: please try again in a minute."),
        30,
    )


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without a valid token, and offer what was typed to be sent again.

    That happens to a page that was open for long, or to a browser without
    cookies. The person sees every value and presses the button themselves. A
    form of the admin holds too much to be shown here: its page is linked, and
    shows it filled in.
    """
    again = request.get_full_path() if keep_refused(request) else ""
    if not request.COOKIES and not is_staff_page(request.resolver_match):
        return _no_cookies(request)
    return _page(
        request,
        403,
        _("Please send that once more"),
        _(
            "This page was open for long, or your browser sends no cookies, so we could not be sure that the form "
            "came from you. Nothing was booked or changed."
        ),
        kept=_kept(request),
        action=request.get_full_path(),
        again=again,
    )


def _no_cookies(request: HttpRequest) -> HttpResponse:
    """Say what to do where no form can be taken: sent again as it is, it would be refused again."""
    match = request.resolver_match
    slug = match.kwargs.get("slug") if match else None
    return _page(
        request,
        403,
        _("Your browser sends no cookies"),
        _(
            "Without one we can neither tell that the form came from you nor hold a table for you. Nothing was booked "
            "or changed. Please allow cookies for this site and send it again, or call the restaurant."
        ),
        kept=_kept(request),
        action=request.get_full_path(),
        link=reverse("restaurant", kwargs={"slug": slug}) if slug else "",
        label=_("To the restaurant, with its phone number"),
    )


def too_many_requests(request: HttpRequest, seconds: float) -> HttpResponse:
    """Answer 429 to what a limit refused, say for how long to wait, and offer what was typed to be sent again.

    Scripts that ask for JSON or for a part of a page get one.
    """
    wait = math.ceil(seconds)
    heading = _("That was a lot in a short time")
    text = _("Nothing was booked or changed. Please try again in %(time)s.") % {"time": _in_words(wait)}
    response: HttpResponse
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        response = JsonResponse({"error": "too_many_requests", "retry_after": wait}, status=429)
    elif request.headers.get("HX-Request") == "true":
        response = HttpResponse(render_to_string("_too_many.html", {"heading": heading, "text": text}), status=429)
    else:
        response = _page(request, 429, heading, text, kept=_kept(request), action=request.get_full_path())
    return _later(response, wait)


def _in_words(seconds: int) -> str:
    if seconds < 60:
        return ngettext("%(number)d second", "%(number)d seconds", seconds) % {"number": seconds}
    minutes = -(-seconds // 60)
    return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}


def _kept(request: HttpRequest) -> Fields:
    """Return what a form of the public site held, to be shown and sent again; of the admin's none."""
    return [] if is_staff_page(request.resolver_match) else sendable(request)
