"""What staff and operators are shown of the cache, from the fleet's counts, the outbox and this process's gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone

from restaurant_site.caching import stats
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.store import ALIASES, enabled, store


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class of cached things: counts of the hours asked for, in requests; times in milliseconds."""

    kind: str
    counts: dict[str, int]
    hit_rate: float | None
    fill_ms: float | None
    entry_bytes: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole cache."""

    hours: int
    classes: tuple[ClassReport, ...]
    fleet: dict[str, int]
    servers: tuple[tuple[str, str], ...]
    """Aliases and the state of their Redis as this process knows it: "in use", or why it is not used."""
    waiting: int
    confirmed: int
    oldest_waiting: dt.timedelta | None


def report(hours: int = stats.KEPT_HOURS) -> Report:
    """Return the report of the last hours. Without Redis the counts are 0; the outbox comes from the database."""
    totals = stats.totals(hours)
    rows = Invalidation.objects.aggregate(
        waiting=Count("pk", filter=Q(confirmed_at=None)),
        confirmed=Count("confirmed_at"),
        oldest=Min("created_at", filter=Q(confirmed_at=None)),
    )
    oldest = rows["oldest"]
    return Report(
        hours=hours,
        classes=tuple(_of_class(kind, totals[kind]) for kind in stats.CLASSES),
        fleet=totals["cache"],
        servers=_servers(),
        waiting=rows["waiting"],
        confirmed=rows["confirmed"],
        oldest_waiting=timezone.now() - oldest if oldest else None,
    )


def _of_class(kind: str, counts: dict[str, int]) -> ClassReport:
    answered = sum(counts[event] for event in ("hit", "stale", "miss", "bypass", "refused"))
    fills = counts["fills"]
    return ClassReport(
        kind=kind,
        counts=counts,
        hit_rate=(counts["hit"] + counts["stale"]) / answered if answered else None,
        fill_ms=counts["fill_us"] / fills / 1000 if fills else None,
        entry_bytes=round(counts["fill_bytes"] / fills) if fills else None,
    )


def _servers() -> tuple[tuple[str, str], ...]:
    found: dict[str, list[str]] = {}
    states: dict[str, str] = {}
    for alias in ALIASES:
        location = str(id(store(alias).gate)) if enabled(alias) else ""
        found.setdefault(location, []).append(alias)
        states[location] = _state(alias)
    return tuple((", ".join(aliases), states[location]) for location, aliases in found.items())


def _state(alias: str) -> str:
    if not enabled(alias):
        return "switched off"
    gate = store(alias).gate
    return "in use" if gate.usable() else f"not used ({gate.reason})"
