"""The staff accounts of the demo: a superuser, and one account for each role."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from reservations.models import Membership, Restaurant, User, normalise_email

Role = Membership.Role

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


def ensure_staff(email: str = "staff@example.com", *, file: Path | None = None) -> tuple[str, str | None]:
    """Make sure that there is a superuser, and return address and password for `make run` to print.

    The password is kept in var/staff-login.txt, which only its owner can read.
    Where that is missing an existing user gets a new password. It is None where
    staff have changed it since: then theirs holds. Raises RuntimeError in production.
    """
    if settings.PRODUCTION:
        raise RuntimeError("The demo's staff account is for development alone.")
    email = normalise_email(email)
    file = file or Path(settings.BASE_DIR) / "var" / "staff-login.txt"
    kept = _read(file, email)
    user = User.objects.filter(email=email).first()
    if user is not None and kept is not None:
        return email, kept if user.check_password(kept) else None
    password = kept or _readable_password()
    # Written first: a password that is set and then can't be told helps nobody.
    _write(file, f"{email} {password}\n")
    if user is None:
        User.objects.create_superuser(email, password, name="Demo staff")
    else:
        user.set_password(password)
        user.save(update_fields=["password"])
    return email, password


def ensure_members(restaurants: Sequence[Restaurant]) -> list[str]:
    """Make sure that the demo has a host, a manager and an owner, and return their addresses.

    The host belongs to the first restaurant alone, the manager to the first two
    and as a host to the third, the owner to all. Their passwords are known to
    everybody (docs/demo.md), so in production there are none of them. An account
    that is there already is left as it is.
    """
    if settings.PRODUCTION:
        return []
    places = {
        Role.HOST: [(restaurant, Role.HOST) for restaurant in restaurants[:1]],
        Role.MANAGER: [
            *((restaurant, Role.MANAGER) for restaurant in restaurants[:2]),
            *((restaurant, Role.HOST) for restaurant in restaurants[2:3]),
        ],
        Role.OWNER: [(restaurant, Role.OWNER) for restaurant in restaurants],
    }
    for role, held in places.items():
        email = f"{role}@example.com"
        if User.objects.filter(email=email).exists():
            continue
        user = User.objects.create_user(email, f"{role}-of-the-demo", name=f"Demo {role}", is_staff=True)
        Membership.objects.bulk_create(
            Membership(user=user, restaurant=restaurant, role=there) for restaurant, there in held
        )
    return [f"{role}@example.com" for role in places]


def _readable_password() -> str:
    """Return a random password that can be read aloud, of 55 bits."""
    words = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _i in range(2)) for _j in range(4)]
    return "-".join([*words, f"{secrets.randbelow(90) + 10}"])


def _read(file: Path, email: str) -> str | None:
    try:
        kept_for, _blank, password = file.read_text(encoding="utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return None
    return password if kept_for == email and password else None


def _write(file: Path, text: str) -> None:
    """Write a file that nobody else can read, at no moment, and whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as output:
        output.write(text)
    fresh.replace(file)
