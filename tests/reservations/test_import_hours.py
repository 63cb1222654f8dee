"""Opening hours as people wrote them: the week shown, the services proposed from it, and the days that differ."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.importing.hours import Hours, Problem, understand

TODAY = dt.date(2026, 12, 1)
STRINGS = (Path(__file__).parent.parent / "data" / "opening_hours_sample.txt").read_text(encoding="utf-8").splitlines()
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")


def read(text: str, *, country: str = "DE", today: dt.date = TODAY) -> Hours:
    return understand(text, timezone="Europe/Berlin", latitude=52.5, longitude=13.4, country=country, today=today)


def shown(hours: Hours, *days: str) -> list[str]:
    """Return the periods of the days as text; all days if none is named."""
    return [
        f"{DAYS[period.day]} {period.opens:%H:%M}-{period.closes:%H:%M}"
        if period.opens is not None and period.closes is not None
        else f"{DAYS[period.day]} closed"
        for period in hours.periods
        if not days or DAYS[period.day] in days
    ]


def services(hours: Hours) -> list[str]:
    return [
        f"{service.name} "
        + "".join(day for bit, day in enumerate(DAYS[:7]) if service.weekdays >> bit & 1)
        + f" {service.first_seating:%H:%M}-{service.last_seating:%H:%M}/{service.interval_minutes}"
        for service in hours.services
    ]


def special(hours: Hours) -> dict[str, str]:
    return {f"{day.date:%m-%d}": "closed" if day.is_closed else day.hours for day in hours.special_days}


def test_lunch_and_dinner_become_two_services_whose_last_seating_leaves_the_margin() -> None:
    hours = read("Mo-Fr 11:30-14:20,17:20-22:00; Sa 17:30-23:00")
    assert shown(hours, "Mo", "Sa", "Su") == ["Mo 11:30-14:20", "Mo 17:20-22:00", "Sa 17:30-23:00", "Su closed"]
    assert services(hours) == [
        # Open for under three hours: 30 minutes before closing, down to a quarter of an hour.
        "Lunch MoTuWeThFr 11:30-13:45/30",
        # The first seating is up to a quarter, the last an hour before closing.
        "Dinner MoTuWeThFr 17:30-21:00/30",
        "Dinner Sa 17:30-22:00/30",
    ]
    assert hours.special_days == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mo 12:00-13:00", ["Lunch Mo 12:00-12:30/15"]),
        ("Mo 12:00-12:59", []),
        ("Mo 09:00-12:00", ["Breakfast Mo 09:00-11:00/30"]),
        ("Mo 07:00-14:00", ["Breakfast and lunch Mo 07:00-13:00/30"]),
        ("Mo 08:00-20:00", ["All day Mo 08:00-19:00/30"]),
        ("Mo 14:00-18:00", ["Afternoon Mo 14:00-17:00/30"]),
        ("Mo 22:00-24:00", ["Late Mo 22:00-23:30/30"]),
    ],
)
def test_short_openings_and_names(text: str, expected: list[str]) -> None:
    assert services(read(text)) == expected


def test_round_the_clock_is_one_service_to_the_last_quarter_of_the_day() -> None:
    hours = read("24/7")
    assert shown(hours, "Mo", "Su") == ["Mo 00:00-00:00", "Su 00:00-00:00"]
    assert services(hours) == ["All day MoTuWeThFrSaSu 00:00-23:45/30"]


def test_days_on_end_close_only_where_they_end() -> None:
    assert services(read("Mo-Fr 00:00-24:00")) == [
        "All day Fr 00:00-23:00/30",
        "All day MoTuWeTh 00:00-23:45/30",
    ]


@pytest.mark.parametrize(
    ("text", "days", "expected"),
    [
        ("Mo-Su 18:00-02:00", ["Sa"], ["Sa 18:00-02:00"]),
        ("Mo-Su 18:00-26:00", ["Sa"], ["Sa 18:00-02:00"]),
        # A night belongs to the day on which it begins, whatever the next day's rule is.
        ("Fr-Sa 18:00-03:00; Su off", ["Fr", "Sa", "Su"], ["Fr 18:00-03:00", "Sa 18:00-03:00", "Su closed"]),
        ("Su-Th 17:00-01:00; Fr-Sa 17:00-02:00", ["Th", "Sa"], ["Th 17:00-01:00", "Sa 17:00-02:00"]),
        ("Mo-Su 10:00-24:00,00:00-02:00", ["We"], ["We 10:00-02:00"]),
        # Something opens before the latest night ends: read as the library does.
        ("Fr 20:00-05:00; Mo-Th 04:00-12:00", ["Mo", "Fr"], ["Mo 04:00-12:00", "Fr 20:00-05:00"]),
    ],
)
def test_nights(text: str, days: list[str], expected: list[str]) -> None:
    assert shown(read(text), *days) == expected


def test_a_service_past_midnight_has_its_last_seating_there() -> None:
    assert services(read("Mo-Su 18:00-02:00")) == ["Dinner MoTuWeThFrSaSu 18:00-01:00/30"]


def test_weekdays_with_a_blank_after_the_comma_are_one_list() -> None:
    hours = read("Mo-Th, Su 13:00-22:00; Fr, Sa 13:00-23:00")
    assert shown(hours, "Mo", "Fr", "Sa") == ["Mo 13:00-22:00", "Fr 13:00-23:00", "Sa 13:00-23:00"]


def test_an_open_end_is_shown_to_midnight_and_seats_until_nine_or_three_hours_on() -> None:
    hours = read("Mo 12:00+; Tu 20:00+")
    assert shown(hours, "Mo", "Tu") == ["Mo 12:00-00:00", "Tu 20:00-00:00"]
    assert services(hours) == ["All day Mo 12:00-20:00/30", "Dinner Tu 20:00-22:00/30"]


def test_public_holidays_are_closed_by_name_and_shown() -> None:
    hours = read("Mo-Su 11:00-22:00; PH off")
    assert shown(hours, "PH") == ["PH closed"]
    names = {day.date: day.name for day in hours.special_days}
    assert names[dt.date(2026, 12, 25)] == "Christmas Day"
    assert names[dt.date(2027, 5, 6)] == "Ascension Day"
    assert all(day.is_closed and not day.services for day in hours.special_days)
    assert max(names) <= TODAY + dt.timedelta(days=365)


def test_hours_of_holidays_replace_the_services() -> None:
    hours = read("Mo-Fr 11:00-22:00; PH 12:00-16:00")
    assert shown(hours, "PH") == ["PH 12:00-16:00"]
    christmas = next(day for day in hours.special_days if day.date == dt.date(2026, 12, 25))
    assert (christmas.is_closed, christmas.hours) == (False, "12:00–16:00")
    assert [(str(s.first_seating), str(s.last_seating)) for s in christmas.services] == [("12:00:00", "15:00:00")]


def test_the_night_before_a_holiday_runs_to_its_end_and_none_is_left_after_it() -> None:
    assert set(special(read("Mo-Su 18:00-02:00; PH off")).values()) == {"closed"}


def test_a_country_that_the_library_has_no_calendar_of_has_its_holidays_too() -> None:
    days = {day.date: day for day in read("Mo-Su 11:00-22:00; PH off", country="TH").special_days}
    assert days[dt.date(2027, 4, 6)].is_closed
    assert days[dt.date(2027, 4, 6)].name == "Chakri Memorial Day"


def test_without_a_country_holidays_are_shown_but_have_no_dates() -> None:
    hours = read("Mo-Su 11:00-22:00; PH off", country="")
    assert shown(hours, "PH") == ["PH closed"]
    assert hours.special_days == ()


def test_doubtful_holidays_are_neither_closed_nor_seated() -> None:
    hours = read("Su-Th 11:00-23:00; PH unknown")
    assert shown(hours, "PH") == []
    christmas = next(day for day in hours.special_days if day.date == dt.date(2026, 12, 25))
    assert (christmas.is_closed, christmas.hours, christmas.services) == (False, "hours not known", ())


def test_a_season_is_the_days_that_differ_from_the_usual_week() -> None:
    hours = read("Apr-Sep Mo-Su 10:00-22:00; Oct-Mar Mo-Su 10:00-18:00")
    assert set(shown(hours)) == {f"{day} 10:00-22:00" for day in DAYS[:7]}
    winter = special(hours)
    assert winter["12-24"] == winter["03-31"] == "10:00–18:00"
    assert "04-01" not in winter
    assert "09-30" not in winter
    assert len(hours.special_days) == 183


def test_a_place_that_opens_in_summer_has_its_summer_week_and_is_closed_else() -> None:
    hours = read("Jun-Sep Tu-Su 10:00-20:00")
    assert shown(hours, "Mo", "Tu") == ["Mo closed", "Tu 10:00-20:00"]
    closed = special(hours)
    assert set(closed.values()) == {"closed"}
    assert "05-30" in closed
    assert "06-01" not in closed


def test_the_usual_week_does_not_hang_on_the_day_of_the_import() -> None:
    text = "Apr-Sep Mo-Su 10:00-18:00; Oct-Mar Mo-Su 12:00-22:00; PH off"
    weeks = {read(text, today=TODAY + dt.timedelta(days=days)).services for days in range(0, 800, 53)}
    assert len(weeks) == 1


def test_the_sun_gives_the_hours_of_the_shortest_day_and_no_special_days() -> None:
    hours = read("sunrise-sunset")
    assert shown(hours, "Mo") == ["Mo 08:30-15:45"]
    assert hours.special_days == ()
    assert special(read("sunrise-sunset; Dec 25 off")) == {"12-25": "closed"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem.MISSING),
        ("  ", Problem.MISSING),
        ("Durchgehend warme Küche.", Problem.NOT_PARSED),
        ("Mo-Sa 12:30pm-2pm", Problem.NOT_PARSED),
        ("x" * 5000, Problem.NOT_PARSED),
        ("open", Problem.NO_TIMES),
        ("Mo-Fr", Problem.NO_TIMES),
        ("Jun-Sep", Problem.NO_TIMES),
        ('"by appointment"', Problem.NO_TIMES),
        ("unknown", Problem.NO_TIMES),
        ("off", Problem.NEVER_OPEN),
        ("closed", Problem.NEVER_OPEN),
        ("Mo off", Problem.NEVER_OPEN),
        ("2021 Dec 01-2022 Apr 15 17:00-22:00", Problem.NEVER_OPEN),
        ('Tu-Su 10:00-18:00; Mo "by appointment"', Problem.CONDITIONAL),
        ("Sa 10:00-22:00; Su; PH 12:00-22:00", Problem.CONDITIONAL),
        ('10:00-20:00 "takeaway only"', Problem.CONDITIONAL),
        ('10:00-20:00 open "Drive-through"', Problem.CONDITIONAL),
        ("Mo-Su 12:00-12:00", Problem.CONDITIONAL),
        ("17:00-24:00; SH off", Problem.CONDITIONAL),
        ('Th-Fr 14:00-22:00 || "on request"', Problem.CONDITIONAL),
    ],
)
def test_what_is_not_understood_says_why_and_gives_nothing(text: str, problem: Problem) -> None:
    assert read(text) == Hours(problem=problem)


def test_a_remark_on_what_is_said_to_be_open_is_no_condition() -> None:
    assert services(read('Tu 12:00-14:00 open "Lunch"')) == ["Lunch Tu 12:00-13:30/30"]


def test_times_that_leave_no_seating_are_understood_and_shown() -> None:
    hours = read("Mo-Su 09:00-09:30")
    assert hours.understood
    assert shown(hours, "Mo") == ["Mo 09:00-09:30"]
    assert hours.services == ()


@pytest.mark.parametrize("text", STRINGS)
def test_real_texts_are_understood_or_say_why(text: str) -> None:
    hours = read(text)
    assert hours.understood == bool(hours.periods)
    assert {period.day for period in hours.periods} >= (set(range(7)) if hours.understood else set())
    for service in (*hours.services, *(service for day in hours.special_days for service in day.services)):
        assert not service.first_seating.minute % 15
        assert not service.last_seating.minute % 15
    dates = [day.date for day in hours.special_days]
    assert dates == sorted(set(dates))
    assert all(TODAY <= date <= TODAY + dt.timedelta(days=365) for date in dates)
    assert all(day.is_closed == (not day.hours) for day in hours.special_days)


@given(
    st.text(alphabet='MoTuWeThFrSaSuPH 0123456789:-,;+[]()"|/offJanDecsunrisetweek', max_size=40)
    | st.lists(st.sampled_from(STRINGS), min_size=2, max_size=3).map("; ".join)
    | st.text(max_size=30)
)
def test_no_text_raises(text: str) -> None:
    read(text)
