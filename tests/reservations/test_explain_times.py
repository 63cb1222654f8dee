"""`manage.py explain_times` and the page of the admin: the rules in words, with figures, in the restaurant's time."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reservations.models import Restaurant
from tests.factories import (
    days_ahead,
    make_area,
    make_closure,
    make_combination,
    make_hold,
    make_limited,
    make_member,
    make_reservation,
    make_seated,
    make_service,
    make_staff,
    make_table,
    make_user,
    make_venue,
    make_wish,
)

pytestmark = pytest.mark.django_db(transaction=True)


def told(restaurant: Restaurant, *options: str, party: int = 2, date: dt.date | None = None) -> str:
    """Return what the command prints, by default of the day on which the factories book."""
    out = io.StringIO()
    day = (date or days_ahead(restaurant)).isoformat()
    call_command("explain_times", restaurant.slug, day, str(party), *options, stdout=out)
    return out.getvalue()


def line(text: str, start: str) -> str:
    """Return the one line that begins with this."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    found = [line for line in lines if line.startswith(start)]
    assert len(found) == 1, text
    return found[0]


def test_each_time_of_the_day_has_its_verdict() -> None:
    restaurant = make_venue(tables=(2,), turn_minutes=60)
    table = restaurant.tables.get()
    make_reservation(restaurant, at=dt.time(19))
    text = told(restaurant)
    assert len(re.findall(r"^\d\d:\d\d ", text, re.MULTILINE)) == 9
    assert line(text, "18:00") == f"18:00 offered: {table.name}"
    for taken in ("18:30", "19:00", "19:30"):
        assert "Every table or combination that seats the party is taken. (0 free, 1 taken" in line(text, taken)
    assert line(text, "20:00") == f"20:00 offered: {table.name}"


def test_one_time_is_told_rule_by_rule_and_table_by_table() -> None:
    restaurant = make_venue(tables=(), service={"max_covers": 6, "max_online_covers": 4, "lead_minutes": 120})
    small, large = make_table(restaurant, name="Small", seats=2), make_table(restaurant, name="Large", seats=4)
    make_table(restaurant, name="Staff", seats=2, is_online=False)
    make_table(restaurant, name="Hall", seats=8, min_seats=6)
    make_combination(restaurant, [small, large])
    make_reservation(restaurant, at=dt.time(18))
    make_hold(restaurant, at=dt.time(20), party=3)
    text = told(restaurant, "--time", "19:00")
    evening = f"{days_ahead(restaurant):%a} {days_ahead(restaurant).day} {days_ahead(restaurant):%b %Y}"
    assert line(text, "yes Lead time:").startswith(f"yes Lead time: until {evening}, 17:00 CE")
    assert line(text, "yes Party size:") == "yes Party size: 2, online from 1 to 8"
    assert line(text, "yes Pacing:") == "yes Pacing: arriving then: 0 of 6 covers, online 0 of 4"
    assert line(text, "NO Tables:") == "NO Tables: 0 free, 2 taken, 3 not for this party"
    assert line(text, "Small (1–2)") == "Small (1–2) taken until 20:00 by a reservation"
    assert line(text, "Large (1–4)") == "Large (1–4) taken until 22:00 by a hold"
    assert line(text, "Staff") == "Staff (1–2) not online"
    assert line(text, "Hall") == "Hall (6–8) too large"
    assert line(text, "Small + Large") == "Small + Large (5–6) too large"
    assert line(told(restaurant, "--time", "19:00", party=7), "Large (") == "Large (1–4) too small"
    # Staff may use every table.
    assert line(told(restaurant, "--time", "19:00", "--staff"), "> Staff") == "> Staff (1–2) free, chosen"


def test_no_guest_is_named() -> None:
    restaurant = make_venue()
    reservation = make_reservation(restaurant)
    text = told(restaurant, "--time", "19:00", "--staff")
    for secret in (reservation.name, reservation.email, reservation.phone, reservation.reference):
        assert secret not in text


def test_pacing_area_and_step_free_are_told() -> None:
    restaurant = make_venue(tables=(2, 2), service={"max_covers": 3})
    make_table(restaurant, area=make_area(restaurant, name="Terrace"), name="Out", is_step_free=True)
    make_reservation(restaurant, at=dt.time(19))
    assert "(arriving then: 2 of 3 covers, online 2, no limit)" in line(told(restaurant), "19:00")
    assert "in another area" in told(restaurant, "--area", "terrace", "--time", "21:00")
    assert line(told(restaurant, "--step-free"), "18:00") == "18:00 offered: Out"
    assert "not step-free" in told(restaurant, "--step-free", "--time", "21:00")


def test_the_moment_of_asking_may_be_another() -> None:
    restaurant = make_venue(service={"lead_minutes": 60}, booking_window_days=10)
    day = days_ahead(restaurant)
    assert "offered" in line(told(restaurant, "--at", f"{day}T17:00"), "18:00")
    assert "lead time for online booking has run out" in line(told(restaurant, "--at", f"{day}T17:01"), "18:00")
    assert "This time has passed." in line(told(restaurant, "--at", f"{day}T18:00", "--staff"), "18:00")
    early = f"{day - dt.timedelta(days=11)}T23:59:59"
    assert "beyond the booking window" in line(told(restaurant, "--at", early), "18:00")
    assert "offered" in line(told(restaurant, "--at", early, "--staff"), "18:00")
    # An offset is heeded: this is the day after in Berlin.
    assert "offered" in line(told(restaurant, "--at", f"{early}-01:00"), "18:00")


