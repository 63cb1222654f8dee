"""The timeline of a service date: where its bars are, over midnight and where the clocks change, and who may see it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.models import Reservation, Restaurant, Table
from tests.factories import (
    days_ahead,
    make_area,
    make_block,
    make_hold,
    make_seated,
    make_staff,
    make_table,
    make_tables,
    make_venue,
    make_wish,
    utc,
)
from tests.reservations.evening import make_house, make_party, of_restaurant, signed_in, tables_of

pytestmark = pytest.mark.django_db

Status = Reservation.Status
SPRING, AUTUMN = dt.date(2027, 3, 27), dt.date(2027, 10, 30)
"""The service dates in Berlin after whose midnight the clocks change."""
LATE = {"first_seating": dt.time(22), "last_seating": dt.time(4), "interval_minutes": 30}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def shown(client: Client, restaurant: Restaurant, date: dt.date | None = None, **asked: str) -> str:
    response = client.get(of_restaurant(restaurant, "timeline"), {**({"date": str(date)} if date else {}), **asked})
    assert response.status_code == 200
    return response.content.decode()


def cells(page: str, table: Table) -> list[tuple[str, int, int]]:
    """Return a table's bars and gaps as (first class, slot, slots), as the page has them."""
    row = page.split(f'data-table="{table.pk}"')[1].split("</tr>")[0]
    return [
        (css.split()[-1] if css.startswith("bar") else css.split()[0], int(at), int(span))
        for css, at, span in re.findall(r'<a class="([^"]+)".*?data-at="(\d+)" data-span="(\d+)"', row)
    ]


def clocks(page: str) -> list[str]:
    """Return what the slots are called."""
    return str(re.findall(r'data-clocks="([^"]+)"', page)[0]).split("|")


def seat_at(restaurant: Restaurant, date: dt.date, start: dt.datetime, table: int = 0, **fields: Any) -> Reservation:
    wish = make_wish(restaurant, date=date)
    return make_seated(
        restaurant, [tables_of(restaurant)[table]], wish.__class__(restaurant.pk, date, start, wish.party), **fields
    )


def test_a_row_is_cut_into_bars_and_gaps(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2, 4))
    date = days_ahead(restaurant)
    one, two, three = tables_of(restaurant)
    make_seated(restaurant, [one], make_wish(restaurant), name="Ada", note="By the window", needs_step_free=True)
    make_seated(restaurant, [two, three], make_wish(restaurant, at=dt.time(20), party=5), name="<b>مريم</b>")
    make_block(restaurant, [one], at=dt.time(22), minutes=60, reason="Broken & gone")
    page = shown(staff, restaurant, date)
    # From 18:00 to the last seating's end at midnight: 24 slots.
    assert clocks(page)[0] == "18:00"
    assert len(clocks(page)) == 24
    assert cells(page, one) == [("gap", 0, 4), ("confirmed", 4, 8), ("gap", 12, 4), ("blocked", 16, 4), ("gap", 20, 4)]
    # A combination has its bar at each of its tables.
    assert cells(page, two) == cells(page, three) == [("gap", 0, 8), ("confirmed", 8, 8), ("gap", 16, 8)]
    assert "Ada, 2 covers, 19:00–21:00" in page
    assert "step-free, note" in page
    assert "&lt;b&gt;مريم&lt;/b&gt;" in page
    assert "Broken &amp; gone" in page
    assert " style=" not in page.split('id="board"')[1]


def test_holds_are_there_until_they_lapse(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2))
    one, two = tables_of(restaurant)
    make_hold(restaurant)
    make_hold(restaurant, lapsed=True)
    page = shown(staff, restaurant, days_ahead(restaurant))
    assert [css for css, _at, _span in cells(page, one)] == ["gap", "held", "gap"]
    assert [css for css, _at, _span in cells(page, two)] == ["gap"]


def test_who_moved_while_seated_has_the_new_table_from_then_on(staff: Client) -> None:
    restaurant = make_house(tables=(2, 2))
    one, two = tables_of(restaurant)
    party = make_party(restaurant, 1, starts=-60, stay=180, status=Status.SEATED)
    staff.post(f"/admin/reservations/reservation/{party.pk}/move/", {"tables": [two.pk]})
    page = shown(staff, restaurant, party.service_date)
    assert "seated" not in [css for css, _at, _span in cells(page, one)]
    assert [span for css, _at, span in cells(page, two) if css == "seated"] == [8]


