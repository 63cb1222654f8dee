"""The second step of signing in stands ahead of every page of the admin, whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from restaurant_site.accounts import codes
from restaurant_site.signed_out import keep_refused
from restaurant_site.staff_pages import is_staff_page

NextHandler = Callable[[HttpRequest], HttpResponseBase]

OPEN: Final = frozenset(
    {
        "login",
        "logout",
        "jsi18n",
        "admin_password_reset",
        "password_reset_done",
        "password_reset_confirm",
        "password_reset_complete",
        "second_step",
        # Answers by a key alone, which a page behind the second step gave to this session.
        "reservations_restaurant_pulse",
    }
)
"""Pages of the admin that are answered before a code was given."""

BEFORE_SET_UP: Final = frozenset({"second_factor_set_up", "password_change", "password_change_done"})
"""Pages for who must set up a phone and has not."""


class SecondFactor:
    """Middleware behind authentication; it costs no statement once a session has given its code."""

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand on: what is to be done is known once the view is."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Send whoever has signed in by a password alone to the page of the next step; a form waits meanwhile."""
        if not codes.is_on() or not is_staff_page(request.resolver_match):
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in OPEN or not request.user.is_authenticated or codes.has_passed(request):
            return None
        if request.user.has_codes:
            where = "second_step"
        elif name in BEFORE_SET_UP or not codes.must_set_up(request.user):
            return None
        else:
            where = "second_factor_set_up"
        if request.method == "POST":
            keep_refused(request)
        vars(request)["awaits_code"] = True
        return HttpResponseRedirect(f"{reverse(where)}?{urlencode({'next': request.get_full_path()})}")
