"""Saving a row of a cached model against saving one of the same table by a plain model in `atomic`.

In one process with the heartbeat of a web worker, in short slices by turns. The
ratio is of wall time, since a save waits for the database; that of CPU stands
beside it. Dish reads its tags before it is saved, since they can change;
Service need not (fixed).

    python benchmarks/writes.py [--json]
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bench.ground import ground
from bench.serving import cores, pin
from bench.telling import Samples, tell

if TYPE_CHECKING:
    from django.db.models import Model

ROUNDS = 100
SAVES = 10
AIMS = {"write_vs_atomic_save": "at most 1.8", "write_fixed_vs_atomic_save": "at most 1.5"}


def plain_model(model: type[Model]) -> type[Model]:
    """Return a model of the same table and columns that is nothing but Django's."""
    from django.db import models

    columns: dict[str, Any] = {}
    for field in model._meta.local_concrete_fields:
        if field.is_relation:
            columns[field.attname] = models.BigIntegerField(db_column=field.column, null=field.null)
        else:
            columns[field.name] = field.clone()
    meta = type("Meta", (), {"app_label": "bench", "managed": False, "db_table": model._meta.db_table})
    made: type[Model] = type(
        f"Plain{model.__name__}", (models.Model,), {"__module__": __name__, "Meta": meta, **columns}
    )
    return made


def spent(save: Callable[[Model], None], rows: Sequence[Model], text: str, column: str) -> tuple[float, float]:
    """Return the wall time and the CPU of a slice of saves, each of which changes its row."""
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(SAVES):
        row = rows[number % len(rows)]
        setattr(row, column, f"{text} {number}")
        save(row)
    return time.perf_counter() - wall, time.process_time() - cpu


def compare(model: type[Model], column: str) -> tuple[list[float], list[float]]:
    """Return the ratios of wall time and of CPU of every round, the cached model's by the plain one's."""
    from django.db import transaction

    cached, plain = (list(kind._default_manager.order_by("pk")) for kind in (model, plain_model(model)))

    def save_cached(row: Model) -> None:
        row.save()

    def save_plain(row: Model) -> None:
        with transaction.atomic():
            row.save()

    walls, cpus = [], []
    for number in range(-1, ROUNDS):
        pairs = [(save_cached, cached), (save_plain, plain)]
        taken = {}
        for save, rows in pairs if number % 2 else reversed(pairs):
            taken[save] = spent(save, rows, f"round {number}", column)
        # The first one pays for connections.
        if number >= 0:
            walls.append(taken[save_cached][0] / taken[save_plain][0])
            cpus.append(taken[save_cached][1] / taken[save_plain][1])
    return walls, cpus


def measure() -> Samples:
    """Return the ratios of every round for both kinds of model."""
    _client, core = cores()
    with ground():
        from bench import data

        from menus.models import Dish
        from reservations.models import Service
        from restaurant_site.caching import heartbeat

        data.make()
        heartbeat.start()
        pin(os.getpid(), core)
        walls, cpus = compare(Dish, "description")
        fixed_walls, fixed_cpus = compare(Service, "name")
    return {
        "write_vs_atomic_save": walls,
        "write_fixed_vs_atomic_save": fixed_walls,
        "write_vs_atomic_save_cpu": cpus,
        "write_fixed_vs_atomic_save_cpu": fixed_cpus,
    }


if __name__ == "__main__":
    tell("Saving a row: the cached model / a plain one in atomic", measure, AIMS)
