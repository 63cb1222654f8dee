"""Guests and future reservations that come from another system: a file, and what became of each of its rows."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reservations.models.guest import Guest
from reservations.models.reservation import Reservation
from reservations.models.venue import Restaurant


class BookingImport(models.Model):
    """A CSV file that staff brought, how its columns are read, and what was allowed for it.

    The text is kept until the import begins, then its rows are; what is
    personal in both is blanked once it is not needed any more.
    """

    class Status(models.TextChoices):
        """How far an import is."""

        READ = "read", _("not begun")
        RUNNING = "running", _("running")
        DONE = "done", _("done")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="imports", verbose_name=_("restaurant"))
    file_name = models.CharField(_("file"), max_length=200)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    text = models.TextField(_("text"), blank=True, editable=False)
    # The header's cells, and for each field the number of the column that it is read from.
    header: models.JSONField[list[str], list[str]] = models.JSONField(_("header"), default=list, editable=False)
    columns: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(
        _("columns"), default=dict, editable=False
    )
    date_order = models.CharField(_("order of dates"), max_length=3, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.READ)
    exceeds_pacing = models.BooleanField(_("may exceed pacing"), default=False)
    tells = models.BooleanField(_("tells the guests by mail"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("begun by")
    )
    created_at = models.DateTimeField(_("brought"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.file_name


class ImportRow(models.Model):
    """A row of a file. Its key says whether the same row was brought before, also by another file."""

    ERASED = "erased"
    """The reason of a row whose guest was erased."""

    class Status(models.TextChoices):
        """What became of a row."""

        WAITING = "waiting", _("waiting")
        PLACED = "placed", _("brought over")
        KNOWN = "known", _("brought over before")
        SKIPPED = "skipped", _("left out")
        REFUSED = "refused", _("not placed")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="+", verbose_name=_("restaurant"))
    batch = models.ForeignKey(BookingImport, models.CASCADE, related_name="rows", verbose_name=_("import"))
    line = models.PositiveIntegerField(_("line"))
    # SHA-256 in hex of what identifies the row; nothing can be read from it.
    key = models.CharField(max_length=64, editable=False)
    # The key of the guest's contact, by which erasing somebody finds the row.
    contact = models.CharField(max_length=64, editable=False)
    told: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(_("told"), default=dict, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reservation = models.ForeignKey(
        Reservation, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("reservation")
    )
    guest = models.ForeignKey(Guest, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("guest"))

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of an import")
        ordering = ("batch", "line")
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "line"], name="importrow_line_unique")]
        indexes: ClassVar = [
            models.Index(fields=["restaurant", "key"], name="importrow_key"),
            models.Index(fields=["restaurant", "contact"], name="importrow_contact"),
        ]

    def __str__(self) -> str:
        return str(self.line)
