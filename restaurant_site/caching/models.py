"""The outbox: what was changed, kept until Redis has surely been told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Invalidation(models.Model):
    """The tags of one committed transaction whose tokens are to be renewed.

    Written in that transaction by `outbox.changed`, in raw SQL with a random
    number for a key: nothing has to come back from the database. Deleted in
    bulk a minute after Redis confirmed it, not before: a Redis that restarts
    from a snapshot, or another that takes over, is told once more.
    """

    id = models.BigIntegerField(primary_key=True)
    tags = models.TextField(_("tags"), help_text=_("Separated by spaces."))
    created_at = models.DateTimeField(_("written"))
    confirmed_at = models.DateTimeField(_("confirmed by Redis"), null=True, db_index=True)

    class Meta:
        verbose_name = _("invalidation")
        verbose_name_plural = _("cache")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.tags