def test_a_closed_day_and_an_hour_that_comes_twice() -> None:
    restaurant = make_venue()
    make_closure(restaurant, days_ahead(restaurant))
    assert "closed on this day" in told(restaurant)
    assert "closed on this day" in told(restaurant, "--time", "19:00")
    night = make_venue(tables=(2,), booking_window_days=730, service={"name": "Supper"})
    make_service(night, name="Night", first_seating=dt.time(23), last_seating=dt.time(3, 30))
    twice = told(night, "--time", "02:30", "--at", "2026-10-20T12:00", date=dt.date(2026, 10, 24))
    assert twice.count("\n02:30 CEST  offered") == twice.count("\n02:30 CET  offered") == 1
    assert {"CEST", "CET"} <= set(re.findall(r"Lead time: until .* (\w+)$", twice, re.MULTILINE))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "2026-12-01", "2"], "There is no restaurant 'nowhere'."),
        (["linden", "2026-12-01", "2"], "Did you mean linde?"),
        (["linde", "2026-02-30", "2"], "DATE: '2026-02-30' is not a date such as"),
        (["linde", "9999-12-31", "2"], "DATE: '9999-12-31' is too far away."),
        (["linde", "2026-12-01", "0"], "PARTY: '0' is not a whole number from 1 to 100."),
        (["linde", "2026-12-01", "9" * 5000], "is not a whole number from 1 to 100."),
        (["linde", "2026-12-01", "2", "--time", "7pm"], "--time: '7pm' is not a time such as 19:30."),
        (["linde", "2026-12-01", "2", "--time", "19:10"], "Nearest: 18:30, 19:00, 19:30, 20:00."),
        (["linde", "2026-12-01", "2", "--at", "now"], "--at: 'now' is not a moment such as"),
        (["linde", "2026-12-01", "2", "--area", "Moon"], "has no 'Moon'. Use one of: Dining room."),
    ],
)
def test_bad_input_gets_one_line_that_says_what_to_do(arguments: list[str], says: str) -> None:
    make_venue(slug="linde")
    with pytest.raises(CommandError) as error:
        call_command("explain_times", *arguments)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


# --- The page ---------------------------------------------------------------


def address(restaurant: Restaurant) -> str:
    return reverse("admin:reservations_restaurant_explain", args=(restaurant.pk,))


def test_the_page_says_the_same_and_is_linked_from_the_restaurant(client: Client) -> None:
    restaurant = make_venue(tables=(2,), service={"max_online_covers": 3})
    reservation = make_reservation(restaurant, at=dt.time(19))
    client.force_login(make_staff())
    form = client.get(reverse("admin:reservations_restaurant_change", args=(restaurant.pk,))).content.decode()
    assert f'href="{address(restaurant)}"' in form
    query = {"date": days_ahead(restaurant).isoformat(), "party": "2"}
    page = client.get(address(restaurant), query)
    rows = {row.clock: row for row in page.context["rows"]}
    assert len(rows) == 9
    assert not rows["19:00"].offered
    text = " ".join(page.content.decode().split())
    assert "arriving then: 2 covers, no limit, online 2 of 3" in text
    assert "taken until 21:00 by a reservation" in text
    assert "Europe/Berlin" in text
    for secret in (reservation.name, reservation.email, reservation.reference):
        assert secret not in text
    assert rows["21:00"].offered
    staff = client.get(address(restaurant), query | {"asker": "staff", "party": "9"})
    assert "does not bind staff" in staff.content.decode()


def test_the_page_opens_with_today_and_keeps_what_was_typed(client: Client) -> None:
    restaurant = make_venue()
    client.force_login(make_staff())
    page = client.get(address(restaurant))
    assert page.context["form"].cleaned_data["party"] == 2
    wrong = client.get(address(restaurant), {"date": "2027-02-30", "party": "lots", "area": "0", "asker": "king"})
    text = wrong.content.decode()
    assert "This is not a date of the calendar." in text
    assert "Give the number of guests in digits" in text
    assert "This restaurant has no such area." in text
    assert "2027-02-30" in text
    for date in ("0001-01-01", "9999-12-31"):
        assert "too far away" in client.get(address(restaurant), {"date": date, "party": "2"}).content.decode()


def test_a_closed_day_says_so_on_the_page(client: Client) -> None:
    restaurant = make_venue()
    make_closure(restaurant, days_ahead(restaurant))
    client.force_login(make_staff())
    page = client.get(address(restaurant), {"date": days_ahead(restaurant).isoformat(), "party": "2"})
    assert "closed on this day" in page.content.decode()


def test_who_may_see_neither_reservations_nor_restaurants_is_refused(client: Client) -> None:
    restaurant = make_venue()
    client.force_login(make_member(make_venue()))
    assert client.get(address(restaurant)).status_code == 404
    client.force_login(make_member(restaurant))
    assert client.get(address(restaurant)).status_code == 200
    assert client.post(address(restaurant)).status_code == 405
    client.force_login(make_user())
    assert client.get(address(restaurant)).status_code == 302
    client.force_login(make_staff())
    nowhere = reverse("admin:reservations_restaurant_explain", args=(10**30,))
    assert client.get(nowhere).status_code == 404
    client.force_login(make_limited("view_table"))
    assert client.get(address(restaurant)).status_code == 403


def test_the_page_asks_as_much_of_the_database_on_a_full_day(client: Client) -> None:
    restaurant = make_venue(tables=(2, 2, 4, 4))
    client.force_login(make_staff())
    query = {"date": days_ahead(restaurant).isoformat(), "party": "2"}

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(address(restaurant), query).status_code == 200
        return len(asked)

    client.get(address(restaurant), query)
    before = statements()
    for table in restaurant.tables.all():
        make_seated(restaurant, [table], make_wish(restaurant))
    assert statements() == before
