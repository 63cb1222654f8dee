"""The pure rules by examples: which times a day has, at which tables, and the first reason against each."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from reservations.engine.availability import (
    Ask,
    CombinationSpec,
    DayPlan,
    Deadline,
    Seating,
    ServiceRules,
    TableSpec,
    candidates,
    day_reason,
    starts,
    times,
)
from reservations.engine.errors import Reason

DATE = dt.date(2027, 6, 1)
NOON = dt.datetime(2027, 5, 30, 10, tzinfo=dt.UTC)
"""Two days before, at noon in Berlin."""


def service(**fields: Any) -> ServiceRules:
    """Return dinner at 18:00, 19:00 and 20:00 for parties of 2 to 8, two hours each."""
    usual: dict[str, Any] = {
        "id": 1,
        "name": "Dinner",
        "first": dt.time(18),
        "last": dt.time(20),
        "interval": 60,
        "min_party": 2,
        "max_party": 8,
        "lead": Deadline(),
        "cutoff": Deadline(),
        "turn_times": (),
        "default_turn": 120,
    }
    return ServiceRules(**{**usual, **fields})


def table(number: int, seats: int, **fields: Any) -> TableSpec:
    return TableSpec(**{"id": number, "name": f"T{number}", "area_id": 1, "min_seats": 1, "max_seats": seats, **fields})


def plan(**fields: Any) -> DayPlan:
    """Return an open day in Berlin with one service and two tables, for 2 and for 4."""
    usual: dict[str, Any] = {
        "date": DATE,
        "zone": "Europe/Berlin",
        "window_days": 60,
        "closed": False,
        "services": (service(),),
        "tables": (table(1, 4), table(2, 2)),
    }
    return DayPlan(**{**usual, **fields})


def at(clock: str, date: dt.date = DATE) -> dt.datetime:
    """Return the UTC moment of a summer's wall time in Berlin."""
    return dt.datetime.fromisoformat(f"{date}T{clock}+02:00").astimezone(dt.UTC)


def seating(clock: str, *tables: int, minutes: int = 120, **fields: Any) -> Seating:
    usual: dict[str, Any] = {"service_date": DATE, "party": 2, "online": True, "table_ids": tables}
    return Seating(start=at(clock), end=at(clock) + dt.timedelta(minutes=minutes), **{**usual, **fields})


def told(day: DayPlan, ask: Ask, now: dt.datetime = NOON) -> dict[str, tuple[int, ...] | Reason | None]:
    """Return the tables of each local time that can be booked, and the reason of each that can't."""
    return {
        time.start.strftime("%H:%M%z"): time.table_ids if time.bookable else time.reason
        for time in times(day, ask, now)
    }


def test_a_free_day_offers_every_time_at_the_smallest_table_that_fits() -> None:
    assert told(plan(), Ask(2)) == {"18:00+0200": (2,), "19:00+0200": (2,), "20:00+0200": (2,)}
    assert told(plan(), Ask(3)) == {"18:00+0200": (1,), "19:00+0200": (1,), "20:00+0200": (1,)}


def test_a_taken_table_is_taken_for_the_whole_stay_before_and_after() -> None:
    day = plan(tables=(table(2, 2),), services=(service(first=dt.time(16), last=dt.time(22), interval=30),))
    free = [key for key, value in told(replace(day, seatings=(seating("19:00", 2),)), Ask(2)).items() if value == (2,)]
    assert free == ["16:00+0200", "16:30+0200", "17:00+0200", "21:00+0200", "21:30+0200", "22:00+0200"]


@pytest.mark.parametrize("minutes", range(15, 200, 15))
def test_every_length_of_stay_is_kept_clear_of_the_next_party(minutes: int) -> None:
    rules = service(first=dt.time(16), last=dt.time(22), interval=15, default_turn=minutes)
    day = plan(tables=(table(2, 2),), services=(rules,), seatings=(seating("20:00", 2, minutes=15),))
    answers = {clock[:5]: value for clock, value in told(day, Ask(2)).items()}
    stay = dt.timedelta(minutes=minutes)
    for clock, value in answers.items():
        meets = at(clock) < at("20:15") and at("20:00") < at(clock) + stay
        assert value == (Reason.TABLES_TAKEN if meets else (2,)), clock


def test_a_party_from_before_the_first_time_is_still_there_until_it_leaves() -> None:
    day = plan(tables=(table(2, 2),), seatings=(seating("16:30", 2),))
    assert told(day, Ask(2)) == {"18:00+0200": Reason.TABLES_TAKEN, "19:00+0200": (2,), "20:00+0200": (2,)}


