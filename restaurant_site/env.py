"""Typed, fail-loud reading of the environment, over django-environ.

Every reader takes the variable's name and, where it is optional, a default.
A secret may also come from the file that ``NAME_FILE`` names (Docker and Key
Vault mounts). An unusable value raises `ImproperlyConfigured` with the name of
the variable, the value and what is allowed; the value of a secret is not shown.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def read_env_file(path: Path) -> None:
    """Put the variables of a .env file into the environment; those already set win."""
    if path.is_file():
        environ.Env.read_env(path)


def text(name: str, default: str | None = None) -> str:
    """Return the variable's text, or that of the file ``NAME_FILE`` names.

    An empty value counts as unset. Raises `ImproperlyConfigured` when it is
    unset and there is no default, and when the named file can't be read.
    """
    value = os.environ.get(name, "").strip()
    file_name = os.environ.get(f"{name}_FILE", "").strip()
    if value and file_name:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if file_name:
        try:
            value = Path(file_name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE={file_name!r} can't be read: {error}") from error
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it (or {name}_FILE) in the environment; see docs/settings.md."
        )
    return default


def boolean(name: str, default: bool) -> bool:
    """Return a switch; anything but 1/true/yes/on and 0/false/no/off raises."""
    value = text(name, "").lower()
    if not value:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not a switch: use one of {', '.join(_TRUE + _FALSE)}.")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number from {low} to {high}.")
    return number


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    """Return one of the allowed words."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not allowed: use one of {', '.join(allowed)}.")
    return value


def words(name: str, default: list[str] | None = None) -> list[str]:
    """Return a comma-separated list without blanks; required where there is no default."""
    value = text(name, None if default is None else ",".join(default))
    found = [word.strip() for word in value.split(",") if word.strip()]
    if not found and default is None:
        raise ImproperlyConfigured(f"{name}={value!r} names nothing: use a comma-separated list.")
    return found


def url(name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
    """Return a URL whose scheme is one of schemes. The value may hold a password: it is never shown."""
    value = text(name, default)
    if value == "" == default:
        return ""
    scheme = value.partition("://")[0]
    if scheme not in schemes or "://" not in value:
        allowed = ", ".join(f"{allowed}://" for allowed in schemes)
        raise ImproperlyConfigured(f"{name} does not begin with one of {allowed}.")
    try:
        # Reading the port is what raises.
        readable = urlsplit(value).port != 0
    except ValueError:
        readable = False
    if not readable:
        raise ImproperlyConfigured(
            f"{name} can't be read as a URL. Special characters of its password are written as %XX: a slash as %2F."
        )
    return value
