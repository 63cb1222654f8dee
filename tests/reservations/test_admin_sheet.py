"""The day sheet: everybody of a date, one touch for each thing that happens, and each taken back."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.engine import floor
from reservations.history.trail import by_staff
from reservations.models import Message, Reservation, Restaurant, User
from reservations.queries.sheet import sheet
from tests.factories import make_area, make_staff, make_table
from tests.reservations.evening import (
    make_full,
    make_house,
    make_party,
    of_reservation,
    of_restaurant,
    signed_in,
    tonight,
)
from tests.reservations.people import make_guest

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def sheet_of(restaurant: Restaurant, date: dt.date | None = None, page: str = "sheet") -> str:
    day = date or tonight(restaurant)
    return reverse(f"admin:reservations_restaurant_{page}", args=(restaurant.pk, day.isoformat()))


def shown(client: Client, restaurant: Restaurant, **query: str) -> Any:
    response = client.get(sheet_of(restaurant), query)
    assert response.status_code == 200
    return response


def lines(response: Any) -> dict[str, Any]:
    """Return the lines of a page by the party's name."""
    return {line.row.name: line for _group, rows in response.context["groups"] for line in rows}


def press(client: Client, restaurant: Restaurant, line: Any, label: str, **more: Any) -> Any:
    """Press a button of a row as a browser does, and return the page that comes."""
    presses = [*line.touches.presses, *([line.touches.undo] if line.touches.undo else [])]
    button = next(one for one in presses if one.label == label)
    data = {button.name: button.value, "back": sheet_of(restaurant), "at_row": "1"}
    return client.post(button.address, data, follow=True, **more)


def test_everything_of_a_party_stands_in_its_line(staff: Client) -> None:
    restaurant = make_house(service={"name": "Dinner", "max_covers": 4})
    guest = make_guest(restaurant, email="ada@example.org", tags=["regular"], dietary_needs="nuts", notes="By the door")
    for days, status in ((-9, Status.FINISHED), (-8, Status.FINISHED), (-7, Status.NO_SHOW)):
        make_party(
            restaurant,
            1,
            starts=days * 24 * 60,
            date=tonight(restaurant) + dt.timedelta(days=days),
            guest=guest,
            status=status,
        )
    make_party(
        restaurant,
        1,
        starts=-30,
        name="Ada Lark",
        guest=guest,
        dietary_needs="vegan",
        occasion="birthday",
        note="Window\nCake at nine",
        children=1,
        high_chairs=1,
        party=2,
    )
    make_party(restaurant, 2, starts=15, name="Bo Later", coming_at=timezone.now())
    make_party(restaurant, 3, starts=-60, name="Cy Gone", status=Status.CANCELLED)
    page = shown(staff, restaurant)
    row = lines(page)["Ada Lark"].row
    assert (row.party_size, row.more, row.tables) == (2, "1 child, 1 high chair", "T1")
    assert (row.needs, row.occasion, row.tags) == ("vegan; nuts", "Birthday", "regular")
    assert (row.notes, row.known) == (("Window", "Cake at nine", "By the door"), "2 visits, 1 no-show")
    assert row.is_late
    assert row.flags.startswith("late by ")
    assert lines(page)["Bo Later"].row.flags == "coming"
    assert list(lines(page)) == ["Cy Gone", "Ada Lark", "Bo Later"]
    assert page.context["totals"] == [("Dinner", 2, 4)]
    chart = page.context["chart"]
    assert [text.split(": ")[1] for text in chart.texts] == ["2 of 4", "2 of 4"]
    body = page.content.decode()
    assert " style=" not in body
    assert "onclick" not in body


