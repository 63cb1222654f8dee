"""What the write rules refuse and why, what staff may do, and what a booking costs in SQL statements."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.engine import booking, locks
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason, Refused
from reservations.models import (
    Refusal,
    Reservation,
    Restaurant,
    Service,
    ServiceDay,
    Table,
    TableClaim,
    User,
)
from reservations.queries import day
from reservations.queries.day import Window
from reservations.queries.prepared import Question, together
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import refused

pytestmark = pytest.mark.django_db


def next_change(restaurant: Restaurant, hours: int) -> dt.datetime:
    """Return the UTC moment at which the restaurant's clocks next go forward (hours 1) or back (-1)."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    moments = [(hour + dt.timedelta(hours=step)).astimezone(restaurant.zone) for step in range(400 * 24)]
    for before, after in pairwise(moments):
        jump = (after.utcoffset() or dt.timedelta()) - (before.utcoffset() or dt.timedelta())
        if jump == dt.timedelta(hours=hours):
            return after.astimezone(dt.UTC)
    raise AssertionError("the zone has no such change within 400 days")


@pytest.fixture
def venue() -> Restaurant:
    """Dinner with at most 6 covers at a time, 4 of them online, at tables for 2, 2, 4, 4 and 6."""
    return make.make_venue(min_party=2, service={"max_covers": 6, "max_online_covers": 4})


@pytest.fixture
def user() -> User:
    return make.make_staff()


# --- Reasons ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "change", "wish"),
    [
        ("ONLINE_BOOKING_OFF", {"online_booking": "off"}, {}),
        ("ONLINE_BOOKING_OFF", {"is_published": False}, {}),
        ("HOURS_UNKNOWN", {"online_booking": "hours_unknown"}, {}),
        ("NOT_A_TIME", {}, {"at": dt.time(18, 10)}),
        ("NOT_A_TIME", {}, {"at": dt.time(18, 15)}),
        ("NOT_A_TIME", {}, {"at": dt.time(23)}),
        ("NOT_A_TIME", {}, {"days_after": 1}),
        ("TOO_LATE", {"lead_minutes": 60 * 24 * 30}, {}),
        ("TOO_LATE", {"lead_clock": dt.time(12), "lead_days_before": 30}, {}),
        ("TOO_FAR", {"booking_window_days": 6}, {}),
        ("PARTY_TOO_SMALL", {}, {"party": 0}),
        ("PARTY_TOO_SMALL", {}, {"party": -1}),
        ("PARTY_TOO_SMALL", {}, {"party": 1}),
        ("PARTY_TOO_LARGE", {}, {"party": 9}),
        ("PARTY_TOO_LARGE", {}, {"party": 1000}),
        ("PARTY_TOO_LARGE", {}, {"party": 10**9}),
        ("PACING_FULL", {}, {"party": 5}),
        ("NO_TABLE", {}, {"step_free": True}),
    ],
)
def test_a_refusal_leaves_its_reason_and_nothing_else(
    venue: Restaurant, reason: str, change: dict[str, Any], wish: dict[str, Any]
) -> None:
    Restaurant.objects.filter(pk=venue.pk).update(**change)
    with refused(Reason(reason)):
        make.make_hold(venue, **wish)
    refusal = Refusal.objects.get()
    assert (refusal.restaurant, refusal.reason, refusal.source) == (venue, reason, "online")
    assert refusal.service_date == make.days_ahead(venue)
    for model in (Reservation, TableClaim, ServiceDay):
        assert not model.objects.exists()


def test_a_time_of_yesterday_is_past(venue: Restaurant) -> None:
    with refused(Reason.PAST):
        make.make_hold(venue, date=make.days_ahead(venue, -1))
    with refused(Reason.PAST):
        make.make_hold(venue, date=make.days_ahead(venue, -10))


