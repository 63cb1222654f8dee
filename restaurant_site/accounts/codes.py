"""Write rules of the second factor: a phone that shows codes, and recovery codes for when it is lost.

Every change of what a user signs in with gives the user a new session mark,
which ends all sessions but the one that is told of it (`kept_session`).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from reservations import access
from reservations.models import User, new_session_mark
from restaurant_site.accounts.models import RecoveryCode, RecoveryCodes, new_salt

RECOVERY_CODES = 10
_SESSION_KEY = "second_factor"
_STEP, _DIGITS = 30, 6
_WAIT_AT_MOST = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a typed code: right, or wrong, or not looked at, and then in how many seconds it will be."""

    is_right: bool = False
    was_seen: bool = True
    wait: int = 0


def is_on() -> bool:
    """Return whether anybody is asked for a code at all."""
    return bool(settings.SECOND_FACTOR == "required")


def has_passed(request: HttpRequest) -> bool:
    """Return whether this session gave a code for what its user signs in with now. Reads the session alone."""
    mark = getattr(request.user, "session_mark", "")
    return bool(mark) and request.session.get(_SESSION_KEY) == mark


def pass_on(request: HttpRequest) -> None:
    """Let this session go on without a further code, under a new key."""
    request.session.cycle_key()
    request.session[_SESSION_KEY] = getattr(request.user, "session_mark", "")


def new_key() -> str:
    """Return a key to share with a phone: 160 bits, in hexadecimal digits."""
    return secrets.token_hex(20)


def readable_key(key: str) -> str:
    """Return a key as a person types it into an app: Base32, in groups of four."""
    text = base64.b32encode(binascii.unhexlify(key)).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address_of(user: User, key: str) -> str:
    """Return the address that the QR code holds, with which an app takes up the key."""
    return str(TOTPDevice(user=user, key=key).config_url)


def shows(key: str, code: str) -> bool:
    """Return whether a phone with this key shows the code now, half a minute more or less. Nothing is written."""
    return _step_of(key, code) is not None


def set_up(*, user: User, key: str, code: str) -> list[str]:
    """Let a user sign in with the phone that has this key and shows the code, and return new recovery codes.

    What there was before counts no more, and other sessions end. Returns
    nothing where the phone does not show the code.
    """
    step = _step_of(key, code)
    if step is None:
        return []
    with transaction.atomic():
        had = _locked(user).has_codes
        _forget_devices(user)
        # The code that was typed is used up.
        TOTPDevice.objects.create(user=user, name="phone", key=key, last_t=step)
        codes = _new_recovery_codes(user)
        _mark(user, has_codes=True)
        _log(user, user, _("Second factor replaced.") if had else _("Second factor set up."))
    return codes


def renew_recovery_codes(*, user: User) -> list[str]:
    """Return new recovery codes; those of before count no more."""
    with transaction.atomic():
        _locked(user)
        codes = _new_recovery_codes(user)
        _log(user, user, _("Recovery codes replaced."))
    return codes


def remove(*, user: User) -> None:
    """Let a user sign in by the password alone from now on; other sessions end."""
    with transaction.atomic():
        _locked(user)
        _forget_devices(user)
        _mark(user, has_codes=False)
        _log(user, user, _("Second factor removed."))


def reset(*, user: User, by: User | None) -> None:
    """Take a lost phone from a user, whose sessions all end: the next sign-in sets up a new one. by None: a command."""
    with transaction.atomic():
        _locked(user)
        _forget_devices(user)
        _mark(user, has_codes=False)
        told = _("Second factor reset.") if by else _("Second factor reset by an operator's command.")
        _log(user, by or user, told)


def verify(*, user: User, typed: str) -> Verdict:
    """Return whether somebody typed a code of the user's phone or a recovery code, and use it up.

    After a wrong one the next is looked at a second later, then after two, four and so on.
    """
    plain = "".join(typed.split()).replace("-", "")
    with transaction.atomic():
        # Locked: of two who type one code at once, one is let in. What is wrong counts for both kinds of codes.
        device: Any = TOTPDevice.objects.select_for_update().filter(user=user.pk).order_by("pk").first()
        if device is None:
            return Verdict()
        if wait := _wait_of(device):
            return Verdict(was_seen=False, wait=wait)
        if plain.isdecimal() and len(plain) <= _DIGITS:
            is_right = bool(device.verify_token(plain))
        elif is_right := _use_up(user, plain):
            device.throttle_reset()
            _log(user, user, _("A recovery code was used."))
        else:
            device.throttle_increment()
        return Verdict(is_right, wait=0 if is_right else _wait_of(device))


def _use_up(user: User, code: str) -> bool:
    """Delete a recovery code that is left, and return whether there was such a one."""
    kept = RecoveryCodes.objects.filter(user=user.pk).first()
    if kept is None:
        return False
    return bool(RecoveryCode.objects.filter(codes=kept, digest=kept.hashed(code)).delete()[0])


def unlock(user: User) -> None:
    """Look at the next code at once, whatever was typed before: a new password makes who guessed begin anew."""
    if user.has_codes:
        devices = TOTPDevice.objects.filter(user=user.pk)
        devices.update(throttling_failure_count=0, throttling_failure_timestamp=None)


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes have not been used."""
    return RecoveryCode.objects.filter(codes__user=user.pk).count()


def keep_session(request: HttpRequest, user: User) -> None:
    """Let the session in which something was changed outlive the change; it has given a code, or set it up."""
    request.user = user
    update_session_auth_hash(request, user)
    request.session[_SESSION_KEY] = user.session_mark if user.has_codes else ""


def must_set_up(user: access.AnyUser) -> bool:
    """Return whether a user may do nothing before a phone is set up."""
    return not getattr(user, "has_codes", False) and access.needs_codes(user)


def _step_of(key: str, code: str) -> int | None:
    plain = "".join(code.split())
    if not plain.isdecimal() or len(plain) != _DIGITS:
        return None
    totp = TOTP(binascii.unhexlify(key), _STEP, digits=_DIGITS)
    totp.time = time.time()
    return int(totp.t()) if totp.verify(int(plain), tolerance=1) else None


def _wait_of(device: Any) -> int:
    is_allowed, why = device.verify_is_allowed()
    if is_allowed:
        return 0
    left: dt.timedelta = why["locked_until"] - timezone.now()
    return max(1, math.ceil(min(left, _WAIT_AT_MOST).total_seconds()))


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _forget_devices(user: User) -> None:
    TOTPDevice.objects.filter(user=user.pk).delete()
    RecoveryCodes.objects.filter(user=user.pk).delete()


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCodes.objects.filter(user=user.pk).delete()
    kept = RecoveryCodes.objects.create(user=user, salt=new_salt())
    codes = [_new_code() for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(codes=kept, digest=kept.hashed(code)) for code in codes)
    return codes


def _new_code() -> str:
    """Return a code of 50 bits that is not taken for one of a phone: it has a letter."""
    while True:
        code = base64.b32encode(secrets.token_bytes(7)).decode().lower()[:10]
        if not code.isdecimal():
            return f"{code[:5]}-{code[5:]}"


def _mark(user: User, *, has_codes: bool) -> None:
    user.session_mark, user.has_codes = new_session_mark(), has_codes
    User.objects.filter(pk=user.pk).update(session_mark=user.session_mark, has_codes=has_codes)


def _log(user: User, by: User, message: str) -> None:
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, message, single_object=True)
