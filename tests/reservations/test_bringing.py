"""Guests and future reservations of another system: a file, its preview, the run in pieces, and what is left."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.test import Client
from django.utils import timezone

from reservations.admin import bringing_pages
from reservations.engine import booking, guests
from reservations.history.trail import COMMAND
from reservations.importing.bookings import running
from reservations.models import (
    BookingImport,
    HistoryEvent,
    ImportRow,
    Message,
    Refusal,
    Reservation,
    TableClaim,
)
from reservations.queries.guests import export_of
from tests.factories import days_ahead, make_user, make_venue
from tests.pages import read
from tests.reservations.bringing import Staff, Status, fates, row, sheet
from tests.reservations.people import make_guest

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_who_may_not_bring_over_is_refused() -> None:
    restaurant = make_venue()
    batch = Staff(restaurant).bring(sheet([row(restaurant)]))
    client = Client()
    base = f"/admin/reservations/bookingimport/{batch.pk}"
    addresses = [f"{base}/change/", f"{base}/start/", f"{base}/run/", f"{base}/columns/", f"{base}/unplaced.csv"]
    addresses.append(f"/admin/reservations/bookingimport/add/?restaurant={restaurant.pk}")
    for address in addresses:
        assert 'name="password"' in client.post(address, follow=True).content.decode(), address
    client.force_login(make_user(is_staff=True))
    for address in addresses:
        assert client.post(address).status_code == 403, address
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