def test_full_tables_are_refused_after_pacing(venue: Restaurant) -> None:
    Service.objects.update(max_covers=None, max_online_covers=None)
    for _i in range(5):
        make.make_hold(venue)
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue)
    Service.objects.update(max_covers=10)
    with refused(Reason.PACING_FULL):
        make.make_hold(venue)


def test_a_party_can_ask_for_an_area_but_not_for_anothers(venue: Restaurant) -> None:
    terrace = make.make_area(venue, name="Terrace")
    table = make.make_table(venue, area=terrace, seats=6)
    assert make.make_hold(venue, area=terrace).table_ids == [table.pk]
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue, area=terrace)
    with refused(Reason.NO_TABLE):
        make.make_hold(venue, area=make.make_venue().areas.get())


# --- Days ---------------------------------------------------------------------


def test_closures_and_special_days_close(venue: Restaurant) -> None:
    date = make.days_ahead(venue)
    make.make_closure(venue, date, date + dt.timedelta(days=1))
    make.make_special_day(venue, date + dt.timedelta(days=2))
    for days in range(3):
        with refused(Reason.CLOSED):
            make.make_hold(venue, date=date + dt.timedelta(days=days))
    assert make.make_hold(venue, date=date + dt.timedelta(days=3)).service_date
    assert make.make_hold(venue, date=date - dt.timedelta(days=1)).service_date


def test_a_special_days_services_replace_the_usual_ones(venue: Restaurant) -> None:
    date = make.days_ahead(venue)
    special = make.make_special_day(venue, date, is_closed=False)
    with refused(Reason.NO_SERVICE):
        make.make_hold(venue)
    make.make_service(venue, special_day=special, name="Brunch", first_seating=dt.time(11), last_seating=dt.time(13))
    assert make.make_hold(venue, at=dt.time(11)).service_name == "Brunch"
    with refused(Reason.NOT_A_TIME):
        make.make_hold(venue, at=dt.time(19))
    # Only on its date.
    with refused(Reason.NOT_A_TIME):
        make.make_hold(venue, date=date + dt.timedelta(days=1), at=dt.time(11))


def test_services_keep_to_their_weekdays_and_validity(venue: Restaurant) -> None:
    date = make.days_ahead(venue)
    Service.objects.update(weekdays=1 << date.weekday())
    with refused(Reason.NO_SERVICE):
        make.make_hold(venue, date=date + dt.timedelta(days=1))
    assert make.make_hold(venue).service_name == "Dinner"
    for limits in ({"valid_from": date + dt.timedelta(days=1)}, {"valid_until": date - dt.timedelta(days=1)}):
        Service.objects.update(**{"valid_from": None, "valid_until": None, **limits})
        with refused(Reason.NO_SERVICE):
            make.make_hold(venue)


def test_a_services_own_limits_stand_before_the_restaurants(venue: Restaurant) -> None:
    Restaurant.objects.update(lead_minutes=60 * 24 * 30)
    Service.objects.update(min_party=1, max_party=3, lead_minutes=0)
    assert make.make_hold(venue, party=1).party_size == 1
    with refused(Reason.PARTY_TOO_LARGE):
        make.make_hold(venue, party=4)


def test_a_services_turn_times_stand_before_the_restaurants(venue: Restaurant) -> None:
    make.make_turn_time(venue, up_to=2, minutes=60)
    assert make.make_hold(venue, party=2).ends_at == make.make_wish(venue).start + dt.timedelta(minutes=60)
    make.make_turn_time(venue, up_to=2, minutes=45, service=Service.objects.get())
    assert make.make_hold(venue, party=2).ends_at == make.make_wish(venue).start + dt.timedelta(minutes=45)


