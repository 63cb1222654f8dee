"""Reports for managers: covers, no-shows, lead and turn times, refused demand and the waitlist, by week and service."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from reservations.admin.charts import chart as drawn
from reservations.models import Refusal, Reservation, Restaurant, WaitlistEntry
from reservations.queries.reports import monday_of, report
from restaurant_site.spreadsheets import plain_cell, safe_cell
from tests import factories as make
from tests.reservations.evening import of_restaurant, signed_in
from tests.reservations.people import make_waiting

pytestmark = pytest.mark.django_db

Status = Reservation.Status
# A Thursday, long over; the week before it has a Monday of the year before.
FIRST = dt.date(2026, 1, 1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def venue() -> Restaurant:
    restaurant = make.make_venue(tables=(4,) * 4)
    make.make_turn_time(restaurant, up_to=2, minutes=90)
    return restaurant


def party(restaurant: Restaurant, date: dt.date, table: int = 0, **fields: Any) -> Reservation:
    """Write a party of a past date as finished, booked three days before; fields are the row's."""
    size = fields.pop("party", 2)
    wish = make.make_wish(restaurant, date=date, party=size)
    service = restaurant.services.get()
    values = {
        "status": Status.FINISHED,
        "service": service,
        "service_name": service.name,
        "seated_at": wish.start,
        "finished_at": wish.start + dt.timedelta(minutes=100),
        **fields,
    }
    row = make.make_seated(restaurant, [restaurant.tables.order_by("pk")[table]], wish, **values)
    Reservation.objects.filter(pk=row.pk).update(created_at=wish.start - 3 * DAY)
    return row


def fill(restaurant: Restaurant, date: dt.date) -> None:
    """Write an evening: parties of two and four that came, a no-show, a late cancellation, a hold that lapsed."""
    party(restaurant, date)
    party(restaurant, date, 1, party=4, finished_at=None)
    gone = {"seated_at": None, "finished_at": None}
    party(restaurant, date, 2, status=Status.NO_SHOW, **gone)
    party(restaurant, date, 3, status=Status.CANCELLED, cancelled_late=True, **gone)
    start = make.utc(restaurant, date, dt.time(21))
    Reservation.objects.create(
        restaurant=restaurant,
        status=Status.EXPIRED,
        service_date=date,
        starts_at=start,
        ends_at=start,
        party_size=8,
        idempotency_key=make.new_key(),
    )
    for reason, size in (("PACING_FULL", 2), ("PACING_FULL", 4), ("PAUSED", 3)):
        Refusal.objects.create(
            restaurant=restaurant, service_date=date, starts_at=start, party_size=size, reason=reason, source="online"
        )
    wish = make.make_wish(restaurant, date=date)
    make_waiting(restaurant, wish=wish, status=WaitlistEntry.Status.ACCEPTED)
    make_waiting(restaurant, wish=wish, status=WaitlistEntry.Status.OVER)
    make_waiting(restaurant, wish=wish, kind=WaitlistEntry.Kind.DOOR)


def test_the_figures_of_an_evening(venue: Restaurant) -> None:
    fill(venue, FIRST)
    fill(make.make_venue(tables=(4,) * 4), FIRST)
    total = report(venue, FIRST, FIRST).total
    assert (total.parties, total.covers, total.came, total.no_shows) == (2, 6, 2, 1)
    assert (total.cancelled, total.cancelled_late) == (1, 1)
    assert total.no_show_rate == pytest.approx(1 / 3)
    assert total.lead_days == pytest.approx(3)
    # Of the party of four it is not known when it left. Planned is what the rules say for two.
    assert total.turn_minutes == pytest.approx(100)
    assert total.planned_minutes == pytest.approx(90)
    found = report(venue, FIRST, FIRST)
    assert [(reason, row.times, row.covers) for reason, row in found.reasons] == [
        ("PACING_FULL", 2, 6),
        ("PAUSED", 1, 3),
    ]
    assert (found.waited.joined, found.waited.accepted, found.waited.conversion) == (2, 1, 0.5)


