"""Rows of restaurants become restaurants with hours, services, special days and tables."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction

from reservations.engine.locks import lock_days, retried
from reservations.importing import reimport
from reservations.importing.bulk import create
from reservations.importing.facts import Facts, UnusableError, read_facts, slug_for
from reservations.importing.meaning import Hours, Problem
from reservations.importing.store import Written, store_hours
from reservations.importing.tables import TableRule, add_tables
from reservations.models import Reservation, Restaurant, RestaurantCuisine, ServiceDay
from reservations.models.reservation import COUNTED

BATCH = 500
POSITION = 200
"""Imported restaurants are listed after those that were made by hand."""


@dataclass(slots=True)
class Counts:
    """What an import did: rows of the file by what became of them, by their hours, and the rows written for them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    unusable: int = 0
    bookable: int = 0
    understood: int = 0
    problems: Counter[Problem] = field(default_factory=Counter)
    written: Written = field(default_factory=Written)
    tables: int = 0


Row = tuple[int, Mapping[str, str]]
"""The line that a row begins on, and its columns by name."""
Report = Callable[[int, str, str], None]
"""Called with line, name and what the operator should know of the row."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What holds for one import."""

    today: dt.date
    bookable: bool
    tables: TableRule
    report: Report
    counts: Counts


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    facts: Facts


def import_rows(
    rows: Iterable[Row],
    *,
    today: dt.date,
    bookable: bool,
    tables: TableRule,
    report: Report,
    progress: Callable[[int], None] = lambda _done: None,
) -> Counts:
    """Create or update the restaurants of the rows, whose columns are `facts.COLUMNS`, and return what was done.

    Special days are found from today (a local date) for 365 days; bookable says
    whether new places with services take online bookings. Every row that can't
    be used is reported and counted, and the others go on. progress is called
    with the number of rows done.

    Each batch of 500 is a transaction, and so is each restaurant whose days or
    services change, under their locks: what was done stays if a later batch
    fails. So it must not be called inside a transaction (RuntimeError).
    """
    run = _Run(today, bookable, tables, report, Counts())
    first_lines: dict[str, int] = {}
    done = 0
    for batch in _batches(rows):
        _import_batch(run, list(_usable(run, batch, first_lines)))
        done += len(batch)
        progress(done)
    return run.counts


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _usable(run: _Run, batch: Sequence[Row], first_lines: dict[str, int]) -> Iterator[_Entry]:
    for line, row in batch:
        try:
            facts = read_facts(row)
            first_line = first_lines.setdefault(facts.source_ref, line)
            if first_line != line:
                raise UnusableError(f"osm_ref {row['osm_ref']} stands on line {first_line} already")
        except UnusableError as error:
            run.counts.unusable += 1
            run.report(line, row.get("name", ""), str(error))
            continue
        yield _Entry(line, facts)


def _import_batch(run: _Run, entries: Sequence[_Entry]) -> None:
    """Create and update in one transaction, and what needs a lock after it, restaurant by restaurant."""
    locked = []
    with transaction.atomic(durable=True):
        refs = [entry.facts.source_ref for entry in entries]
        existing = {row.source_ref: row for row in Restaurant.objects.filter(source_ref__in=refs)}
        _create(run, [entry for entry in entries if entry.facts.source_ref not in existing])
        stored = reimport.load(list(existing.values()), run.today)
        furnished: dict[int, str] = {}
        for entry in entries:
            restaurant = existing.get(entry.facts.source_ref)
            if restaurant is None:
                continue
            facts, base, new, changes = _plan(run, entry, stored[restaurant.pk])
            if changes.touches_booking:
                locked.append((entry, restaurant.pk))
                continue
            reimport.apply(stored[restaurant.pk], changes, base)
            _count(run, new, changes, str(changes.fields.get("online_booking", restaurant.online_booking)))
            if changes.wants_tables:
                furnished[restaurant.pk] = facts.kind
        run.counts.tables += add_tables(furnished, run.tables)
    for entry, pk in locked:
        _update_locked(run, entry, pk)


