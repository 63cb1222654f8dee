"""``manage.py reset_second_factor EMAIL``: a lost phone is taken off an account."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reservations.models import User, normalise_email
from restaurant_site.accounts import codes


class Command(BaseCommand):
    """Take phone and recovery codes off an account, whose sessions end; it is written into the admin's log."""

    help = "Take the phone for codes and the recovery codes off an account. The next sign-in sets up new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email", help="the address that the account signs in by")

    def handle(self, *, email: str, **_options: Any) -> None:
        """Reset, or say why not."""
        user = User.objects.filter(email=normalise_email(email.replace("\x00", ""))).first()
        if user is None:
            raise CommandError("No account has this address.")
        if not user.has_codes:
            raise CommandError("This account has no second factor.")
        codes.reset(user=user, by=None)
        self.stdout.write("Reset. The account's sessions have ended.")