def test_late_and_overstaying_parties_are_told(staff: Client) -> None:
    restaurant = make_house(tables=(2, 2))
    late = make_party(restaurant, 1, starts=-45, name="Lara")
    make_party(restaurant, 2, starts=-120, stay=90, status=Status.SEATED, name="Owen", date=late.service_date)
    page = shown(staff, restaurant, late.service_date)
    one, two = tables_of(restaurant)
    assert "late" in [css for css, _at, _span in cells(page, one)]
    assert "overstays" in [css for css, _at, _span in cells(page, two)]
    assert 'class="over"' in page
    assert 'class="slot now"' in page


@pytest.mark.parametrize(
    ("date", "slots", "hours"),
    [
        # From 22:00 until two hours after the last seating at 4:00; an hour is skipped, or comes twice.
        (SPRING, 28, ["22:00 CET", "23:00 CET", "00:00 CET", "01:00 CET", "03:00 CEST", "04:00 CEST", "05:00 CEST"]),
        (
            AUTUMN,
            36,
            [
                *(f"{hour}:00 CEST" for hour in ("22", "23", "00", "01", "02")),
                *(f"0{hour}:00 CET" for hour in range(2, 6)),
            ],
        ),
        (dt.date(2027, 6, 5), 32, ["22:00", "23:00", "00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]),
    ],
    ids=["spring", "autumn", "summer"],
)
def test_a_service_over_midnight_and_both_changes_of_the_clocks(
    staff: Client, date: dt.date, slots: int, hours: list[str]
) -> None:
    restaurant = make_venue(tables=(2, 2), service=LATE)
    after = date + dt.timedelta(days=1)
    start = utc(restaurant, after, dt.time(3, 30))
    seat_at(restaurant, date, start, minutes=90)
    # The next evening's party is not of this date, and not within its hours.
    seat_at(restaurant, after, utc(restaurant, after, dt.time(22)), table=1)
    page = shown(staff, restaurant, date)
    assert len(clocks(page)) == slots
    assert re.findall(r'<th scope="colgroup" colspan="4">([^<]+)</th>', page) == hours
    at = (start - utc(restaurant, date, dt.time(22))) // dt.timedelta(minutes=15)
    one, two = tables_of(restaurant)
    assert cells(page, one) == [("gap", 0, at), ("confirmed", at, 6), ("gap", at + 6, slots - at - 6)]
    assert cells(page, two) == [("gap", 0, slots)]


def test_yesterdays_party_after_midnight_takes_its_table_and_is_not_moved_here(staff: Client) -> None:
    restaurant = make_house(tables=(2,))
    date = days_ahead(restaurant)
    party = seat_at(restaurant, date, utc(restaurant, date + dt.timedelta(days=1), dt.time(0, 30)), name="Nora Night")
    page = shown(staff, restaurant, date + dt.timedelta(days=1))
    assert cells(page, tables_of(restaurant)[0])[1] == ("other", 2, 8)
    assert f'data-reservation="{party.pk}"' in page
    assert "data-moves" not in page
    assert 'data-moves="all"' in shown(staff, restaurant, date)


def test_pacing_is_shown_against_its_limit(staff: Client) -> None:
    restaurant = make_venue(tables=(4, 4, 4), service={"max_covers": 8})
    date = days_ahead(restaurant)
    for table, party in enumerate((4, 4, 1)):
        make_seated(restaurant, [tables_of(restaurant)[table]], make_wish(restaurant, party=party))
    assert 'class="pace exceeded" title="9 of 8"' in shown(staff, restaurant, date)


def test_what_the_board_costs_does_not_grow(staff: Client) -> None:
    restaurant = make_venue(tables=(2,) * 4)
    date = days_ahead(restaurant)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(staff, restaurant, date)
        return len(queries)

    def crowd(tables: list[Table]) -> None:
        for number, table in enumerate(tables):
            for hour in (18, 20):
                make_seated(restaurant, [table], make_wish(restaurant, at=dt.time(hour)), name=f"Party {number}")

    crowd(tables_of(restaurant))
    shown(staff, restaurant, date)
    few = cost()
    crowd(make_tables(restaurant, (2,) * 20, area=make_area(restaurant, name="Terrace")))
    make_block(restaurant, [make_table(restaurant)])
    assert cost() == few <= 12


def test_an_empty_or_closed_day_and_a_house_without_tables(staff: Client) -> None:
    restaurant = make_venue(tables=())
    assert "There are no tables yet." in shown(staff, restaurant)
    assert "There are no tables yet." in shown(staff, restaurant, dt.date(2031, 5, 1))


@pytest.mark.parametrize(
    "asked",
    [
        {"date": "2027-02-30"},
        {"date": "9999-12-31"},
        {"date": "0001-01-01"},
        {"date": "\0"},
        {"date": "x" * 300},
        {"part": "nothing", "start": "9" * 40, "at": "-1"},
        {"start": "²", "at": "1e9"},
    ],
)
def test_what_is_typed_into_the_address_is_no_error(staff: Client, asked: dict[str, str]) -> None:
    restaurant = make_venue(tables=(2,))
    table = tables_of(restaurant)[0]
    for page in ("timeline", "plan"):
        assert staff.get(of_restaurant(restaurant, page), asked).status_code in (200, 400)
    assert staff.get(f"{of_restaurant(restaurant, 'timeline')[:-9]}tables/{table.pk}/", asked).status_code in (200, 400)


def test_who_may_see_and_move(client: Client) -> None:
    restaurant = make_venue(tables=(2,))
    date = days_ahead(restaurant)
    make_seated(restaurant, tables_of(restaurant), make_wish(restaurant), name="Ada")
    table = f"{of_restaurant(restaurant, 'timeline')[:-9]}tables/{tables_of(restaurant)[0].pk}/"
    signed_in(client, "view_restaurant")
    for address in (of_restaurant(restaurant, "timeline"), of_restaurant(restaurant, "plan"), table):
        assert client.get(address).status_code == 403
    assert client.post(of_restaurant(restaurant, "drop")).status_code == 403
    assert client.get(of_restaurant(restaurant, "plan_edit")).status_code == 403
    signed_in(client, "view_restaurant", "view_reservation")
    page = shown(client, restaurant, date)
    assert "Ada" in page
    assert "data-moves" not in page
    assert client.post(of_restaurant(restaurant, "drop")).status_code == 403
    assert client.post(of_restaurant(restaurant, "timeline")).status_code == 405
    assert client.get("/admin/reservations/restaurant/999999/timeline/").status_code == 404


def test_what_can_be_done_at_a_gap_leads_to_filled_forms(staff: Client) -> None:
    restaurant = make_house(tables=(2, 4), service={"last_seating": dt.time(23, 30)})
    one = tables_of(restaurant)[0]
    date = days_ahead(restaurant)
    start = utc(restaurant, date, dt.time(20, 15))
    make_seated(restaurant, [one], make_wish(restaurant, date=date, at=dt.time(22)), name="Ada")
    address = f"{of_restaurant(restaurant, 'timeline')[:-9]}tables/{one.pk}/"
    page = staff.get(
        address, {"date": str(date), "start": str(int(start.timestamp())), "part": "choice"}
    ).content.decode()
    assert "Free until 22:00." in page
    assert "Next:" in page
    links = {
        text: href.replace("&amp;", "&") for href, text in re.findall(r'<a href="([^"]+)" class="button">([^<]+)', page)
    }
    assert "Walk-in" not in links
    form = staff.get(links["New reservation"]).context["form"]
    wanted = {"tables": str(one.pk), "date": date, "at": int(start.timestamp())}
    assert wanted.items() <= form.initial.items()
    form = staff.get(links["Block"]).context["form"]
    assert (form.initial["tables"], form.initial["start"], form.initial["end"]) == (
        [one.pk],
        dt.time(20, 15),
        dt.time(21, 15),
    )
    now = staff.get(address, {"part": "choice"}).content.decode()
    assert ">Walk-in</a>" in now
    assert timezone.now() < start
