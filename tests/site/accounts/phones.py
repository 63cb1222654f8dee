"""A phone with an app for codes, by the standard and not by the library under test; and signing in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.pages import read

PASSWORD = "correct horse battery"
HALF_MINUTE = 30
MARGIN = 4
"""Seconds within which a code that is made is sent, also where many tests run at once."""


def code_of(key: str, *, steps: int = 0) -> str:
    """Return the six digits that a phone with this Base32 key shows, so many half minutes from now (RFC 6238).

    Those of the half minute before are taken until this one ends: shortly before that the next one is waited for.
    """
    if steps < 0 and (left := HALF_MINUTE - time.time() % HALF_MINUTE) < MARGIN:
        time.sleep(left)
    secret = base64.b32decode(key.replace(" ", ""))
    digest = hmac.new(secret, struct.pack(">Q", int(time.time()) // HALF_MINUTE + steps), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def sign_in(client: Client, email: str, password: str = PASSWORD, *, onward: str = "", **meta: Any) -> Any:
    """Send the sign-in form and return the answer."""
    return client.post(reverse("admin:login"), {"username": email, "password": password, "next": onward}, **meta)


def shown(page: Any) -> dict[str, str]:
    """Return what the form of the set-up page would send."""
    return next(form.values for form in read(page).forms if "key" in form.values)


def set_up_phone(client: Client, *, onward: str = "") -> tuple[str, list[str]]:
    """Set up a phone for who is signed in; return its key and the recovery codes."""
    page = client.get(reverse("second_factor_set_up"), {"next": onward})
    [key] = re.findall(r"Key:\s*<code>([A-Z2-7 ]+)</code>", page.content.decode())
    # An earlier code than is shown next, which the second step then takes.
    answer = client.post(reverse("second_factor_set_up"), shown(page) | {"code": code_of(key, steps=-1)})
    found = re.findall(r"<code>([a-z2-7]{5}-[a-z2-7]{5})</code>", answer.content.decode())
    assert len(found) == 10, answer.content.decode()
    return key, found


def give_code(client: Client, code: str, *, onward: str = "") -> Any:
    """Send a code in the second step and return the answer."""
    return client.post(reverse("second_step"), {"code": code, "next": onward})
