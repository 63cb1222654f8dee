"""What happened: events that are appended and never edited, chained by hash."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.models.venue import Restaurant


class HistoryEvent(models.Model):
    """One thing that happened at a restaurant: who did what, to which fields, when and from where.

    It holds no name, contact, note or dietary need, only the guest's number, so
    that erasing a guest touches no event. What it refers to it names by number,
    without foreign keys: nothing that is deleted or merged later edits it.
    """

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"), db_index=False
    )
    # A service date, or "other"; each chain counts from 1. What the job has not
    # chained yet has a random position below zero.
    chain = models.CharField(_("chain"), max_length=10)
    position = models.BigIntegerField(_("position"))
    digest = models.CharField(_("hash"), max_length=64, blank=True)
    kind = models.CharField(_("event"), max_length=30)
    subject = models.CharField(_("subject"), max_length=20)
    subject_number = models.BigIntegerField(_("number"))
    guest_number = models.BigIntegerField(_("guest"), null=True)
    actor = models.CharField(_("by"), max_length=10)
    user_number = models.BigIntegerField(_("user"), null=True)
    source = models.CharField(_("from"), max_length=10)
    changes: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("fields"), default=dict)
    happened_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("history")
        ordering = ("-happened_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["restaurant", "chain", "position"], name="history_chain_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["restaurant", "subject", "subject_number"], name="history_subject"),
            models.Index(fields=["restaurant", "happened_at"], name="history_recent"),
            models.Index(fields=["position"], name="history_unchained"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_number} {self.kind}"


class HistoryOutbox(models.Model):
    """An event that is still to be copied to the store outside the database: written with it, deleted once copied."""

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"))
    event = models.ForeignKey(HistoryEvent, models.CASCADE, related_name="+", verbose_name=_("event"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)

    class Meta:
        verbose_name = _("event to be copied")
        verbose_name_plural = _("events to be copied")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.event_id)