def test_a_restaurant_that_is_deleted_while_its_page_is_made_is_not_found(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    restaurant = make_house()

    def late(of: Restaurant, *arguments: Any) -> Any:
        return sheet(Restaurant(pk=of.pk + 1_000_000, timezone=of.timezone), *arguments)

    monkeypatch.setattr("reservations.admin.day.sheet", late)
    assert staff.get(sheet_of(restaurant)).status_code == 404


def test_nothing_typed_by_a_guest_is_markup(staff: Client) -> None:
    restaurant = make_house()
    name = "<script>alert(1)</script>" + "ש" * 95
    make_party(restaurant, 1, name=name, note="<b>bold</b>", dietary_needs='"><img src=x>')
    body = shown(staff, restaurant).content.decode()
    assert "<script>alert" not in body
    assert "<b>bold" not in body
    assert "<img src=x" not in body
    assert "ש" * 95 in body


def test_the_sheet_is_narrowed_by_its_address(staff: Client) -> None:
    restaurant = make_house()
    terrace = make_area(restaurant, name="Terrace")
    make_table(restaurant, area=terrace, name="T9")
    make_party(restaurant, 1, name="Ada Lark", note="cake")
    make_party(restaurant, 2, name="Bo Swan", status=Status.SEATED, phone="+4930123")
    make_party(restaurant, 4, name="Cy Hawk")
    service = restaurant.services.get()

    def names(**query: str) -> list[str]:
        return list(lines(shown(staff, restaurant, **query)))

    assert names() == ["Ada Lark", "Bo Swan", "Cy Hawk"]
    assert names(q="CAKE ada") == ["Ada Lark"]
    assert names(q="4930123") == ["Bo Swan"]
    assert names(status="seated") == ["Bo Swan"]
    assert names(area=str(terrace.pk)) == ["Cy Hawk"]
    assert len(names(service=str(service.pk))) == 3
    assert names(service="999", q="%00 x" * 99) == []
    # What htmx fetches is narrowed in the browser.
    part = staff.get(sheet_of(restaurant), {"q": "cake"}, headers={"HX-Request": "true"})
    assert b"<html" not in part.content


TOUCHES: list[tuple[str, str, dict[str, Any], str]] = [
    ("Arrived", "confirmed", {}, "Undo: Arrived"),
    ("Seat", "seated", {}, "Undo: Seated"),
    ("No-show", "no_show", {}, "Undo: No-show"),
    ("Cancel", "cancelled", {}, "Undo: Cancelled"),
    ("Finish", "finished", {"status": Status.SEATED}, "Undo: Finished"),
]


@pytest.mark.parametrize(("label", "status", "fields", "undo"), TOUCHES, ids=lambda one: str(one))
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_one_touch_does_it_and_one_takes_it_back(
    staff: Client, label: str, status: str, fields: dict[str, Any], undo: str, htmx: bool
) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-15, name="Ada", **fields)
    headers = {"headers": {"HX-Request": "true"}} if htmx else {}
    before = Reservation.objects.filter(pk=party.pk).values("status", "table_ids", "ends_at", "arrived_at").get()
    page = press(staff, restaurant, lines(shown(staff, restaurant))["Ada"], label, **headers)
    assert page.redirect_chain[-1][0] == f"{sheet_of(restaurant)}#r{party.pk}"
    assert (b"<html" in page.content) is not htmx
    party.refresh_from_db()
    assert party.status == status
    assert bool(party.arrived_at) == (label == "Arrived")
    line = lines(page)["Ada"]
    assert line.touches.undo.label == undo
    assert "Ada" in page.content.decode()
    page = press(staff, restaurant, line, undo, **headers)
    assert "Undone: " in page.content.decode()
    assert Reservation.objects.filter(pk=party.pk).values(*before).get() == before
    assert lines(page)["Ada"].touches.undo is None


def test_a_cancellation_that_is_taken_back_in_time_tells_nobody(staff: Client) -> None:
    restaurant = make_house()
    make_party(restaurant, 1, starts=30, name="Ada", email="ada@example.org")
    page = press(staff, restaurant, lines(shown(staff, restaurant))["Ada"], "Cancel")
    waits = Message.objects.get(kind=Message.Kind.CANCELLATION)
    assert waits.due_at > timezone.now() + dt.timedelta(seconds=90)
    press(staff, restaurant, lines(page)["Ada"], "Undo: Cancelled")
    assert list(Message.objects.values_list("kind", flat=True)) == ["cancellation"]