def test_a_stay_that_ends_within_a_slot_takes_the_whole_slot() -> None:
    day = plan(tables=(table(2, 2),), services=(service(first=dt.time(18), last=dt.time(20), interval=15),))
    busy = told(replace(day, seatings=(seating("18:00", 2, minutes=50),)), Ask(2))
    assert (busy["18:45+0200"], busy["19:00+0200"]) == (Reason.TABLES_TAKEN, (2,))


def test_turn_times_go_by_party_size_and_fall_back() -> None:
    rules = service(turn_times=((2, 90), (4, 120)), default_turn=150)
    assert [rules.turn(party) for party in (1, 2, 3, 4, 5, 8)] == [90, 90, 120, 120, 150, 150]
    assert times(plan(services=(rules,)), Ask(2), NOON)[0].minutes == 90


def test_the_smallest_table_comes_first_and_combinations_last() -> None:
    day = plan(
        tables=(table(1, 8), table(2, 4), table(3, 6), table(4, 4), table(5, 2)),
        combinations=(
            CombinationSpec(1, (2, 4, 5), 4, 8),
            CombinationSpec(2, (3, 4), 4, 10),
            CombinationSpec(3, (2, 4), 4, 8),
        ),
    )
    assert candidates(day, Ask(4)) == [(2,), (4,), (3,), (1,), (2, 4), (3, 4), (2, 4, 5)]
    # A table is not given to a party below its smallest.
    assert candidates(replace(day, tables=(table(2, 4, min_seats=3),), combinations=()), Ask(2)) == []


def test_a_combination_needs_all_its_members_free() -> None:
    day = plan(combinations=(CombinationSpec(1, (1, 2), 5, 6),))
    assert told(day, Ask(6))["18:00+0200"] == (1, 2)
    assert told(replace(day, seatings=(seating("18:00", 2),)), Ask(6))["18:00+0200"] is Reason.TABLES_TAKEN


def test_a_table_out_of_use_takes_its_combinations_with_it() -> None:
    day = plan(tables=(table(1, 4),), combinations=(CombinationSpec(1, (1, 2), 5, 6),))
    assert told(day, Ask(6))["18:00+0200"] is Reason.NO_TABLE


def test_area_and_step_free_access_bind_every_member() -> None:
    day = plan(
        tables=(table(1, 4, step_free=True), table(2, 2, area_id=2, step_free=True), table(3, 4)),
        combinations=(CombinationSpec(1, (1, 2), 1, 6), CombinationSpec(2, (1, 3), 1, 8)),
    )
    assert candidates(day, Ask(2, area_id=2)) == [(2,)]
    assert candidates(day, Ask(2, area_id=1)) == [(1,), (3,), (1, 3)]
    assert candidates(day, Ask(2, step_free=True)) == [(2,), (1,), (1, 2)]
    assert candidates(day, Ask(2, area_id=9)) == []


def test_in_house_tables_and_combinations_are_for_staff() -> None:
    day = plan(
        tables=(table(1, 4, online=False), table(2, 2), table(3, 2)),
        combinations=(CombinationSpec(1, (2, 3), 3, 4, online=False), CombinationSpec(2, (1, 2), 3, 6)),
    )
    assert candidates(day, Ask(4)) == []
    assert candidates(day, Ask(4, online=False)) == [(1,), (2, 3), (1, 2)]


def test_pacing_counts_the_parties_that_arrive_at_the_same_time_on_the_same_service_date() -> None:
    day = plan(services=(service(max_covers=6),), tables=(table(1, 4), table(2, 2), table(3, 4)))
    arrived = replace(day, seatings=(seating("18:00", 1, party=4, minutes=15),))
    assert told(arrived, Ask(3))["18:00+0200"] is Reason.PACING_FULL
    assert told(arrived, Ask(2))["18:00+0200"] == (2,)
    assert told(arrived, Ask(3))["19:00+0200"] == (1,)
    # Another service date's covers don't count, though its tables are taken.
    other = replace(day, seatings=(seating("18:00", 2, 1, party=6, service_date=DATE - dt.timedelta(days=1)),))
    assert told(other, Ask(4))["18:00+0200"] == (3,)