def _create(run: _Run, entries: Sequence[_Entry]) -> None:
    hours = {entry.facts.source_ref: reimport.hours_of(entry.facts, run.today) for entry in entries}
    rows = [
        reimport.new_restaurant(
            entry.facts,
            hours[entry.facts.source_ref],
            slug=slug_for(entry.facts.name, entry.facts.source_ref),
            position=POSITION,
            bookable=run.bookable,
        )
        for entry in entries
    ]
    create(Restaurant, rows)
    ids = dict(Restaurant.objects.filter(source_ref__in=list(hours)).values_list("source_ref", "pk"))
    create(
        RestaurantCuisine,
        [
            RestaurantCuisine(restaurant_id=ids[entry.facts.source_ref], cuisine=cuisine)
            for entry in entries
            for cuisine in entry.facts.cuisines
        ],
    )
    kinds = {ids[entry.facts.source_ref]: entry.facts.kind for entry in entries}
    pacing = {pk: run.tables.pacing(kind) for pk, kind in kinds.items()}
    run.counts.written.add(store_hours({ids[ref]: of for ref, of in hours.items()}, pacing))
    run.counts.tables += add_tables(kinds, run.tables)
    run.counts.created += len(rows)
    for row in rows:
        _count_hours(run, hours[row.source_ref or ""], row.online_booking)


def _plan(run: _Run, entry: _Entry, stored: reimport.Stored) -> tuple[Facts, Hours, Hours, reimport.Changes]:
    restaurant = stored.restaurant
    facts = reimport.kept(restaurant, entry.facts)
    base = reimport.hours_of(restaurant, run.today)
    new = reimport.hours_of(facts, run.today)
    furnish = bool(run.tables.of(facts.kind))
    return facts, base, new, reimport.plan(stored, facts, base, new, bookable=run.bookable, furnish=furnish)


def _update_locked(run: _Run, entry: _Entry, pk: int) -> None:
    """Update one restaurant whose days or services change: decided anew and written under the locks of its days."""

    def work() -> tuple[Hours, reimport.Changes, str, Written, int]:
        dates = ServiceDay.objects.filter(restaurant_id=pk, date__gte=run.today - dt.timedelta(days=1))
        if booked := list(dates.values_list("date", flat=True)):
            lock_days(pk, booked)
        stored = reimport.load([Restaurant.objects.get(pk=pk)], run.today)[pk]
        facts, base, new, changes = _plan(run, entry, stored)
        written = reimport.apply(stored, changes, base)
        tables = add_tables({pk: facts.kind}, run.tables) if changes.wants_tables else 0
        return new, changes, stored.restaurant.online_booking, written, tables

    new, changes, booking, written, tables = retried(work)
    run.counts.written.add(written)
    run.counts.tables += tables
    _count(run, new, changes, str(changes.fields.get("online_booking", booking)))
    ahead = Reservation.objects.filter(restaurant_id=pk, service_date__gte=run.today, status__in=COUNTED)
    if changes.services is None:
        ahead = ahead.filter(service_date__in=changes.dates)
    if waiting := ahead.count():
        run.report(
            entry.line,
            entry.facts.name,
            f"imported; its hours changed, and reservations that lie ahead ({waiting}) stay as they are: check them",
        )


def _count(run: _Run, hours: Hours, changes: reimport.Changes, booking: str) -> None:
    if changes.any:
        run.counts.updated += 1
    else:
        run.counts.unchanged += 1
    _count_hours(run, hours, booking)


def _count_hours(run: _Run, hours: Hours, booking: str) -> None:
    run.counts.bookable += booking == Restaurant.Booking.ON
    if hours.problem is None:
        run.counts.understood += 1
    else:
        run.counts.problems[hours.problem] += 1
