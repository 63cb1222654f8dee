"""What django-axes asks for at a sign-in: whether it is locked, that it failed, and what a locked one is answered."""

from __future__ import annotations

import datetime as dt
import logging
import math
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.models import User
from restaurant_site import errors
from restaurant_site.accounts import attempts

if TYPE_CHECKING:

    class _Backend:
        """Axes has no types."""

    class _Handler:
        """Axes has no types."""
else:
    from axes.backends import AxesStandaloneBackend as _Backend
    from axes.handlers.database import AxesDatabaseHandler as _Handler

logger = logging.getLogger("restaurant_site.accounts")


class Gate(_Backend):
    """Stands ahead of the backend that signs in. What comes without a request, such as a command, passes."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Raise axes' refusal where the name is locked at the request's address."""
        base: Any = super()
        if request is not None:
            base.authenticate(request, **credentials)


class Attempts(_Handler):
    """Counts by `attempts`. Axes' own rows hold browsers and what was posted, and one is made for each browser."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Return whether the name may not try from here now."""
        return _until(request, credentials) is not None

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any
    ) -> None:
        """Count the failure, unless the sign-in was locked already; the last that is allowed locks."""
        if request is None:
            return
        known: dict[str, Any] = vars(request)
        known["axes_credentials"] = credentials
        if known.get("axes_locked_out"):
            return
        attempts.record_failure(attempts.name_of(credentials), attempts.address_of(request), timezone.now())
        if self.is_locked(request, credentials):
            # Neither whose nor from where: logs hold no personal data.
            logger.warning("A sign-in is locked after too many wrong passwords.")
            known["axes_locked_out"] = True

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **_kwargs: Any) -> None:
        """Forget what failed before."""
        attempts.record_success(user.email, attempts.address_of(request), timezone.now())

    def user_logged_out(self, sender: Any, request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
        """Keep nothing of it."""


def _until(request: HttpRequest, credentials: dict[str, Any] | None) -> dt.datetime | None:
    return attempts.locked_until(attempts.name_of(credentials), attempts.address_of(request), timezone.now())


def locked_out(
    request: HttpRequest, _response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """Answer 429 with Retry-After, in the same words whether or not there is such an account."""
    until = _until(request, credentials)
    seconds = max(1, math.ceil((until - timezone.now()).total_seconds())) if until else 1
    minutes = math.ceil(seconds / 60)
    response = errors.too_many_sign_ins(
        request,
        ngettext(
            "Wait a minute and sign in again, or set a new password by e-mail: then you can at once.",
            "Wait %(minutes)d minutes and sign in again, or set a new password by e-mail: then you can at once.",
            minutes,
        )
        % {"minutes": minutes},
        _("Set a new password"),
        reverse("admin_password_reset"),
    )
    response["Retry-After"] = str(seconds)
    return response