def test_what_was_refused_is_counted_where_a_service_seats_at_that_time(venue: Restaurant) -> None:
    make.make_service(venue, name="Late", first_seating=dt.time(23), last_seating=dt.time(1))
    day = make.make_special_day(venue, FIRST + DAY, is_closed=False)
    make.make_service(venue, name="Feast", special_day=day, first_seating=dt.time(17), last_seating=dt.time(22))
    for date, at in ((FIRST, 19), (FIRST, 23), (FIRST + DAY, 0), (FIRST + DAY, 19), (FIRST, 9)):
        Refusal.objects.create(
            restaurant=venue,
            # Half past midnight belongs to the evening before.
            service_date=FIRST if not at else date,
            starts_at=make.utc(venue, date, dt.time(at, 30)),
            party_size=2,
            reason="TABLES_TAKEN",
            source="online",
        )
    found = report(venue, FIRST, FIRST + DAY)
    assert {name: refused.times for name, _one, refused in found.services} == {
        "Dinner": 1,
        "Late": 2,
        "Feast": 1,
        "": 1,
    }


def refuse(restaurant: Restaurant, reason: str, date: dt.date, at: dt.time = dt.time(19), party: int = 2) -> None:
    start = make.utc(restaurant, date, at)
    Refusal.objects.create(
        restaurant=restaurant, service_date=date, starts_at=start, party_size=party, reason=reason, source="online"
    )


def test_refused_demand_by_reason_for_each_week_and_service(client: Client, venue: Restaurant) -> None:
    make.make_service(venue, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14))
    for reason, date, at, size in (
        ("PACING_FULL", FIRST, dt.time(19), 2),
        ("PACING_FULL", FIRST + DAY, dt.time(19), 4),
        ("PAUSED", FIRST, dt.time(12), 3),
        ("PACING_FULL", FIRST + 7 * DAY, dt.time(12), 2),
        ("PAUSED", FIRST + 7 * DAY, dt.time(9), 2),
    ):
        refuse(venue, reason, date, at, size)
    client.force_login(make.make_staff())

    def table(key: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(ask(client, venue, csv=key).content.decode("utf-8-sig"))))

    assert table("reasons-weeks") == [
        ["Week", "Monday", "Pacing full", "Paused", "Refused", "Covers asked for"],
        ["2026-W01", "2025-12-29", "2", "1", "3", "9"],
        ["2026-W02", "2026-01-05", "1", "1", "2", "4"],
    ]
    head, *rows = table("reasons-services")
    assert head == ["Service", "Pacing full", "Paused", "Refused", "Covers asked for"]
    assert sorted(rows) == [
        ["Dinner", "2", "0", "2", "6"],
        ["Lunch", "1", "1", "2", "5"],
        ["–", "0", "1", "1", "2"],
    ]
    page = ask(client, venue).content.decode()
    assert "W01: Pacing full 2" in page
    assert "Lunch: Paused 1" in page


def test_more_reasons_than_colours_share_the_last(client: Client, venue: Restaurant) -> None:
    names = ["PACING_FULL", "PAUSED", "CLOSED", "NO_TABLE", "TABLES_TAKEN", "TOO_LATE", "TOO_FAR", "OF_OLD"]
    for number, reason in enumerate(names):
        for _time in range(len(names) - number):
            refuse(venue, reason, FIRST)
    client.force_login(make.make_staff())
    sections = {section.key: section for section in ask(client, venue).context["sections"]}
    for key, label in (("reasons-weeks", "W01"), ("reasons-services", "Dinner")):
        [chart] = sections[key].charts
        assert len(chart.legend) == 6
        assert chart.legend[-1] == "others"
        bars = [bar for bar in chart.bars if bar.text.startswith(label)]
        assert bars[-1].text == f"{label}: others 6"
        # Upon each other: each begins where the one below it ends.
        for lower, upper in pairwise(bars):
            assert upper.y + upper.height == pytest.approx(lower.y, abs=0.2)
        assert bars[-1].y >= 0


def test_days_are_folded_to_iso_weeks_and_those_without_anything_are_there(venue: Restaurant) -> None:
    assert monday_of(FIRST) == dt.date(2025, 12, 29)
    for date in (FIRST, dt.date(2026, 1, 4), dt.date(2026, 1, 5), dt.date(2026, 1, 19), dt.date(2026, 2, 1)):
        party(venue, date)
    found = report(venue, FIRST, dt.date(2026, 1, 25))
    assert [(week.monday.isoformat(), week.figures.covers) for week in found.weeks] == [
        ("2025-12-29", 4),
        ("2026-01-05", 2),
        ("2026-01-12", 0),
        ("2026-01-19", 2),
    ]
    assert [(name, one.covers, refused.times) for name, one, refused in found.services] == [("Dinner", 8, 0)]


