"""Guests of a restaurant, found again by their e-mail or phone."""

from __future__ import annotations

import hashlib
import secrets
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.messages.lines import isolated
from reservations.models.venue import Restaurant


def contact_key(email: str, phone: str) -> str:
    """Return the key by which a guest is found: of the e-mail (normalised), else of the phone (E.164), else random.

    A hash in lower-case hex, so that it is unique on databases that ignore case,
    and always filled, so that its constraint needs no condition.
    """
    contact = f"email:{email}" if email else f"phone:{phone}" if phone else f"nobody:{secrets.token_hex(16)}"
    return hashlib.sha256(contact.encode()).hexdigest()


class Guest(models.Model):
    """Somebody who comes to one restaurant. Visits and no-shows are counted from the reservations, never kept."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="guests", verbose_name=_("restaurant"), db_index=False
    )
    key = models.CharField(max_length=64, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    tags: models.JSONField[list[str], list[str]] = models.JSONField(_("tags"), default=list, blank=True)
    dietary_needs = models.CharField(_("dietary needs"), max_length=300, blank=True)
    needs_consent_at = models.DateTimeField(_("dietary needs may be kept since"), null=True, blank=True, editable=False)
    thanks_consent_at = models.DateTimeField(_("wants mails after visits since"), null=True, blank=True, editable=False)
    notes = models.TextField(_("notes"), max_length=2000, blank=True)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    created_at = models.DateTimeField(_("first known"), auto_now_add=True)

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        ordering = ("restaurant", "name", "pk")
        constraints: ClassVar = [models.UniqueConstraint(fields=["restaurant", "key"], name="guest_key_unique")]
        indexes: ClassVar = [
            models.Index(fields=["restaurant", "phone"], name="guest_phone"),
            models.Index(fields=["restaurant", "name"], name="guest_name"),
        ]

    def __str__(self) -> str:
        return isolated(self.name or self.email or self.phone) or f"#{self.pk}"