def test_moving_and_notes_come_back_to_the_row(staff: Client) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, name="Ada", note="quiet")
    back = sheet_of(restaurant)
    links = {label: address for address, label in lines(shown(staff, restaurant))["Ada"].touches.links}
    assert links == {"Move": of_reservation(party, "move"), "Note": of_reservation(party, "note")}
    asked = staff.get(links["Note"], {"back": back})
    assert "quiet" in asked.content.decode()
    page = staff.post(links["Note"], {"text": "wants cake", "back": back, "at_row": "1"}, follow=True)
    assert page.redirect_chain[-1][0] == f"{back}#r{party.pk}"
    assert lines(page)["Ada"].row.notes == ("quiet", "wants cake")
    page = press(staff, restaurant, lines(page)["Ada"], "Undo: Note added")
    assert lines(page)["Ada"].row.notes == ("quiet",)
    for bad in ("", " ", "x" * 301, "\x00"):
        assert staff.post(links["Note"], {"text": bad}).status_code == 200
    table = restaurant.tables.get(name="T3")
    page = staff.post(links["Move"], {"tables": [table.pk], "back": back}, follow=True)
    assert lines(page)["Ada"].row.tables == "T3"
    page = press(staff, restaurant, lines(page)["Ada"], "Undo: Moved")
    assert lines(page)["Ada"].row.tables == "T1"


def test_what_changed_meanwhile_is_said_and_shown(staff: Client, user: User) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-15, name="Ada")
    old = lines(shown(staff, restaurant))["Ada"]
    floor.move(reservation=party, table_ids=(restaurant.tables.get(name="T3").pk,), by=by_staff(user))
    page = press(staff, restaurant, old, "Seat")
    assert "Somebody has changed it meanwhile" in page.content.decode()
    assert (lines(page)["Ada"].row.tables, lines(page)["Ada"].row.status) == ("T3", "confirmed")
    seated = press(staff, restaurant, lines(page)["Ada"], "Seat")
    undo = lines(seated)["Ada"]
    party.refresh_from_db()
    floor.finish(reservation=party, by=by_staff(user))
    page = press(staff, restaurant, undo, "Undo: Seated")
    assert "Somebody has changed it meanwhile" in page.content.decode()
    assert lines(page)["Ada"].row.status == "finished"
    # Two taps on one button: the second says that it is done.
    page = press(staff, restaurant, lines(page)["Ada"], "Undo: Finished")
    again = press(staff, restaurant, lines(seated)["Ada"], "Undo: Seated")
    assert "Somebody has changed it meanwhile" in again.content.decode()


@pytest.mark.parametrize("event", ["", "0", "-1", "x", "9" * 17, "9" * 40, "１２", "\x00"])
def test_a_forged_event_undoes_nothing(staff: Client, event: str) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-15, name="Ada")
    press(staff, restaurant, lines(shown(staff, restaurant))["Ada"], "Seat")
    page = staff.post(of_reservation(party, "undo"), {"event": event}, follow=True)
    assert page.status_code == 200
    assert Reservation.objects.get().status == Status.SEATED
    assert staff.get(of_reservation(party, "undo")).status_code == 302


def test_the_sheet_leads_to_dates(staff: Client) -> None:
    restaurant = make_house()
    today = tonight(restaurant)
    page = staff.get(of_restaurant(restaurant, "day"), follow=True)
    assert page.redirect_chain[-1][0] == sheet_of(restaurant, today)
    assert page.context["before"] == sheet_of(restaurant, today - dt.timedelta(days=1))
    assert page.context["after"] == sheet_of(restaurant, today + dt.timedelta(days=1))
    picked = staff.get(of_restaurant(restaurant, "day"), {"date": "2027-02-03"}, follow=True)
    assert picked.redirect_chain[-1][0] == sheet_of(restaurant, dt.date(2027, 2, 3))
    base = of_restaurant(restaurant, "day")
    for bad in ("x", "2027-02-30", "0001-01-01", "9999-12-31", "20270203x", "1" * 200, "%F0%9F%A5%82"):
        assert staff.get(f"{base}{bad}/").status_code == 404
        assert staff.get(f"{base}{bad}/csv/").status_code == 404
        assert staff.get(base, {"date": bad}).status_code == 302
    assert staff.get(sheet_of(restaurant, dt.date(2199, 12, 31))).status_code == 200
    assert staff.post(sheet_of(restaurant)).status_code == 405


