"""Days with room: a month as weeks of a calendar, and the days nearest to one that has none."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR

from reservations import cached
from reservations.engine.availability import Ask
from reservations.engine.room import Room
from reservations.forms import PartyForm
from reservations.queries.venue import Place
from restaurant_site.caching.fragments import fragment

# As the opening hours stand on the page: weeks begin on Monday.
_CALENDAR = calendar.Calendar(calendar.MONDAY)


@dataclass(frozen=True, slots=True)
class Who:
    """Who would come, and the wall time that they wish for, if any."""

    party: int
    area_id: int | None = None
    step_free: bool = False
    wished: str = ""

    @classmethod
    def of(cls, form: PartyForm) -> Who:
        """Return what a valid form says."""
        data = form.cleaned_data
        wished = data.get("time")
        return cls(data["party"], form.area_id, data["step_free"], f"{wished:%H:%M}" if wished else "")

    def at(self, address: str, date: dt.date) -> tuple[str, dt.date, int, int | None, bool, str]:
        """Return what a fragment of a date's times is asked by: its first arguments, in their order."""
        return address, date, self.party, self.area_id, self.step_free, self.wished

    @property
    def ask(self) -> Ask:
        """What they ask of a day online."""
        return Ask(party=self.party, area_id=self.area_id, step_free=self.step_free)


@dataclass(frozen=True, slots=True)
class Day:
    """A date of a calendar, and the address of its times, "" where nothing can be done there."""

    date: dt.date
    room: Room
    url: str
    is_today: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month by weeks, Monday first; None stands for a date of the month beside it. The addresses may be ""."""

    first: dt.date
    weeks: tuple[tuple[Day | None, ...], ...]
    previous: dt.date | None
    previous_url: str
    next: dt.date | None
    next_url: str

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """The names of its columns in the active language, each with its short one."""
        return [(str(WEEKDAYS[day]), str(WEEKDAYS_ABBR[day])) for day in range(7)]


@fragment("reservations/_calendar.html")
def calendar_of(
    address: str, date: dt.date, party: int, area_id: int | None, step_free: bool, wished: str, today: dt.date
) -> dict[str, Month | None]:
    """Show the month of a date that is chosen; today is the restaurant's local date."""
    found = cached.place(address)
    who = Who(party, area_id, step_free, wished)
    return {"month": month_of(found, who, today, date, chosen=date) if found else None}


def month_of(found: Place, who: Who, today: dt.date, asked: dt.date, *, chosen: dt.date | None = None) -> Month:
    """Return the bookable month nearest to the asked one, for a party.

    today is the restaurant's local date. What has room is as `cached.month` says.
    """
    months = _months(found, today)
    first = min(max(asked.replace(day=1), months[0]), months[1])
    rooms = dict(enumerate(_rooms(found, who, first), start=1))
    before = first - dt.timedelta(days=1)
    after = cached.month_end(first) + dt.timedelta(days=1)

    def day(date: dt.date) -> Day:
        room = rooms[date.day]
        leads = room is Room.OPEN or (room is Room.FULL and found.takes_waitlist)
        url = times_url(found, who, date) if leads else ""
        return Day(date, room, url, date == today, date == chosen)

    weeks = tuple(
        tuple(day(date) if date.month == first.month else None for date in week)
        for week in _CALENDAR.monthdatescalendar(first.year, first.month)
    )
    has_previous, has_next = first > months[0], first < months[1]
    return Month(
        first=first,
        weeks=weeks,
        previous=before.replace(day=1) if has_previous else None,
        previous_url=calendar_url(found, who, before) if has_previous else "",
        next=after if has_next else None,
        next_url=calendar_url(found, who, after) if has_next else "",
    )


def other_days(found: Place, who: Who, today: dt.date, date: dt.date) -> tuple[Day, ...]:
    """Return the days with room nearest to a date, in order: those around it, or where they are few its month's.

    And of the next month where those are few, too.
    """
    days = cached.near(found.id, date, who.party, who.area_id, who.step_free)
    if len(days) < cached.ENOUGH:
        days = _of_months(found, who, today, date)
    return tuple(Day(day, Room.OPEN, times_url(found, who, day), day == today, is_chosen=False) for day in days)


def _of_months(found: Place, who: Who, today: dt.date, date: dt.date) -> tuple[dt.date, ...]:
    months = _months(found, today)
    first = min(max(date.replace(day=1), months[0]), months[1])
    after = cached.month_end(first) + dt.timedelta(days=1)
    open_days: list[dt.date] = []
    for begin in (first, after):
        if begin <= months[1] and len(open_days) < cached.ENOUGH:
            rooms = enumerate(_rooms(found, who, begin))
            open_days += [begin + dt.timedelta(days=number) for number, room in rooms if room is Room.OPEN]
    nearest = sorted((day for day in open_days if day != date), key=lambda day: (abs(day - date), day))
    return tuple(sorted(nearest[: cached.ENOUGH]))


def times_url(found: Place, who: Who, date: dt.date) -> str:
    """Return the address of a date's times for a party, with its wished time, if it has one."""
    query = {"date": date.isoformat(), **of_party(who), **({"time": who.wished} if who.wished else {})}
    return f"{reverse('times', kwargs={'slug': found.slug})}?{urlencode(query)}"


def calendar_url(found: Place, who: Who, month: dt.date) -> str:
    """Return the address of the calendar of a date's month, for a party."""
    return f"{reverse('calendar', kwargs={'slug': found.slug})}?{urlencode(calendar_query(who, month))}"


def calendar_query(who: Who, month: dt.date) -> dict[str, str]:
    """Return the one spelling of what a calendar is asked for."""
    return {"month": f"{month:%Y-%m}", **of_party(who)}


def of_party(who: Who) -> dict[str, str]:
    """Return who would come, as a form or an address sends it."""
    more = {"area": str(who.area_id or ""), "step_free": "on" if who.step_free else ""}
    return {"party": str(who.party), **{name: value for name, value in more.items() if value}}


def _months(found: Place, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first days of the first and of the last month of the booking window."""
    return today.replace(day=1), (today + dt.timedelta(days=found.window_days)).replace(day=1)


def _rooms(found: Place, who: Who, first: dt.date) -> tuple[Room, ...]:
    return cached.month(found.id, first, who.party, who.area_id, who.step_free)
