"""Guests and future reservations of another system: a file, its preview, the run in pieces, and what is left."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from reservations.admin import bringing_pages
from reservations.engine import booking, guests
from reservations.history.trail import COMMAND
from reservations.importing.bookings import running
from reservations.models import (
    BookingImport,
    Guest,
    HistoryEvent,
    ImportRow,
    Message,
    Refusal,
    Reservation,
    Restaurant,
    TableClaim,
)
from reservations.queries.guests import export_of
from tests.factories import days_ahead, make_reservation, make_staff, make_user, make_venue, make_wish
from tests.pages import Page, read
from tests.reservations.people import make_guest

pytestmark = pytest.mark.django_db(transaction=True)

Status = ImportRow.Status
HEADER = (
    "Visit Date",
    "Visit Time",
    "Party Size",
    "Guest Name",
    "Phone",
    "Email",
    "Status",
    "Tags",
    "Guest Notes",
    "ID",
)


class Staff:
    """Somebody who brings files over."""

    def __init__(self, restaurant: Restaurant, **user: Any) -> None:
        self.restaurant = restaurant
        self.client = Client()
        self.user = make_staff(**user)
        self.client.force_login(self.user)

    def upload(self, data: bytes, name: str = "bookings.csv") -> Any:
        address = f"/admin/reservations/bookingimport/add/?restaurant={self.restaurant.pk}"
        return self.client.post(address, {"file": SimpleUploadedFile(name, data)})

    def bring(self, data: bytes) -> BookingImport:
        """Upload a file that can be read, and return its import."""
        response = self.upload(data)
        assert response.status_code == 302, read(response).text
        return BookingImport.objects.latest("pk")

    def page(self, batch: BookingImport) -> Page:
        response = self.client.get(f"/admin/reservations/bookingimport/{batch.pk}/change/")
        assert response.status_code == 200
        return read(response)

    def press(self, batch: BookingImport, button: str, by_script: Any = False, **typed: Any) -> Any:
        address = f"/admin/reservations/bookingimport/{batch.pk}/{button}/"
        return self.client.post(address, typed, headers={"HX-Request": "true"} if by_script else {})

    def bring_all(self, data: bytes, **typed: Any) -> BookingImport:
        batch = self.bring(data)
        assert self.press(batch, "start", **typed).status_code == 302
        assert self.press(batch, "run").status_code == 302
        batch.refresh_from_db()
        assert batch.status == BookingImport.Status.DONE
        return batch


def sheet(rows: Iterable[Iterable[object]], header: Iterable[str] = HEADER, encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def row(restaurant: Restaurant, **told: Any) -> list[object]:
    values: dict[str, Any] = {
        "Visit Date": days_ahead(restaurant).strftime("%d/%m/%Y"),
        "Visit Time": "7:00 PM",
        "Party Size": 2,
        "Guest Name": "Ada Guest",
        "Phone": "030 1234567",
        "Email": "ada@example.org",
        "Status": "Booked",
        **told,
    }
    return [values.get(name, "") for name in HEADER]


def fates(batch: BookingImport) -> list[tuple[int, str, str]]:
    return list(batch.rows.order_by("line").values_list("line", "status", "reason"))


def test_a_file_is_looked_at_brought_over_and_brought_again() -> None:
    restaurant = make_venue(tables=[2, 4], service={"max_covers": 6})
    known = make_guest(restaurant, email="ada@example.org", name="Ada", tags=["regular"], notes="Window")
    staff = Staff(restaurant)
    past = days_ahead(restaurant, -3).strftime("%d/%m/%Y")
    rows = [
        row(restaurant, Tags="VIP, regular", ID="A1", **{"Guest Notes": "Likes red"}),
        row(restaurant, ID="A1", **{"Guest Name": "The same again"}),
        row(restaurant, ID="A2", Email="bob@example.org", Phone="", **{"Party Size": "4", "Guest Name": "<b>Bob</b>"}),
        row(restaurant, ID="A3", Status="Cancelled by guest"),
        row(restaurant, ID="A4", **{"Visit Date": past}),
        row(restaurant, ID="A5", **{"Visit Time": "15:00"}),
        row(restaurant, ID="A6", **{"Party Size": "many"}),
        row(restaurant, ID="A7", Email="eve@example.org", Phone="12", **{"Guest Name": "=Eve()"}),
        row(restaurant, ID="A8", Email="no address", **{"Visit Time": "21:00", "Guest Name": "אבג " * 60}),
    ]
    batch = staff.bring(sheet(rows))
    page = staff.page(batch)
    assert "9 reservations" in page.text
    for text in (
        "4: will be brought over",
        "3: is left out",
        "2: can't be placed",
        "Line 2 says the same",
        "In the past",
    ):
        assert text in page.text, text
    assert "No service seats guests at this time" in page.text
    assert "The e-mail can't be one, and is kept as a note" in page.text
    assert not Reservation.objects.exists()

    staff.press(batch, "start")
    page = staff.page(batch)
    assert "4 of 9 rows" in page.text
    staff.press(batch, "run")
    batch.refresh_from_db()
    assert fates(batch) == [
        (2, "placed", ""),
        (3, "skipped", "twice"),
        (4, "placed", ""),
        (5, "skipped", "not_coming"),
        (6, "skipped", "in_the_past"),
        (7, "refused", "NOT_A_TIME"),
        (8, "refused", "party"),
        (9, "refused", "PACING_FULL"),
        (10, "placed", ""),
    ]
    one = Reservation.objects.get(name="Ada Guest")
    assert (one.status, one.source, one.local_start.time()) == ("confirmed", "import", dt.time(19))
    assert (one.guest, one.created_by, one.phone) == (known, staff.user, "+49301234567")
    known.refresh_from_db()
    assert (known.name, known.tags, known.notes) == ("Ada", ["regular", "VIP"], "Window\nLikes red")
    odd = Reservation.objects.exclude(name__in=("Ada Guest", "<b>Bob</b>")).get()
    assert len(odd.name) <= 120
    assert "no address" in odd.note
    assert not Message.objects.exists()
    # Nobody was turned away, so no refusal is counted.
    assert not Refusal.objects.exists()
    assert {event.source for event in HistoryEvent.objects.filter(subject="reservation")} == {"admin"}
    # Of what is settled nothing personal is kept with the import.
    assert not any(told.told for told in batch.rows.filter(status=Status.PLACED))
    assert BookingImport.objects.get().text == ""

    # What could not be placed: as a file that no spreadsheet runs, and that can be brought again.
    response = staff.client.get(f"/admin/reservations/bookingimport/{batch.pk}/unplaced.csv")
    listed = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [(line["line"], line["name"]) for line in listed] == [
        ("7", "Ada Guest"),
        ("8", "Ada Guest"),
        ("9", "'=Eve()"),
    ]
    assert "Pacing" in listed[2]["reason"]
    back = staff.bring(response.content)
    assert "3 reservations" in staff.page(back).text

    # By hand, at another time; pacing is exceeded knowingly, the table never taken twice.
    eve = batch.rows.get(line=9)
    address = f"/admin/reservations/bookingimport/{batch.pk}/rows/{eve.pk}/"
    form = read(staff.client.get(address)).forms[-1].values
    assert (form["name"], form["party_size"]) == ("=Eve()", "2")
    assert "tell" not in form
    page = read(staff.client.post(address, form))
    assert "Exceed pacing knowingly" in page.text
    exceeding = form | {"exceed_pacing": "on", "pacing_reason": "Old promise"}
    assert staff.client.post(address, exceeding).status_code == 200
    assert staff.client.post(address, form | {"time": "21:30"}).status_code == 302
    assert staff.client.post(address, form | {"time": "21:30"}).status_code == 302
    eve.refresh_from_db()
    assert (eve.status, eve.told) == ("placed", {})
    assert Reservation.objects.filter(name="=Eve()").count() == 1
    assert not Message.objects.filter(kind=Message.Kind.CONFIRMATION).exists()

    # Again, with one cancelled and one moved since: nothing is booked twice.
    booking.cancel(reservation=one, by_guest=True)
    again = staff.bring_all(sheet([rows[0], row(restaurant, ID="A2", **{"Visit Time": "21:00"}), rows[8]]))
    assert [status for _line, status, _reason in fates(again)] == ["known", "known", "known"]
    assert Reservation.objects.count() == 4


def test_pacing_is_exceeded_and_guests_told_only_where_that_is_asked_for() -> None:
    restaurant = make_venue(tables=[2, 2], service={"max_covers": 2}, language="de")
    staff = Staff(restaurant)
    rows = [row(restaurant, ID=f"B{number}", Email=f"guest{number}@example.org") for number in range(3)]
    batch = staff.bring_all(sheet(rows), exceeds_pacing="on", tells="on")
    assert [(status, reason) for _line, status, reason in fates(batch)] == [
        ("placed", ""),
        ("placed", ""),
        ("refused", "TABLES_TAKEN"),
    ]
    assert list(Reservation.objects.order_by("pk").values_list("pacing_exceeded_by", flat=True)) == [
        None,
        staff.user.pk,
    ]
    sent = Message.objects.filter(kind=Message.Kind.CONFIRMATION)
    assert set(sent.values_list("recipient", "language")) == {
        ("guest0@example.org", "de"),
        ("guest1@example.org", "de"),
    }
    assert not Message.objects.filter(kind__startswith="staff").exists()


def test_an_import_that_was_stopped_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = make_venue(tables=[4] * 6)
    staff = Staff(restaurant)
    monkeypatch.setattr(bringing_pages, "SECONDS", 0)
    batch = staff.bring(sheet([row(restaurant, ID=f"C{number}") for number in range(5)]))
    for _twice in range(2):
        staff.press(batch, "start")
    assert batch.rows.count() == 5
    for done in (1, 2):
        response = staff.client.post(
            f"/admin/reservations/bookingimport/{batch.pk}/run/", headers={"HX-Request": "true"}
        )
        assert f"{done} of 5 rows" in read(response).text
        assert Reservation.objects.count() == done
    # The process died after a row was booked, before that was written down.
    ImportRow.objects.filter(line=2).update(status=Status.WAITING, told=batch.rows.get(line=6).told)
    monkeypatch.setattr(bringing_pages, "SECONDS", 60)
    response = staff.press(batch, "run", by_script=True)
    assert response["HX-Refresh"] == "true"
    assert Reservation.objects.count() == 5
    assert set(batch.rows.values_list("status", flat=True)) == {"placed"}
    assert TableClaim.objects.values("table").distinct().count() == 5


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


def test_who_may_not_bring_over_is_refused() -> None:
    restaurant = make_venue()
    batch = Staff(restaurant).bring(sheet([row(restaurant)]))
    client = Client()
    base = f"/admin/reservations/bookingimport/{batch.pk}"
    addresses = [f"{base}/change/", f"{base}/start/", f"{base}/run/", f"{base}/columns/", f"{base}/unplaced.csv"]
    addresses.append(f"/admin/reservations/bookingimport/add/?restaurant={restaurant.pk}")
    for signed_in, status in ((False, 302), (True, 403)):
        if signed_in:
            client.force_login(make_user(is_staff=True))
        for address in addresses:
            assert client.post(address).status_code == status, address
    assert not ImportRow.objects.exists()


def test_what_an_import_knows_of_a_guest_is_exported_erased_and_forgotten() -> None:
    restaurant = make_venue()
    guest = make_guest(restaurant, email="ada@example.org")
    staff = Staff(restaurant)
    rows = [
        row(restaurant, **{"Visit Time": "15:00"}),
        row(restaurant, Email="bob@example.org", **{"Visit Time": "15:00"}),
    ]
    batch = staff.bring_all(sheet(rows))
    assert [told["name"] for told in export_of(guest)["imports"]] == ["Ada Guest"]
    assert guests.erase(guest=guest, by=COMMAND)
    one, two = batch.rows.order_by("line")
    assert (one.status, one.reason, one.told) == ("skipped", "erased", {})
    assert two.told["email"] == "bob@example.org"
    unbegun = staff.bring(sheet(rows))
    assert running.forget_rows() == 0
    BookingImport.objects.update(created_at=timezone.now() - dt.timedelta(days=31))
    assert running.forget_rows() == 2
    two.refresh_from_db()
    unbegun.refresh_from_db()
    assert (two.status, two.reason, two.told, unbegun.text) == ("skipped", "forgotten", {}, "")


def test_the_command_says_what_it_would_do_and_does_it(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    restaurant = make_venue(tables=[2], slug="here", service={"max_covers": 1})
    make_reservation(restaurant, wish=make_wish(restaurant, at=dt.time(21), party=1))
    file = tmp_path / "old.csv"
    file.write_bytes(sheet([row(restaurant), row(restaurant, **{"Visit Time": "15:00"})]))
    call_command("import_bookings", str(file), "--restaurant", "here", "--dry-run")
    told = capsys.readouterr()
    assert "1  would be waiting" in told.out
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