def test_the_hour_that_is_skipped_is_no_time_and_each_doubled_one_is_two() -> None:
    late = {"first_seating": dt.time(1), "last_seating": dt.time(4)}
    restaurant = make.make_venue(tables=(2,), booking_window_days=730, turn_minutes=30, service=late)
    forward, back = next_change(restaurant, 1), next_change(restaurant, -1)
    half = dt.timedelta(minutes=30)

    def hold(start: dt.datetime) -> Reservation:
        date = start.astimezone(restaurant.zone).date()
        return make.make_hold(restaurant, wish=Wish(restaurant.pk, date, start, 2))

    # On the spring night 01:30 is followed by 03:00, half an hour later.
    skipped = dt.datetime.combine(forward.astimezone(restaurant.zone).date(), dt.time(2, 30), restaurant.zone)
    with refused(Reason.NOT_A_TIME):
        make.make_hold(restaurant, wish=Wish(restaurant.pk, skipped.date(), skipped.replace(fold=1), 2))
    assert [hold(start).local_start.strftime("%H:%M") for start in (forward - half, forward)] == ["01:30", "03:00"]
    doubled = [hold(back + step * half).local_start.isoformat()[11:] for step in range(-2, 2)]
    assert doubled == ["02:00:00+02:00", "02:30:00+02:00", "02:00:00+01:00", "02:30:00+01:00"]
    assert broken(restaurant.pk) == {}


# --- The locked read alone accepts ---------------------------------------------


