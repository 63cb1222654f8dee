"""The history of menus: who changed what, as the admin tells of its own forms.

In Django's own log each row has what was done to it, in words; in the
restaurant's history what somebody did is one event, of one row or of many.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from reservations.models import User
from reservations.scoping import Deed, tell
from restaurant_site.database.batches import rows_a_statement

__all__ = ["ADDITION", "CHANGE", "DELETION", "Deed", "record", "tell"]


def record(user: User, rows: Iterable[tuple[Model, str]], flag: int = CHANGE) -> None:
    """Append what was done to each row to Django's log, in words and in the transaction that does it."""
    entries = []
    for row, words in rows:
        entries.append(
            LogEntry(
                user_id=user.pk,
                content_type_id=ContentType.objects.get_for_model(row).pk,
                object_id=str(row.pk),
                object_repr=str(row)[:200],
                action_flag=flag,
                change_message=words,
            )
        )
    LogEntry.objects.bulk_create(entries, batch_size=rows_a_statement(LogEntry))
