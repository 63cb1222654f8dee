"""Recovery codes, and who asked for a new password. What belongs to a person belongs to no restaurant."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.crypto import pbkdf2
from django.utils.translation import gettext_lazy as _

_ROUNDS = 100_000
"""Of PBKDF2: with the 50 bits of a code, a stolen table is worth nothing within a lifetime."""


class RecoveryCodes(models.Model):
    """The recovery codes of a user: each is good once, in place of the phone. Django-otp's own keep them readable."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery", editable=False)
    salt = models.CharField(max_length=32, editable=False)

    class Meta:
        verbose_name = _("recovery codes")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return str(self.pk)

    def hashed(self, code: str) -> str:
        """Return what is kept of a code, in which case or groups it may be typed."""
        plain = "".join(sign for sign in code.lower() if sign.isalnum())
        return pbkdf2(plain, self.salt, _ROUNDS).hex()


class RecoveryCode(models.Model):
    """One recovery code that has not been used, hashed."""

    codes = models.ForeignKey(RecoveryCodes, models.CASCADE, related_name="left")
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints: ClassVar = [models.UniqueConstraint(fields=["codes", "digest"], name="recoverycode_unique")]

    def __str__(self) -> str:
        return str(self.pk)


def new_salt() -> str:
    """Return a salt for `RecoveryCodes`: 128 bits."""
    return secrets.token_hex(16)


class PasswordMail(models.Model):
    """Somebody asked for a new password. Written whether or not there is an account: the answer takes as long."""

    email = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("password mail")
        verbose_name_plural = _("password mails")

    def __str__(self) -> str:
        return str(self.pk)
