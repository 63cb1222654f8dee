"""Staff accounts, signed in by e-mail."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from reservations.messages.lines import isolated


def normalise_email(email: str) -> str:
    """Return the form in which an address is stored and compared: NFKC, trimmed, lower case.

    Azure SQL's default collation ignores case in unique indexes and PostgreSQL
    does not, so the one spelling is made here.
    """
    return unicodedata.normalize("NFKC", email).strip().lower()


def new_session_mark() -> str:
    """Return a value for `User.session_mark` that no session knows yet: 128 bits."""
    return secrets.token_hex(16)


class UserManager(BaseUserManager["User"]):
    """Creates users and finds them whatever the case in which they type their address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save a new user; raises ValueError without an address."""
        if not email.strip():
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save a new user with every right."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user of that address, as the sign-in form asks for it."""
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in: staff of a restaurant, or an operator. Diners have no account."""

    email = models.EmailField(
        _("e-mail address"),
        unique=True,
        error_messages={"unique": _("A user with this e-mail address exists already.")},
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May sign in to the admin site."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick this instead of deleting the account.")
    )
    date_joined = models.DateTimeField(_("date joined"), auto_now_add=True)
    has_codes = models.BooleanField(_("signs in with codes"), default=False, db_default=False, editable=False)
    # Part of what every session is checked against, on every node: a new value ends the user's sessions at once.
    session_mark = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("email",)

    def __str__(self) -> str:
        return isolated(self.name or self.email)

    def clean(self) -> None:
        """Normalise the address before it is checked for being unique."""
        super().clean()
        self.email = normalise_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the address in its one spelling; whoever is switched off has no session when switched on again."""
        self.email = normalise_email(self.email)
        if not self.is_active:
            self.session_mark = new_session_mark()
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "session_mark"}
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Return what each session of the user is checked against: it changes with the password and the mark."""
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(salt, self.password + self.session_mark, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        """Return the name, or the address where no name is known."""
        return str(self)

    def get_short_name(self) -> str:
        """Return the name, or the address where no name is known."""
        return str(self)
