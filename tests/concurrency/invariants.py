"""What must be true of one restaurant's rows at any moment, asked in plain SQL, past the code under test."""

# ruff: noqa: S608 - the statements are put together from this file's own parts

from __future__ import annotations

from django.db import connection

# A block stands beside the reservations under its number below zero. A party whose
# time has begun may have moved, or stayed on after its time: from the last gap
# between its claims on it is where its row says. One that moved and went within a
# slot has none left, and neither has one that was moved, and back, when its time
# was over: what is over needs none.
_LIVE = """
    parties AS (
        SELECT r.id, r.service_id, r.service_date, r.starts_at, r.ends_at, r.party_size, r.source,
               r.pacing_exceeded_by_id, r.online_pacing_limit, r.table_ids,
               CASE WHEN r.status IN ('seated', 'finished')
                      OR r.status = 'confirmed' AND r.starts_at <= statement_timestamp() THEN COALESCE(
                   (SELECT max(c.slot_start) FROM reservations_tableclaim c
                    WHERE c.reservation_id = r.id AND NOT EXISTS (
                        SELECT 1 FROM reservations_tableclaim d
                        WHERE d.reservation_id = r.id AND d.slot_start = c.slot_start - interval '15 minutes')),
                   CASE WHEN r.status = 'finished' OR r.ends_at <= statement_timestamp()
                        THEN r.ends_at ELSE r.starts_at END
               ) ELSE r.starts_at END AS since
        FROM reservations_reservation r
        WHERE r.restaurant_id = %(restaurant)s AND r.status IN ('held', 'confirmed', 'seated', 'finished')
    ), live AS (
        SELECT p.id, p.starts_at, p.since, p.ends_at, t.value::bigint AS table_id
        FROM parties p LEFT JOIN LATERAL jsonb_array_elements_text(p.table_ids) t ON true
        UNION ALL
        SELECT -b.id, b.starts_at, b.starts_at, b.ends_at, t.value::bigint
        FROM reservations_block b LEFT JOIN LATERAL jsonb_array_elements_text(b.table_ids) t ON true
        WHERE b.restaurant_id = %(restaurant)s AND b.lifted_at IS NULL
    )"""

_CLAIMED = """
    claimed AS (
        SELECT COALESCE(reservation_id, -block_id) AS id, table_id, slot_start FROM reservations_tableclaim
        WHERE restaurant_id = %(restaurant)s
    ), owed AS (
        SELECT id, table_id, slot_start
        FROM live, generate_series(since, ends_at - interval '1 second', interval '15 minutes') slot_start
    ), allowed AS (
        SELECT id, table_id, slot_start
        FROM live, generate_series(starts_at, ends_at - interval '1 second', interval '15 minutes') slot_start
    )"""

_COVERS = """
    covers AS (
        SELECT service_id, service_date, starts_at, sum(party_size) AS everyone,
               sum(party_size) FILTER (WHERE source IN ('online', 'waitlist')) AS online,
               bool_and(online_pacing_limit IS NOT NULL) FILTER (WHERE source IN ('online', 'waitlist')) AS bound
        FROM parties
        GROUP BY service_id, service_date, starts_at HAVING bool_and(pacing_exceeded_by_id IS NULL)
    )"""

CHECKS = {
    "two parties hold one table at one time": f"""
        WITH {_LIVE}
        SELECT a.id, b.id, a.table_id FROM live a JOIN live b
        ON a.table_id = b.table_id AND a.id < b.id AND a.since < b.ends_at AND b.since < a.ends_at""",
    "a table is claimed twice for one slot": """
        SELECT table_id, slot_start FROM reservations_tableclaim
        WHERE restaurant_id = %(restaurant)s GROUP BY table_id, slot_start HAVING count(*) > 1""",
    "a live reservation lacks a claim": f"""
        WITH {_LIVE}, {_CLAIMED} SELECT * FROM owed EXCEPT SELECT * FROM claimed""",
    "a claim belongs to nobody live, or not to its tables and time": f"""
        WITH {_LIVE}, {_CLAIMED} SELECT * FROM claimed EXCEPT SELECT * FROM allowed""",
    "a live reservation has no table": f"WITH {_LIVE} SELECT id FROM live WHERE table_id IS NULL",
    "covers exceed pacing": f"""
        WITH {_LIVE}, {_COVERS}
        SELECT c.* FROM covers c JOIN reservations_service s ON s.id = c.service_id
        WHERE c.everyone > s.max_covers OR (c.bound AND c.online > s.max_online_covers)""",
}
"""Each statement finds rows only where what its name says has happened."""


def broken(restaurant_id: int) -> dict[str, int]:
    """Return what is broken at a restaurant, with the number of rows that show it; empty where all is well."""
    found = {}
    with connection.cursor() as cursor:
        for name, statement in CHECKS.items():
            cursor.execute(statement, {"restaurant": restaurant_id})
            rows = cursor.fetchall()
            if rows:
                found[name] = len(rows)
    return found
