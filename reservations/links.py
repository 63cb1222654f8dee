"""Signed links to a reservation, a waitlist entry or a request, and the cookie that binds a hold to a browser."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac

COOKIE = f"{settings.COOKIE_PREFIX}browser"
VISITOR = f"{settings.COOKIE_PREFIX}visitor"
"""A cookie that says nothing but that this browser has a reservation: public pages then fetch what is its own."""
LASTS = dt.timedelta(days=60)
"""So long after the time that it is about a link leads to its page; what is told there is nobody's business later."""

_SALT = "reservations.browser"
_AGE = 60 * 60 * 24 * 30
KEPT_DAYS = _AGE // (60 * 60 * 24)
"""For so long a browser keeps both."""


def has_ended(about: dt.datetime) -> bool:
    """Return whether links to something of that moment (aware) have ended."""
    return about + LASTS <= timezone.now()


def reservation_token(restaurant_id: int, reference: str) -> str:
    """Return the reference with a signature that holds for this restaurant's reservations alone."""
    return _signer("link", restaurant_id).sign(reference)


def reference_of(restaurant_id: int, token: str) -> str | None:
    """Return the reference of a token, or None where its signature does not hold."""
    return _unsigned("link", restaurant_id, token)


def entry_token(restaurant_id: int, reference: str) -> str:
    """Return the reference with a signature that holds for this restaurant's waitlist alone."""
    return _signer("waitlist", restaurant_id).sign(reference)


def entry_reference_of(restaurant_id: int, token: str) -> str | None:
    """Return the reference of a waitlist entry's token, or None where its signature does not hold."""
    return _unsigned("waitlist", restaurant_id, token)


def request_token(restaurant_id: int, reference: str) -> str:
    """Return the reference with a signature that holds for this restaurant's requests alone."""
    return _signer("request", restaurant_id).sign(reference)


def request_reference_of(restaurant_id: int, token: str) -> str | None:
    """Return the reference of a request's token, or None where its signature does not hold."""
    return _unsigned("request", restaurant_id, token)


def press_token(restaurant_id: int, reference: str, address: str) -> str:
    """Return what the button in a mail to an address confirms a hold by; it holds for that address alone."""
    return _signer("press", restaurant_id).sign(f"{reference}-{address_digest(address)}")


def pressed_by(restaurant_id: int, token: str) -> tuple[str, str] | None:
    """Return a press token's reference and the digest of its address, or None where its signature does not hold."""
    told = _unsigned("press", restaurant_id, token)
    reference, sign, digest = (told or "").partition("-")
    return (reference, digest) if sign else None


def address_digest(address: str, key: str | None = None) -> str:
    """Return a digest that tells addresses apart and tells of none, for who has not the site's key."""
    return salted_hmac("reservations.press", address, secret=key, algorithm="sha256").hexdigest()[:16]


def is_address_of(digest: str, address: str) -> bool:
    """Return whether the digest is the address's, by the site's key or by a former one."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(secrets.compare_digest(digest, address_digest(address, key)) for key in keys)


def _unsigned(kind: str, restaurant_id: int, token: str) -> str | None:
    try:
        return _signer(kind, restaurant_id).unsign(token)
    except BadSignature:
        return None


def _signer(kind: str, restaurant_id: int) -> Signer:
    return Signer(salt=f"reservations.{kind}.{restaurant_id}", sep=".")


def browser_of(request: HttpRequest) -> str:
    """Return the hash that this browser's holds are bound to, or "" for a browser without our cookie."""
    try:
        value = request.get_signed_cookie(COOKIE, salt=_SALT, max_age=_AGE)
    except (KeyError, BadSignature):
        return ""
    return _hashed(value) if value else ""


def keep_browser(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the browser the cookie that it has once more: it is known for as long from now on."""
    value = request.get_signed_cookie(COOKIE, default=None, salt=_SALT)
    if value:
        new_browser(response, value)


def new_browser(response: HttpResponseBase, value: str) -> None:
    """Give the browser the cookie by which it is known for 30 days: no session is written for a booking."""
    response.set_signed_cookie(
        COOKIE,
        value,
        salt=_SALT,
        max_age=_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def new_browser_value() -> tuple[str, str]:
    """Return a random value for the cookie, and the hash that its holds will be bound to."""
    value = secrets.token_urlsafe(24)
    return value, _hashed(value)


def known_browser(request: HttpRequest) -> tuple[str, str]:
    """Return this browser's hash, and the value of the cookie that it is to be given, or "" where it has it."""
    browser = browser_of(request)
    if browser:
        return browser, ""
    value, browser = new_browser_value()
    return browser, value


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def mark_visitor(response: HttpResponseBase) -> None:
    """Let the script of public pages know that there is something of this browser's to fetch."""
    response.set_cookie(VISITOR, "1", max_age=_AGE, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax")
