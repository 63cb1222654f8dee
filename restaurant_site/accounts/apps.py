"""The accounts as an installed app."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Configuration of the accounts."""

    name = "restaurant_site.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Register the check, and what follows from signing in and from a new password."""
        from reservations.models import User
        from restaurant_site.accounts import checks  # noqa: F401 - importing registers it

        user_logged_in.connect(_limit_session, dispatch_uid="accounts.session")
        post_save.connect(_unlock, sender=User, dispatch_uid="accounts.unlock")


def _limit_session(sender: type[Any], request: HttpRequest, **_kwargs: Any) -> None:
    # To a moment: what is saved into the session meanwhile does not make it last longer.
    request.session.set_expiry(timezone.now() + dt.timedelta(seconds=settings.STAFF_SESSION_AGE))


def _unlock(sender: type[Any], instance: Any, created: bool, **_kwargs: Any) -> None:
    """Whoever sets a password may use it at once. Wherever it is set, Django keeps it here until it is saved."""
    if instance._password is not None and not created:
        from restaurant_site.accounts import attempts, codes

        attempts.unlock(instance.email)
        codes.unlock(instance)