def test_online_pacing_leaves_the_rest_to_staff() -> None:
    day = plan(
        services=(service(max_covers=8, max_online_covers=4),),
        seatings=(seating("18:00", 2, party=2), seating("18:00", 9, party=3, online=False)),
    )
    assert told(day, Ask(2))["18:00+0200"] == (1,)
    assert told(day, Ask(3))["18:00+0200"] is Reason.PACING_FULL
    assert told(day, Ask(3, online=False))["18:00+0200"] == (1,)
    assert told(day, Ask(4, online=False))["18:00+0200"] is Reason.PACING_FULL
    assert told(day, Ask(4, online=False, ignore_pacing=True))["18:00+0200"] == (1,)


def test_a_lapsed_hold_takes_neither_table_nor_covers() -> None:
    hold = seating("18:00", 1, 2, party=6, held_until=NOON + dt.timedelta(minutes=5))
    day = plan(services=(service(max_covers=6),), seatings=(hold,))
    assert told(day, Ask(2))["18:00+0200"] is Reason.PACING_FULL
    assert told(day, Ask(2), NOON + dt.timedelta(minutes=5))["18:00+0200"] == (2,)


def test_lead_time_in_minutes_ends_to_the_minute() -> None:
    day = plan(services=(service(lead=Deadline(minutes=90)),))
    assert told(day, Ask(2), at("17:30")) == {
        "18:00+0200": Reason.TOO_LATE,
        "19:00+0200": (2,),
        "20:00+0200": (2,),
    }
    assert told(day, Ask(2), at("17:31"))["19:00+0200"] is Reason.TOO_LATE


def test_lead_time_as_a_clock_binds_every_time_of_the_date() -> None:
    day = plan(services=(service(lead=Deadline(clock=dt.time(17), days_before=1)),))
    assert set(told(day, Ask(2), at("17:00", DATE - dt.timedelta(days=1))).values()) == {(2,)}
    assert set(told(day, Ask(2), at("17:01", DATE - dt.timedelta(days=1))).values()) == {Reason.TOO_LATE}


def test_a_lead_clock_later_than_the_start_gives_no_time_back() -> None:
    day = plan(services=(service(lead=Deadline(clock=dt.time(23))),))
    assert told(day, Ask(2), at("18:30")) == {"18:00+0200": Reason.PAST, "19:00+0200": (2,), "20:00+0200": (2,)}


def test_the_booking_window_opens_at_the_restaurants_midnight() -> None:
    day = plan(window_days=2)
    last_moment = at("23:59", DATE - dt.timedelta(days=3))
    assert day_reason(day, Ask(2), last_moment) is Reason.TOO_FAR
    assert times(day, Ask(2), last_moment) == ()
    assert day_reason(day, Ask(2), last_moment + dt.timedelta(minutes=1)) is None
    assert day_reason(day, Ask(2, online=False), last_moment) is None


def test_yesterdays_service_is_bookable_after_midnight() -> None:
    late = plan(services=(service(first=dt.time(22), last=dt.time(1), interval=60),))
    assert told(late, Ask(2), at("00:30", DATE + dt.timedelta(days=1))) == {
        "22:00+0200": Reason.PAST,
        "23:00+0200": Reason.PAST,
        "00:00+0200": Reason.PAST,
        "01:00+0200": (2,),
    }
    assert day_reason(late, Ask(2), at("00:00", DATE + dt.timedelta(days=2))) is Reason.PAST


def test_tables_are_taken_across_midnight_and_by_the_next_date() -> None:
    late = plan(services=(service(first=dt.time(22), last=dt.time(1), interval=60),), tables=(table(1, 4),))
    tomorrow = DATE + dt.timedelta(days=1)
    early = Seating(at("02:00", tomorrow), at("03:00", tomorrow), tomorrow, 2, True, (1,))
    assert told(replace(late, seatings=(early,)), Ask(2)) == {
        "22:00+0200": (1,),
        "23:00+0200": (1,),
        "00:00+0200": (1,),
        "01:00+0200": Reason.TABLES_TAKEN,
    }


def test_where_two_services_share_a_time_the_earlier_one_has_it() -> None:
    day = plan(services=(service(), service(id=2, name="Late", first=dt.time(20), last=dt.time(21))))
    assert [rules.id for _start, rules in starts(day)] == [1, 1, 1, 2]


