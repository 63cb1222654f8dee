"""Typed, fail-loud reading of the environment.

Every reader takes the variable's name and, where it is optional, a default.
A secret may also come from the file that ``NAME_FILE`` names (Docker and Key
Vault mounts). An unusable value raises `ImproperlyConfigured` with the name of
the variable, the value and what is allowed; the value of a secret is not shown.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class MailServer:
    """What sends e-mail: Django's backend, and for SMTP the server with how it is spoken to."""

    backend: str
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


# Not django-environ's reading of mail URLs: to it smtps:// is STARTTLS, and a
# server without a name or a misspelt parameter goes unnoticed.
_MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465, "smtp+ssl": 465}


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
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not a switch: use one of {', '.join(TRUE + FALSE)}.")


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


def mail_url(name: str, default: str | None = None, *, console: bool = False) -> MailServer:
    """Return the server of a URL such as ``smtp+tls://user:password@host:587``.

    smtp is plain, smtp+tls begins plain and turns to TLS, smtps and smtp+ssl
    are TLS from the start. Where console is true, ``consolemail://`` prints
    mails instead. The value may hold a password: it is never shown.
    """
    value = url(name, (*_MAIL_PORTS, "consolemail") if console else tuple(_MAIL_PORTS), default)
    parts = urlsplit(value)
    if parts.scheme == "consolemail":
        return MailServer("django.core.mail.backends.console.EmailBackend")
    if not parts.hostname:
        raise ImproperlyConfigured(f"{name} names no server: use {parts.scheme}://user:password@host:port.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name} has more than a server: nothing may stand behind its port.")
    if bool(parts.username) != bool(parts.password):
        raise ImproperlyConfigured(f"{name} has a user or a password alone: give both, or neither.")
    return MailServer(
        "restaurant_site.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or _MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        tls=parts.scheme in ("smtps", "smtp+ssl"),
    )


def mailbox(name: str, default: str | None = None) -> str:
    """Return a sender such as ``Tafel <book@example.org>``; anything but one usable address raises."""
    value = text(name, default)
    found = getaddresses([value])
    try:
        validate_email(found[0][1])
        usable = len(found) == 1 and value.isprintable()
    except ValidationError:
        usable = False
    if not usable:
        raise ImproperlyConfigured(f"{name}={value!r} is not a sender: use Name <name@example.org>.")
    return value


def address(name: str) -> tuple[str, int] | None:
    """Return the host and port of ``host:port`` (``[::1]:9101`` for IPv6), or None where the variable is unset."""
    value = text(name, "")
    if not value:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(f"{name}={value!r} is not an address to serve on: use host:port, as 127.0.0.1:9101.")
    return host.strip("[]"), int(port)
