"""Reservations from before there was a history get one event each, which says what they are now."""

import secrets

from django.db import migrations

BATCH = 100


def tell(apps, schema_editor):
    """Write the events unchained, as everything outside a service day's lock: the job loop chains them."""
    Reservation = apps.get_model("reservations", "Reservation")
    HistoryEvent = apps.get_model("reservations", "HistoryEvent")
    rows = Reservation.objects.order_by("pk").values_list("pk", "restaurant_id", "status", "created_at")
    batch = []
    for pk, restaurant_id, status, created_at in rows.iterator(chunk_size=1000):
        batch.append(
            HistoryEvent(
                restaurant_id=restaurant_id,
                chain="other",
                position=-secrets.randbelow(2**62) - 1,
                kind=status,
                subject="reservation",
                subject_number=pk,
                actor="command",
                source="command",
                changes={"before": True},
                happened_at=created_at,
            )
        )
        if len(batch) == BATCH:
            HistoryEvent.objects.bulk_create(batch)
            batch = []
    HistoryEvent.objects.bulk_create(batch)


class Migration(migrations.Migration):
    dependencies = [("reservations", "0002_engine")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
