"""Files of another system: their columns and encodings, guests alone, what is hostile, and the command."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reservations.models import (
    BookingImport,
    Guest,
    ImportRow,
    Message,
    Reservation,
)
from tests.factories import days_ahead, make_reservation, make_staff, make_venue, make_wish
from tests.pages import read
from tests.reservations.bringing import HEADER, Staff, Status, row, sheet
from tests.reservations.people import make_guest

pytestmark = pytest.mark.django_db(transaction=True)


def test_guests_alone_join_those_that_are_known() -> None:
    restaurant = make_venue(country="DE")
    make_guest(restaurant, phone="+49301234567", name="Ada")
    other = make_venue()
    staff = Staff(restaurant)
    header = ("Vorname", "Nachname", "E-Mail", "Telefon", "Tags", "Besuche", "No-Shows", "Allergien", "Sprache")
    data = sheet(
        [
            ("Ada", "Lovelace", "ADA@example.org", "030/1234567", "VIP;Presse", "12", "1", "Nüsse", "Deutsch"),
            ("Bob", "Builder", "", "", "", "", "", "", ""),
            ("Émile", "Zola", "emile@example.org", "", "", "0", "", "", "fr"),
        ],
        header,
        "cp1252",
    )
    batch = staff.bring(data)
    page = staff.page(batch)
    assert "3 guests" in page.text
    assert "Read as Windows-1252" in page.text
    staff.bring_all(data)
    staff.bring_all(data)
    assert [guest.name for guest in Guest.objects.filter(restaurant=restaurant).order_by("pk")] == ["Ada", "Émile Zola"]
    ada = Guest.objects.get(name="Ada")
    assert (ada.email, ada.tags, ada.dietary_needs, ada.language) == (
        "ada@example.org",
        ["VIP", "Presse"],
        "Nüsse",
        "de",
    )
    assert ada.notes == "Before, elsewhere: 12 visits, 1 no-show."
    assert not Guest.objects.filter(restaurant=other).exists()


def test_columns_are_chosen_by_hand_where_their_names_say_nothing() -> None:
    restaurant = make_venue()
    staff = Staff(restaurant)
    date = days_ahead(restaurant, 20)
    data = sheet([(f"{date:%m/%d/%Y} 19:30", "2 Pers.", "Ada", "x")], ("A", "B", "C", "D"), "utf-16")
    batch = staff.bring(data)
    page = staff.page(batch)
    assert "Choose the columns of the name" in page.text
    assert "Read as UTF-16" in page.text
    assert staff.press(batch, "start").status_code == 302
    assert not ImportRow.objects.exists()
    chosen = {
        "column-0": "start",
        "column-1": "party",
        "column-2": "name",
        "column-3": "nonsense",
        "column-99": "email",
    }
    staff.press(batch, "columns", date_order="mdy", **chosen)
    assert "1: will be brought over" in staff.page(batch).text
    staff.press(batch, "start")
    staff.press(batch, "run")
    assert Reservation.objects.get().local_start.replace(tzinfo=None) == dt.datetime.combine(date, dt.time(19, 30))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\x00\x00\x00", "no row below the names"),
        (b"Date,Time\n", "no row below the names"),
        (b"PK\x03\x04xxxx", "workbook"),
        (b"a,b\n" + b"1,2\n" * 10_001, "more than 10000 rows"),
        (b"a,b\n" + b"1,2\n" * 1_400_000, "larger than 5 megabytes"),
        (b'Date,Time\n"1,2\n' + b"x,y\n" * 100, "A quote is opened in line 2 and not closed"),
        (b"a," * 200 + b"\n1,2\n", "more than 100 columns"),
        (b'a,b\n"' + b"x" * 200_000 + b'",1\n', "Line 2 can't be read"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_with_a_word(data: bytes, said: str) -> None:
    staff = Staff(make_venue())
    response = staff.upload(data)
    assert response.status_code == 200
    assert said in read(response).text
    assert not BookingImport.objects.exists()


def test_a_file_far_too_large_is_not_even_read() -> None:
    response = Staff(make_venue()).upload(b"1,2\n" * 1_700_000)
    assert response.status_code == 413
    assert "Split it" in read(response).text


def test_hostile_rows_and_requests_are_no_error() -> None:
    restaurant = make_venue()
    staff = Staff(restaurant, email="x@example.org")
    odd = [
        "\x00",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "‮" + "אב" * 300,
        "9" * 400,
        "-1",
        "٣",
        "x" * 100_000,
    ]
    rows = [[text] * len(HEADER) for text in odd] + [row(restaurant, **{name: text}) for name in HEADER for text in odd]
    rows += [["too", *row(restaurant), "many", "cells"], ["few"]]
    batch = staff.bring(sheet(rows))
    assert (
        "<script>alert"
        not in staff.client.get(f"/admin/reservations/bookingimport/{batch.pk}/change/").content.decode()
    )
    for text in ("\x00", "9" * 400, "", "date"):
        staff.press(batch, "columns", **{"column-0": text, "date_order": text})
        assert staff.page(batch)
    batch = staff.bring_all(sheet(rows))
    assert batch.rows.filter(status=Status.WAITING).count() == 0
    assert staff.client.get(f"/admin/reservations/bookingimport/{batch.pk}/unplaced.csv").status_code == 200
    for address in ("9" * 30 + "/change/", "x/change/", "999/run/", f"{batch.pk}/rows/999/", "999/unplaced.csv"):
        assert staff.client.get(f"/admin/reservations/bookingimport/{address}").status_code in (404, 405)
    assert staff.press(batch, "start").status_code == 302


def test_the_command_says_what_it_would_do_and_does_it(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    restaurant = make_venue(tables=[2], slug="here", service={"max_covers": 1})
    make_reservation(restaurant, wish=make_wish(restaurant, at=dt.time(21), party=1))
    file = tmp_path / "old.csv"
    file.write_bytes(sheet([row(restaurant), row(restaurant, **{"Visit Time": "15:00"})]))
    call_command("import_bookings", str(file), "--restaurant", "here", "--dry-run")
    told = capsys.readouterr()
    assert "1  would be brought over\n" in told.out
    assert "line 3: Ada Guest: No service seats guests at this time." in told.err
    assert not BookingImport.objects.exists()
    assert Reservation.objects.count() == 1
    call_command("import_bookings", str(file), "--restaurant", "here")
    assert "line 2: Ada Guest: Pacing" in capsys.readouterr().err
    make_staff(email="boss@example.org")
    for _twice in range(2):
        call_command(
            "import_bookings", str(file), "--restaurant", "here", "--exceed-pacing", "boss@example.org", "--mail"
        )
    assert "1  brought over before" in capsys.readouterr().out
    assert Reservation.objects.count() == 2
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION, reservation__source="import").count() == 1
    for arguments, said in (
        (("nowhere.csv", "--restaurant", "here"), "can't be read"),
        ((str(tmp_path), "--restaurant", "here"), "can't be read"),
        ((str(file), "--restaurant", "hear"), "Did you mean here"),
        ((str(file), "--restaurant", "here", "--exceed-pacing", "x"), "there is no user"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("import_bookings", *arguments)


def test_who_stops_the_command_is_told_how_to_go_on(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_venue(slug="here")
    file = tmp_path / "guests.csv"
    file.write_text("name,email\nAda,ada@example.org\n")

    def stopped(*_arguments: Any, **_options: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("reservations.importing.bookings.running.run", stopped)
    with pytest.raises(CommandError, match="What was brought over stays") as told:
        call_command("import_bookings", str(file), "--restaurant", "here")
    assert told.value.returncode == 130
