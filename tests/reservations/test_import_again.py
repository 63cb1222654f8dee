"""Importing again writes nothing where nothing changed, and the file's changes where staff left things alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from reservations.models import HistoryEvent, Reservation, Restaurant, ServiceDay, SpecialDay, TableClaim
from tests.factories import make_seated, make_wish
from tests.reservations.importing import SAMPLE, everything, row, run, run_rows

pytestmark = pytest.mark.django_db

CHRISTMAS = dt.date(2026, 12, 25)


def linde() -> Restaurant:
    return Restaurant.objects.get(source_ref="osm:node/1")


def seatings() -> list[tuple[str, str, str]]:
    rows = linde().services.filter(special_day=None).order_by("first_seating")
    return [(service.name, f"{service.first_seating:%H:%M}", f"{service.last_seating:%H:%M}") for service in rows]


def test_the_same_file_changes_nothing() -> None:
    run(SAMPLE)
    before = everything()
    answer = run(SAMPLE)
    assert answer.count("restaurants unchanged") == 61
    assert answer.count("restaurants created") == answer.count("restaurants updated") == 0
    assert everything() == before
    assert not HistoryEvent.objects.exists()


def test_facts_follow_the_file_and_a_blank_erases_none(tmp_path: Path) -> None:
    run_rows(tmp_path, row(city="Berlin", street="Allee 1", cuisine="german"))
    slug = linde().slug
    answer = run_rows(tmp_path, row(name="Alte Linde", street="Allee 2", cuisine="thai;sushi"))
    place = linde()
    assert answer.count("restaurants updated") == 1
    assert (place.name, place.street, place.city) == ("Alte Linde", "Allee 2", "Berlin")
    assert [cuisine.cuisine for cuisine in place.cuisines.all()] == ["thai", "sushi"]
    assert place.slug == slug
    # Who reads the restaurant's history sees that a command did it, and to what.
    told = HistoryEvent.objects.filter(restaurant=place).values_list("kind", "subject", "source", "changes")
    assert list(told) == [("changed", "restaurant", "command", {"told": ["cuisines", "name", "street"]})]


def test_what_staff_set_stays_while_facts_change(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    Restaurant.objects.update(
        online_booking="off", max_party=4, hold_minutes=20, tagline="Ours", is_published=False, currency="CHF"
    )
    place = linde()
    place.services.update(name="Abends", max_covers=99, lead_minutes=60)
    place.turn_times.update(minutes=75)
    place.tables.filter(name="1").update(name="Window", is_online=False)
    before = everything()
    run_rows(tmp_path, row(street="Allee 2"))
    after = everything()
    assert after.pop("Restaurant") != before.pop("Restaurant")
    assert after == before
    place = linde()
    assert (place.online_booking, place.max_party, place.tagline, place.currency) == ("off", 4, "Ours", "CHF")
    assert not place.is_published


def test_untouched_hours_follow_a_changed_text(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    service = linde().services.get(special_day=None)
    service.max_covers = 7
    service.save()
    run_rows(tmp_path, row(opening_hours="Mo-Su 12:00-15:00,18:00-23:00"))
    place = linde()
    assert seatings() == [("Lunch", "12:00", "14:00"), ("Dinner", "18:00", "22:00")]
    # In place, so that reservations keep their service; and with the staff's pacing.
    assert place.services.order_by("first_seating")[0].pk == service.pk
    assert {row.max_covers for row in place.services.all()} == {7}
    assert place.opening_periods.count() == 14
    assert not place.special_days.exists()


def test_services_that_staff_retimed_stay_and_holidays_go_on_being_closed(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    linde().services.filter(special_day=None).update(last_seating=dt.time(20))
    run_rows(tmp_path, row(opening_hours="Mo-Su 09:00-23:00; PH off; Feb 01-10 10:00-12:00"), today="2027-02-01")
    assert seatings() == [("All day", "12:00", "20:00")]
    assert linde().opening_periods.filter(day=0).get().opens == dt.time(9)
    assert not linde().special_days.filter(date=dt.date(2027, 2, 5)).exists()
    assert linde().special_days.get(date=dt.date(2027, 12, 25)).is_closed


def test_hours_that_are_no_longer_understood_stop_booking_and_come_back(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    run_rows(tmp_path, row(opening_hours="täglich"))
    place = linde()
    assert (place.online_booking, place.hours_text) == ("hours_unknown", "täglich")
    assert not place.opening_periods.exists()
    assert not place.services.exists()
    run_rows(tmp_path, row())
    assert linde().online_booking == "on"
    assert seatings() == [("All day", "12:00", "21:00")]
    assert linde().special_days.filter(date=CHRISTMAS).exists()


def test_what_staff_switched_off_stays_off(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    Restaurant.objects.update(online_booking="off")
    for text in ("täglich", "Mo-Su 10:00-20:00"):
        run_rows(tmp_path, row(opening_hours=text))
        assert linde().online_booking == "off"


def test_staff_who_give_hours_that_were_not_understood_keep_them(tmp_path: Path) -> None:
    run_rows(tmp_path, row(opening_hours="täglich"))
    place = linde()
    place.services.create(name="Mittag", first_seating=dt.time(12), last_seating=dt.time(13))
    Restaurant.objects.update(online_booking="on")
    run_rows(tmp_path, row(opening_hours="ganztags"))
    run_rows(tmp_path, row())
    assert seatings() == [("Mittag", "12:00", "13:00")]
    assert linde().online_booking == "on"


def test_the_year_rolls_on_and_keeps_what_staff_made_of_special_days(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    days = linde().special_days
    days.get(date=CHRISTMAS).delete()
    eve = days.create(date=dt.date(2026, 12, 24), name="Heiligabend", is_closed=True)
    first_of_may = days.get(date=dt.date(2027, 5, 1))
    first_of_may.is_closed, first_of_may.hours = False, "12:00–16:00"
    first_of_may.save()
    answer = run_rows(tmp_path, row(), today="2026-12-20")
    assert answer.count("restaurants unchanged") == 1
    answer = run_rows(tmp_path, row(), today="2027-01-10")
    assert answer.count("special days written") == 3
    dates = set(days.values_list("date", flat=True))
    assert {dt.date(2027, 12, 25), dt.date(2027, 12, 26), dt.date(2028, 1, 1), eve.date} <= dates
    assert CHRISTMAS not in dates
    assert days.get(date=dt.date(2027, 5, 1)).hours == "12:00–16:00"


def test_reservations_and_their_tables_stay_when_their_day_is_closed(tmp_path: Path) -> None:
    run_rows(tmp_path, row(opening_hours="Mo-Su 12:00-22:00"))
    place = linde()
    table = place.tables.order_by("position")[0]
    day = ServiceDay.objects.create(restaurant=place, date=CHRISTMAS)
    reservation = make_seated(place, [table], make_wish(place, date=CHRISTMAS), service=place.services.get())
    claims = set(TableClaim.objects.values_list("table_id", "slot_start"))
    answer = run_rows(tmp_path, row())
    assert SpecialDay.objects.get(date=CHRISTMAS).is_closed
    assert set(TableClaim.objects.values_list("table_id", "slot_start")) == claims
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert reservation.service_id == place.services.get().pk
    assert "line 2: Linde: imported; its hours changed, and reservations that lie ahead (1) stay" in answer.err
    # Closing a day takes its lock.
    day.refresh_from_db()
    assert day.locked_at is not None


def test_tables_are_added_where_there_are_none_and_never_to_others(tmp_path: Path) -> None:
    run_rows(tmp_path, row())
    place = linde()
    place.tables.exclude(name="1").delete()
    run_rows(tmp_path, row())
    assert place.tables.count() == 1
    place.tables.all().delete()
    assert run_rows(tmp_path, row()).count("tables written") == 10
