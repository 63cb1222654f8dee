"""Slots of 15 minutes and seating times, by examples, on both nights of the clock change."""

from __future__ import annotations

import datetime as dt

import pytest

from reservations.engine.slots import claimed_slots, is_on_slot, local_moment, seating_times, slots_needed

SPRING = dt.date(2027, 3, 28)
"""Berlin's clocks go from 02:00 +01:00 to 03:00 +02:00."""
AUTUMN = dt.date(2027, 10, 31)
"""Berlin's clocks go from 03:00 +02:00 back to 02:00 +01:00."""


def seats(date: dt.date, first: str, last: str, interval: int, zone: str = "Europe/Berlin") -> list[str]:
    found = seating_times(date, dt.time.fromisoformat(first), dt.time.fromisoformat(last), interval, zone)
    return [moment.isoformat(timespec="minutes") for moment in found]


def test_the_last_seating_is_offered_and_nothing_after_it() -> None:
    assert seats(dt.date(2027, 6, 1), "18:00", "19:00", 30) == [
        "2027-06-01T18:00+02:00",
        "2027-06-01T18:30+02:00",
        "2027-06-01T19:00+02:00",
    ]
    assert seats(dt.date(2027, 6, 1), "18:00", "19:00", 45) == ["2027-06-01T18:00+02:00", "2027-06-01T18:45+02:00"]


def test_first_and_last_alike_are_one_time() -> None:
    assert seats(dt.date(2027, 6, 1), "20:00", "20:00", 30) == ["2027-06-01T20:00+02:00"]


def test_a_last_seating_before_the_first_is_after_midnight() -> None:
    assert seats(dt.date(2027, 6, 1), "23:00", "00:30", 30) == [
        "2027-06-01T23:00+02:00",
        "2027-06-01T23:30+02:00",
        "2027-06-02T00:00+02:00",
        "2027-06-02T00:30+02:00",
    ]


def test_the_hour_that_the_night_skips_is_not_offered() -> None:
    assert seats(SPRING, "01:30", "03:30", 30) == [
        "2027-03-28T01:30+01:00",
        "2027-03-28T03:00+02:00",
        "2027-03-28T03:30+02:00",
    ]


def test_the_doubled_hour_is_offered_twice_with_both_offsets() -> None:
    assert seats(AUTUMN, "01:30", "03:00", 30) == [
        "2027-10-31T01:30+02:00",
        "2027-10-31T02:00+02:00",
        "2027-10-31T02:30+02:00",
        "2027-10-31T02:00+01:00",
        "2027-10-31T02:30+01:00",
        "2027-10-31T03:00+01:00",
    ]


def test_the_doubled_hours_times_are_two_starts_in_utc() -> None:
    found = seating_times(AUTUMN, dt.time(2), dt.time(2, 30), 30, "Europe/Berlin")
    assert [moment.astimezone(dt.UTC).time() for moment in found] == [
        dt.time(0),
        dt.time(0, 30),
        dt.time(1),
        dt.time(1, 30),
    ]


def test_a_service_over_midnight_meets_the_change_on_the_next_date() -> None:
    assert seats(SPRING - dt.timedelta(days=1), "23:00", "03:00", 60) == [
        "2027-03-27T23:00+01:00",
        "2027-03-28T00:00+01:00",
        "2027-03-28T01:00+01:00",
        "2027-03-28T03:00+02:00",
    ]
    assert seats(AUTUMN - dt.timedelta(days=1), "23:00", "03:00", 60) == [
        "2027-10-30T23:00+02:00",
        "2027-10-31T00:00+02:00",
        "2027-10-31T01:00+02:00",
        "2027-10-31T02:00+02:00",
        "2027-10-31T02:00+01:00",
        "2027-10-31T03:00+01:00",
    ]


def test_lord_howe_changes_by_half_an_hour() -> None:
    assert seats(dt.date(2027, 10, 3), "01:30", "03:00", 30, "Australia/Lord_Howe") == [
        "2027-10-03T01:30+10:30",
        "2027-10-03T02:30+11:00",
        "2027-10-03T03:00+11:00",
    ]
    assert seats(dt.date(2027, 4, 4), "01:00", "02:00", 30, "Australia/Lord_Howe") == [
        "2027-04-04T01:00+11:00",
        "2027-04-04T01:30+11:00",
        "2027-04-04T01:30+10:30",
        "2027-04-04T02:00+10:30",
    ]


def test_troll_changes_by_two_hours() -> None:
    assert seats(SPRING, "00:30", "03:30", 60, "Antarctica/Troll") == [
        "2027-03-28T00:30+00:00",
        "2027-03-28T03:30+02:00",
    ]


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Chatham", "Australia/Eucla"])
def test_offsets_of_45_minutes_stand_on_the_grid_of_slots(zone: str) -> None:
    found = seating_times(dt.date(2027, 6, 1), dt.time(18), dt.time(20), 15, zone)
    assert len(found) == 9
    assert all(is_on_slot(moment) for moment in found)


def test_times_off_the_grid_of_slots_are_left_out() -> None:
    assert seats(dt.date(2027, 6, 1), "18:00", "19:00", 20) == ["2027-06-01T18:00+02:00", "2027-06-01T19:00+02:00"]
    assert seats(dt.date(2027, 6, 1), "18:05", "19:05", 30) == []


@pytest.mark.parametrize(("minutes", "slots"), [(1, 1), (15, 1), (16, 2), (90, 6), (100, 7), (720, 48)])
def test_a_stay_claims_every_slot_that_it_touches(minutes: int, slots: int) -> None:
    start = dt.datetime(2027, 6, 1, 16, tzinfo=dt.UTC)
    claimed = claimed_slots(start, minutes)
    assert len(claimed) == slots == slots_needed(minutes)
    assert claimed[0] == start
    assert claimed[-1] < start + dt.timedelta(minutes=minutes) <= claimed[-1] + dt.timedelta(minutes=15)


def test_claims_run_through_the_clock_change_without_gap_or_double() -> None:
    [first, *_later] = seating_times(AUTUMN, dt.time(2), dt.time(2), 15, "Europe/Berlin")
    claimed = claimed_slots(first, 120)
    assert [slot.strftime("%H:%M") for slot in claimed] == [
        "00:00", "00:15", "00:30", "00:45", "01:00", "01:15", "01:30", "01:45",
    ]  # fmt: skip


def test_a_local_moment_is_the_clocks_first_showing_of_the_time() -> None:
    assert local_moment(dt.date(2027, 6, 1), dt.time(12), "Europe/Berlin") == dt.datetime(2027, 6, 1, 10, tzinfo=dt.UTC)
    # Doubled: the first; skipped: the change itself.
    assert local_moment(AUTUMN, dt.time(2, 30), "Europe/Berlin") == dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)
    assert local_moment(SPRING, dt.time(2, 30), "Europe/Berlin") == dt.datetime(2027, 3, 28, 1, tzinfo=dt.UTC)
    assert local_moment(SPRING, dt.time(3), "Europe/Berlin") == dt.datetime(2027, 3, 28, 1, tzinfo=dt.UTC)