def test_who_may_only_look_sees_no_touch(client: Client) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-15, name="Ada")
    signed_in(client, "view_reservation")
    page = shown(client, restaurant)
    assert lines(page)["Ada"].touches.presses == ()
    assert b"formaction" not in page.content
    for name in ("undo", "note", "cancel_now", "arrive"):
        assert client.post(of_reservation(party, name)).status_code == 403
    signed_in(client, "view_guest")
    assert client.get(sheet_of(restaurant)).status_code == 403
    assert client.get(sheet_of(restaurant, page="sheet_csv")).status_code == 403
    assert Client().get(sheet_of(restaurant)).status_code == 302


def test_a_spreadsheet_runs_nothing_of_the_file(staff: Client) -> None:
    restaurant = make_house()
    make_party(restaurant, 1, name="=HYPERLINK(1)", note="@SUM(1)\n+1", dietary_needs="-nuts", phone="+4930123")
    make_party(restaurant, 2, name="\tTab", note="  =1")
    response = staff.get(sheet_of(restaurant, page="sheet_csv"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{restaurant.slug}-{tonight(restaurant)}.csv" in response["Content-Disposition"]
    text = response.content.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert [row[2] for row in rows] == ["'=HYPERLINK(1)", "'\tTab"]
    assert rows[0][header.index("Dietary needs")] == "'-nuts"
    assert rows[0][header.index("Notes")] == "'@SUM(1) / +1"
    assert rows[1][header.index("Notes")] == "=1" or rows[1][header.index("Notes")].startswith("'")
    assert rows[0][header.index("Phone")] == "'+4930123"
    assert not any(cell.lstrip()[:1] in "=+-@" for row in rows for cell in row if cell)


@pytest.mark.django_db(transaction=True)
def test_the_number_of_statements_does_not_grow(client: Client) -> None:
    restaurant = make_house(tables=(2,) * 30)
    address = sheet_of(restaurant)
    signed_in(client, "view_reservation", "change_reservation", "add_reservation", "add_block")

    def count() -> int:
        for _turn in range(2):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
        return len(queries)

    for number in range(1, 6):
        make_party(restaurant, number, starts=-15, guest=make_guest(restaurant, email=f"g{number}@example.org"))
    few = count()
    for number in range(6, 31):
        make_party(restaurant, number, starts=-15, guest=make_guest(restaurant, email=f"g{number}@example.org"))
    assert count() == few <= 10


@pytest.mark.django_db(transaction=True)
def test_400_parties_take_at_most_10_statements_and_an_unchanged_poll_none(client: Client) -> None:
    restaurant = make_house(tables=(4,) * 50)
    date = tonight(restaurant)
    make_full(restaurant, date, 400)
    signed_in(client, "view_reservation", "change_reservation", "add_reservation", "add_block")
    press(client, restaurant, lines(shown(client, restaurant))["Guest 7"], "Arrived")
    # What was said has ended what Redis had of the session: from here on it is there again.
    shown(client, restaurant)
    for headers in ({}, {"HX-Request": "true"}):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(sheet_of(restaurant, date), headers=headers)
        assert len(queries) <= 10
        assert len(lines(page)) == page.content.count(b"<tr id=") == 400
        assert page.content.count(b"Undo: Arrived") == 1
    pulse = page.context["pulse"]
    with CaptureQueriesContext(connection) as queries:
        for _turn in range(5):
            answer = client.get(pulse.address, headers={"If-None-Match": f'"{pulse.mark}"'})
            assert (answer.status_code, answer.content) == (304, b"")
    assert len(queries) == 0
