"""That the covers that arrive at one time keep to the pacing that was in force when they were booked."""

from __future__ import annotations

from typing import Any

from reservations.auditing.scope import Finding, Scope, count, select, utc_text
from reservations.models import Reservation, Restaurant
from reservations.models.reservation import BY_ONLINE_RULES, COUNTED

_COUNTED = ", ".join(f"'{status}'" for status in COUNTED)
_ONLINE = ", ".join(f"'{source}'" for source in BY_ONLINE_RULES)


def within_pacing(scope: Scope, finding: Finding) -> None:
    """Find times at which more covers arrive than pacing allows, those apart that exceeded it knowingly.

    The largest limit that any of them was booked under counts, so that lowering
    it later makes no violation; one that was booked under none lifts it.
    """
    where, parameters = scope.condition("r.restaurant_id", "r.service_date")
    where = f"{where} AND r.status IN ({_COUNTED}) AND r.pacing_exceeded_by_id IS NULL"
    finding.rows = count(f"{Reservation._meta.db_table} r", where, parameters)
    _sum(finding, "pacing_limit", where, parameters, "covers")
    _sum(finding, "online_pacing_limit", f"{where} AND r.source IN ({_ONLINE})", parameters, "covers online")


def _sum(finding: Finding, limit: str, where: str, parameters: list[Any], what: str) -> None:
    for slug, date, start, covers, most in select(
        f"p.slug, r.service_date, r.starts_at, SUM(r.party_size), MAX(r.{limit})",
        f"{Reservation._meta.db_table} r JOIN {Restaurant._meta.db_table} p ON p.id = r.restaurant_id",
        where,
        parameters,
        f"GROUP BY p.slug, r.service_date, r.starts_at"
        f" HAVING COUNT(r.{limit}) = COUNT(*) AND SUM(r.party_size) > MAX(r.{limit})"
        f" ORDER BY p.slug, r.service_date, r.starts_at",
    ):
        finding.violated(f"{slug}, service of {date}, {utc_text(start)}: {covers} {what}, at most {most}")
