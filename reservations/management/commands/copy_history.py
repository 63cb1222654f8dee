"""``manage.py copy_history``: let the copy have what it lacks, such as events from before there was one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reservations.history.chaining import chain_others, copy_events, queue_missing
from reservations.history.happened import Unavailable
from reservations.history.store import store
from reservations.models import HistoryOutbox, Restaurant


class Command(BaseCommand):
    """Queue and copy what is missing. Copying twice is harmless."""

    help = "Copy to Azure Cosmos DB every event that it lacks: from before COSMOS_URL was set, or after a loss."

    def handle(self, **options: Any) -> None:
        """Queue restaurant by restaurant, then copy."""
        if not settings.HISTORY_COPIED:
            raise CommandError("The history is not copied (COSMOS_URL is empty).")
        now = timezone.now()
        try:
            # Makes what the account lacks.
            store().add(())
            queued = sum(queue_missing(pk, now) for pk in Restaurant.objects.values_list("pk", flat=True))
        except Unavailable as error:
            raise CommandError(f"The copy can't be asked: {error}") from error
        # Each run ends after some seconds.
        while chain_others():
            pass
        copied = sum(iter(copy_events, 0))
        self.stdout.write(f"Missing: {queued}. Copied: {copied}.")
        if waiting := HistoryOutbox.objects.count():
            raise CommandError(f"{waiting} still wait: the log says why.")