@pytest.fixture
def hopeful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the read without the lock see a free house, as it does while others are about to commit."""

    def window(*args: Any, locked: bool, **kwargs: Any) -> Window:
        view = day.window(*args, locked=locked, **kwargs)
        return view if locked else Window((0, 0), frozenset(), frozenset())

    monkeypatch.setattr("reservations.engine.placing.window", window)


@pytest.mark.usefixtures("hopeful")
def test_what_the_unlocked_read_missed_is_refused_under_the_lock() -> None:
    restaurant = make.make_venue(tables=(4,))
    make.make_reservation(restaurant)
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(restaurant)
    make.make_table(restaurant)
    Service.objects.update(max_covers=3)
    with refused(Reason.PACING_FULL):
        make.make_hold(restaurant)
    assert Reservation.objects.count() == 1
    assert list(Refusal.objects.order_by("pk").values_list("reason", flat=True)) == ["TABLES_TAKEN", "PACING_FULL"]


@pytest.mark.parametrize("closing", ["closure", "special day", "service", "booking off"])
def test_a_day_closed_while_waiting_for_its_lock_takes_no_booking(
    monkeypatch: pytest.MonkeyPatch, venue: Restaurant, closing: str
) -> None:
    """Whoever closes a day holds its lock: a booking that waited for it sees the day as it is now."""

    def lock_days(restaurant_id: int, dates: Any, *questions: Question) -> list[Any]:
        locks.lock_days(restaurant_id, dates)
        if closing == "closure":
            make.make_closure(venue, make.days_ahead(venue))
        elif closing == "special day":
            make.make_special_day(venue, make.days_ahead(venue))
        elif closing == "service":
            Service.objects.update(valid_until=make.days_ahead(venue, 1))
        else:
            Restaurant.objects.update(online_booking="off")
        return together(*questions)

    monkeypatch.setattr("reservations.engine.placing.lock_days", lock_days)
    with pytest.raises(Refused):
        make.make_hold(venue)
    assert not Reservation.objects.exists()


# --- Staff ---------------------------------------------------------------------


def test_staff_book_past_lead_time_window_party_limits_and_online_tables(venue: Restaurant, user: User) -> None:
    Restaurant.objects.update(lead_minutes=60 * 24 * 30, booking_window_days=1, max_party=2, is_published=False)
    Table.objects.update(is_online=False)
    found = booking.book(
        key=make.new_key(), wish=make.make_wish(venue, party=6), details=make.make_details(), user=user
    )
    assert (found.status, found.source, found.created_by) == ("confirmed", "staff", user)
    assert (found.pacing_exceeded_by, found.confirmed_at is not None) == (None, True)
    assert broken(venue.pk) == {}


def test_staff_are_bound_by_closures_times_and_claims(venue: Restaurant, user: User) -> None:
    def book(**fields: Any) -> Reservation:
        return booking.book(
            key=make.new_key(),
            wish=make.make_wish(venue, **fields),
            details=make.make_details(),
            user=user,
            exceed_pacing=True,
        )

    make.make_closure(venue, make.days_ahead(venue, 8))
    with refused(Reason.CLOSED):
        book(date=make.days_ahead(venue, 8))
    with refused(Reason.NOT_A_TIME):
        book(at=dt.time(18, 10))
    book(party=6)
    with refused(Reason.TABLES_TAKEN):
        book(party=5)
    with refused(Reason.NO_TABLE):
        book(party=100)
    assert set(Refusal.objects.values_list("source", flat=True)) == {"staff"}


def test_staff_exceed_pacing_knowingly_and_it_is_recorded(venue: Restaurant, user: User) -> None:
    def book(exceed: bool) -> Reservation:
        return booking.book(
            key=make.new_key(),
            wish=make.make_wish(venue, party=4),
            details=make.make_details(),
            user=user,
            exceed_pacing=exceed,
            pacing_reason="The mayor",
        )

    # Within pacing nothing is recorded, though it might have been exceeded.
    assert (book(True).pacing_exceeded_by, book(True).pacing_exceeded_by) == (None, user)
    with refused(Reason.PACING_FULL):
        book(False)
    assert list(Reservation.objects.order_by("pk").values_list("pacing_reason", flat=True)) == ["", "The mayor"]
    with refused(Reason.PACING_FULL):
        make.make_hold(venue)


def test_staff_get_a_step_free_table_where_one_is_needed(venue: Restaurant, user: User) -> None:
    Table.objects.filter(max_seats=6).update(is_step_free=True)
    details = make.make_details(needs_step_free=True)
    found = booking.book(key=make.new_key(), wish=make.make_wish(venue, party=2), details=details, user=user)
    assert found.table_ids == [venue.tables.get(max_seats=6).pk]


def test_a_staff_form_sent_again_by_the_same_user_is_one_reservation(venue: Restaurant, user: User) -> None:
    def book(by: User, **fields: Any) -> Reservation:
        return booking.book(wish=make.make_wish(venue, **fields), details=make.make_details(), user=by, key="form")

    first = book(user)
    assert book(user).pk == first.pk
    assert book(make.make_staff()).pk != first.pk
    assert book(user, at=dt.time(20)).pk != first.pk
    assert Reservation.objects.count() == 3


# --- What a booking costs --------------------------------------------------------


def statements(restaurant: Restaurant, **wish: Any) -> list[str]:
    """Hold and confirm, and return the SQL statements that it took, but for those that begin and end a transaction."""
    with CaptureQueriesContext(connection) as captured:
        make.make_reservation(restaurant, **wish)
    return [query["sql"] for query in captured if query["sql"] not in ("BEGIN", "COMMIT", "ROLLBACK")]


@pytest.mark.django_db(transaction=True)
def test_a_booking_costs_the_same_few_statements_in_a_house_of_any_size() -> None:
    small, large = make.make_venue(tables=(2, 2)), make.make_venue(tables=[2, 4] * 30)
    tables = list(large.tables.all())
    for pair in range(0, 20, 2):
        make.make_combination(large, tables[pair : pair + 2])
    for up_to in range(1, 9):
        make.make_turn_time(large, up_to=up_to, minutes=120)
    for number in range(300):
        date = make.days_ahead(large, 6 + number // 100)
        wish = make.make_wish(large, date=date, at=(dt.time(18), dt.time(20))[number // 50 % 2])
        make.make_seated(large, [tables[number % 50]], wish)
    # A day's first booking also makes the row that every later one locks.
    for first_of_day in (True, False):
        assert ServiceDay.objects.exists() is not first_of_day
        counts = {name: statements(restaurant) for name, restaurant in (("small", small), ("large", large))}
        assert len(counts["small"]) == len(counts["large"]) <= 30, "\n".join(counts["large"])
    assert broken(large.pk) == {}