def test_a_report_takes_as_many_statements_for_years_as_for_a_day(
    venue: Restaurant, django_assert_num_queries: Any
) -> None:
    fill(venue, FIRST)
    fill(venue, FIRST + 70 * DAY)
    for days in (1, 1000):
        with django_assert_num_queries(5):
            report(venue, FIRST, FIRST + days * DAY)


def ask(client: Client, restaurant: Restaurant, **query: str) -> Any:
    return client.get(of_restaurant(restaurant, "reports"), {"first": FIRST.isoformat(), "last": "2026-01-11", **query})


def test_the_page_shows_charts_that_are_read_out_with_their_tables(client: Client, venue: Restaurant) -> None:
    client.force_login(make.make_staff())
    fill(venue, FIRST)
    page = ask(client, venue).content.decode()
    for text in ("2026-W01", "33.3 %", "Pacing: as many covers as allowed", "Online booking is paused", "3.0 days"):
        assert text in page
    charts = re.findall(r"<svg role=.*?</svg>", page, re.DOTALL)
    assert len(charts) == 14
    for chart in charts:
        assert 'role="img"' in chart
        assert "<title id=" in chart
        assert "<desc id=" in chart
    assert page.count('<table id="table-') == 5
    assert "style=" not in page.partition("<svg")[2]
    # Without a range: the last weeks, of which nothing is known here.
    assert "Nothing in these days." in client.get(of_restaurant(venue, "reports")).content.decode()
    change = client.get(f"/admin/reservations/restaurant/{venue.pk}/change/").content.decode()
    assert of_restaurant(venue, "reports") in change


def test_each_table_comes_as_csv_that_runs_no_formula(client: Client, venue: Restaurant) -> None:
    client.force_login(make.make_staff())
    fill(venue, FIRST)
    Reservation.objects.update(service_name='=HYPERLINK("http://evil")')
    response = ask(client, venue, csv="services")
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Service", "Covers"]
    assert rows[1][:2] == ['\'=HYPERLINK("http://evil")', "6"]
    weeks = list(csv.reader(io.StringIO(ask(client, venue, csv="weeks").content.decode("utf-8-sig"))))
    assert [row[0] for row in weeks[1:]] == ["2026-W01", "2026-W02"]
    assert ask(client, venue, csv="reasons").status_code == 200
    assert ask(client, venue, csv="secrets").status_code == 404


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "＝1"])
def test_a_cell_that_would_be_run_is_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert plain_cell(safe_cell(text)) == text
    assert (safe_cell(-1.5), safe_cell("a-b"), safe_cell(None)) == ("-1.5", "a-b", "")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"last": "2025-01-01"}, "The last day is before the first."),
        ({"first": "0001-01-01", "last": "0001-01-01"}, "not a date of the calendar"),
        ({"first": "9999-12-31", "last": "9999-12-31"}, "not a date of the calendar"),
        ({"first": "2020-01-01"}, "three years at most"),
        ({"first": "soon"}, "Enter a valid date"),
    ],
)
def test_a_range_that_is_none_is_a_message(client: Client, venue: Restaurant, query: dict[str, str], text: str) -> None:
    client.force_login(make.make_staff())
    response = ask(client, venue, **query)
    assert response.status_code == 200
    assert text in response.content.decode()
    assert ask(client, venue, csv="weeks", **query).status_code == 404


def test_reports_are_not_for_hosts(client: Client, venue: Restaurant) -> None:
    signed_in(client, "view_reservation", "change_reservation", "view_restaurant")
    assert ask(client, venue).status_code == 403
    client.force_login(make.make_staff())
    assert client.get(f"/admin/reservations/restaurant/{venue.pk + 999}/reports/").status_code == 404
    assert client.post(of_restaurant(venue, "reports")).status_code == 405


def test_what_is_below_nothing_has_no_bar() -> None:
    shown = drawn("lead", "Lead", ["1", "2", "3"], [("days", [-0.2, None, 4])], words="Lead")
    assert [bar.text for bar in shown.bars] == ["3: days 4"]
    assert shown.bars[0].height > 0
