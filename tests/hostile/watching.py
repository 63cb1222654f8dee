"""What must hold of every answer, and of what is stored: what a crawl is for."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urljoin, urlsplit

from django.contrib.auth.models import Group
from django.db import connection, models

from reservations.models import Restaurant, User
from tests.hostile.browser import Answer
from tests.hostile.values import EVIL, TYPED
from tests.postgresql import alone
from tests.reservations.roles.marked import tenant_models

# What is typed, as it must never come back: run by the browser, or by the template.
_RUNS = ("<script>zqx", "<img src=x onerror=zqx", 'zqa" onfocus=', "zq49", f'href="//{EVIL}', f'href="https://{EVIL}')
_INSIDE = ("Traceback (most recent call last)", "psycopg.", "SECRET_KEY", "site-packages", "django.db.utils")
_NOT_COUNTED = ("django_session", "caching_invalidation")


def wrong_with(answer: Answer, typed: bool) -> list[str]:
    """Return what is wrong with an answer, whoever asked for it; typed says whether hostile values were sent."""
    found = []
    if answer.status >= 500 or answer.error:
        found.append(f"{answer.status} {answer.error}")
    for name, value in answer.headers:
        if "\r" in value or "\n" in value or "zqh" in name.lower() or value.startswith("zqh="):
            found.append(f"a header was injected: {name}: {value[:80]!r}")
    where = answer.header("Location")
    if where and leaves(where):
        found.append(f"leads to {where[:80]}")
    if answer.kind != "text/html":
        return found
    text = answer.text
    found += [f"runs what was typed: {word}" for word in _RUNS if typed and word in text]
    found += [f"tells of the inside: {word}" for word in _INSIDE if word in text]
    return found


def leaves(where: str) -> bool:
    """Return whether a browser that follows an address leaves the site."""
    # As browsers read it: backslashes are slashes, and white space before and inside goes.
    read = re.sub(r"[\t\r\n]", "", where.strip()).replace("\\", "/")
    parts = urlsplit(urljoin("http://testserver/", read))
    return (parts.scheme, parts.hostname) != ("http", "testserver")


def written() -> int:
    """Return how many rows this transaction has written, sessions and the cache's outbox apart."""
    alone("it counts what a transaction has written")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
            " WHERE relname <> ALL(%s)",
            [list(_NOT_COUNTED)],
        )
        return int(cursor.fetchone()[0])


class Stored:
    """What is stored of a restaurant, and of all accounts but one, as a digest of each table."""

    def __init__(self, restaurant: Restaurant, apart_from: User | None = None) -> None:
        alone("tables are digested by its functions")
        self._sql, self._params = self._question(restaurant, apart_from)
        self.before = self.now()

    def now(self) -> dict[str, str]:
        """Return the digests, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._params)
            return dict(cursor.fetchall())

    def changed(self) -> list[str]:
        """Return the tables of which something has changed since."""
        now = self.now()
        return [table for table, digest in self.before.items() if now[table] != digest]

    @staticmethod
    def _question(restaurant: Restaurant, apart_from: User | None) -> tuple[str, list[int]]:
        parts, params = [], []
        for model in tenant_models():
            column = "id" if model is Restaurant else "restaurant_id"
            parts.append(_digest(model, f"{column} = %s"))
            params.append(restaurant.pk)
        last = User.objects.latest("pk").pk
        # New ones may be there: an owner invites people. And whom an owner takes the last role from is signed out.
        accounts = _digest(User, "id <= %s AND id <> %s", row="(TO_JSONB(x) - 'session_mark')")
        parts += [accounts, _digest(Group, "id > %s")]
        params += [last, apart_from.pk if apart_from else 0, 0]
        parts.append("SELECT 'superusers', COUNT(*)::text FROM reservations_user WHERE is_superuser")
        return " UNION ALL ".join(parts), params


def _digest(model: type[models.Model], where: str, row: str = "x") -> str:
    table = model._meta.db_table
    whole = f"MD5(COALESCE(STRING_AGG({row}::text, '|' ORDER BY id), ''))"
    return f"SELECT '{table}', {whole} FROM {table} x WHERE {where}"  # noqa: S608 - names of the models alone


def mixed_up() -> list[str]:
    """Return the columns by which a row refers to one of another restaurant, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_crossings())
        return sorted({row[0] for row in cursor.fetchall()})


@cache
def _crossings() -> str:
    # It is asked after each of thousands of requests.
    parts = []
    for model in tenant_models():
        for field in model._meta.concrete_fields:
            target = field.related_model
            if model is Restaurant or target is Restaurant or target not in tenant_models():
                continue
            one, other = model._meta.db_table, target._meta.db_table
            parts.append(
                f"SELECT '{one}.{field.column}' FROM {one} a JOIN {other} b ON b.id = a.{field.column}"  # noqa: S608
                " WHERE a.restaurant_id <> b.restaurant_id"
            )
    return " UNION ALL ".join(parts)


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect the lines of the log in which something stands that was typed."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = record.getMessage()
            # These say which address or field was odd; both are typed here, and are nobody's data.
            if not record.name.startswith(("django.request", "django.security")) and re.search(TYPED, line):
                lines.append(f"{record.name}: {line[:200]}")

    collector = Collector(logging.INFO)
    logging.getLogger().addHandler(collector)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(collector)