ORDER = (
    Reason.HOURS_UNKNOWN,
    Reason.CLOSED,
    Reason.NO_SERVICE,
    Reason.TOO_LATE,
    Reason.PARTY_TOO_LARGE,
    Reason.PACING_FULL,
    Reason.TABLES_TAKEN,
)


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_reasons_are_given_in_their_order(position: int) -> None:
    """A day with everything against it tells the first reason; put right, it tells the next."""
    against = set(ORDER[position:])
    party = 9 if Reason.PARTY_TOO_LARGE in against else 3
    rules = service(
        lead=Deadline(minutes=6000 if Reason.TOO_LATE in against else 0),
        max_covers=4 if Reason.PACING_FULL in against else None,
    )
    day = plan(
        online_reason=Reason.HOURS_UNKNOWN if Reason.HOURS_UNKNOWN in against else None,
        closed=Reason.CLOSED in against,
        services=() if Reason.NO_SERVICE in against else (rules,),
        tables=(table(1, 12),),
        seatings=(seating("18:00", 1),),
    )
    answer = day_reason(day, Ask(party), NOON) or times(day, Ask(party), NOON)[0].reason
    assert answer is ORDER[position]


def test_the_window_is_asked_before_the_party() -> None:
    assert day_reason(plan(window_days=1), Ask(99), NOON) is Reason.TOO_FAR


@pytest.mark.parametrize(
    ("party", "reason"),
    [(-1, "PARTY_TOO_SMALL"), (0, "PARTY_TOO_SMALL"), (1, "PARTY_TOO_SMALL"), (9, "PARTY_TOO_LARGE")],
)
def test_party_limits_bind_online_alone(party: int, reason: str) -> None:
    assert set(told(plan(), Ask(party)).values()) == {reason}
    assert not {reason} & set(told(plan(), Ask(party, online=False)).values())


AUTUMN = dt.date(2027, 10, 31)
NIGHT = plan(
    date=AUTUMN,
    services=(service(first=dt.time(1, 30), last=dt.time(3), interval=30),),
    tables=(table(1, 4),),
)


def test_each_showing_of_the_doubled_hour_is_a_time_of_its_own() -> None:
    now = dt.datetime(2027, 10, 30, tzinfo=dt.UTC)
    first_230 = dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)
    taken = Seating(first_230, first_230 + dt.timedelta(minutes=30), AUTUMN, 2, True, (1,))
    night = replace(NIGHT, services=(replace(NIGHT.services[0], default_turn=30),), seatings=(taken,))
    assert told(night, Ask(2), now) == {
        "01:30+0200": (1,),
        "02:00+0200": (1,),
        "02:30+0200": Reason.TABLES_TAKEN,
        "02:00+0100": (1,),
        "02:30+0100": (1,),
        "03:00+0100": (1,),
    }
    assert [time.start_utc.hour * 60 + time.start_utc.minute for time in times(night, Ask(2), now)[1:]] == [
        0, 30, 60, 90, 120,
    ]  # fmt: skip


def test_a_second_showing_is_neither_late_nor_past_before_it_comes() -> None:
    """Minutes count as they pass, not as the clocks show them; whoever asks by the local clock gets the same answer."""
    now = dt.datetime(2027, 10, 31, 0, 45, tzinfo=dt.UTC)
    local = now.astimezone(times(NIGHT, Ask(2), now)[0].start.tzinfo)
    for moment in (now, local):
        assert told(NIGHT, Ask(2), moment) == {
            "01:30+0200": Reason.PAST,
            "02:00+0200": Reason.PAST,
            "02:30+0200": Reason.PAST,
            "02:00+0100": (1,),
            "02:30+0100": (1,),
            "03:00+0100": (1,),
        }


def test_lead_minutes_count_through_the_clock_change() -> None:
    night = replace(NIGHT, services=(replace(NIGHT.services[0], lead=Deadline(minutes=90)),))
    now = dt.datetime(2027, 10, 31, 0, 0, tzinfo=dt.UTC)
    answers = told(night, Ask(2), now)
    assert (answers["02:00+0100"], answers["02:30+0100"]) == (Reason.TOO_LATE, (1,))
    spring = replace(night, date=dt.date(2027, 3, 28))
    answers = told(spring, Ask(2), dt.datetime(2027, 3, 27, 23, 30, tzinfo=dt.UTC))
    assert answers == {"01:30+0100": Reason.TOO_LATE, "03:00+0200": (1,)}


def test_a_deadline_of_a_local_start_is_the_same_as_of_its_utc() -> None:
    local = times(NIGHT, Ask(2, online=False), NOON)[-1].start
    deadline = Deadline(minutes=120)
    assert local.isoformat() == "2027-10-31T03:00:00+01:00"
    for start in (local, local.astimezone(dt.UTC)):
        assert deadline.moment(start, AUTUMN, NIGHT.zone) == dt.datetime(2027, 10, 31, 0, tzinfo=dt.UTC)
