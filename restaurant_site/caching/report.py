"""What staff and operators are shown of the cache, from the fleet's counts, the outbox and this process's gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from restaurant_site.caching import stats
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.store import aliases_by_location, enabled, kind, store


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class of cached things: counts of the hours asked for, in requests; times in milliseconds."""

    kind: str
    counts: dict[str, int]
    hit_rate: float | None
    fill_ms: float | None
    entry_bytes: int | None


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis: its aliases, and its state as this process knows it, in the words and the language of who asks."""

    aliases: str
    kind: str
    state: str
    is_away: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The whole cache."""

    hours: int
    classes: tuple[ClassReport, ...]
    fleet: dict[str, int]
    servers: tuple[Server, ...]
    waiting: int
    confirmed: int
    oldest_waiting: dt.timedelta | None


def report(hours: int = stats.KEPT_HOURS) -> Report:
    """Return the report of the last hours. Without Redis the counts are 0; the outbox comes from the database."""
    # Not asked where it is known to be away: the counts would be 0, and the log full of why.
    is_away = enabled("default") and not store("default").gate.usable()
    totals = stats.totals(0 if is_away else hours)
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
        servers=servers(),
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


def servers() -> tuple[Server, ...]:
    """Return every Redis that the site has, asking those that were not asked lately."""
    return tuple(_server(aliases) for aliases in aliases_by_location().values())


def _server(aliases: list[str]) -> Server:
    alias = aliases[0]
    is_away = enabled(alias) and not store(alias).gate.usable()
    return Server(", ".join(aliases), _kind(alias), _state(alias, is_away), is_away)


def _kind(alias: str) -> str:
    if not enabled(alias):
        return _("none")
    kinds = {"single": _("one server"), "sentinel": _("a primary that Sentinels name"), "cluster": _("a cluster")}
    return kinds[kind(alias)]


def _state(alias: str, is_away: bool) -> str:
    if not enabled(alias):
        return _("switched off")
    return _("not used. %(why)s") % {"why": _(store(alias).gate.reason)} if is_away else _("in use")
