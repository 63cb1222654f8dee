"""Staff act on a reservation: one touch, other tables, a longer stay, another time, lateness, fewer covers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.admin.pages import seen_of
from reservations.models import Block, HistoryEvent, Reservation, TableClaim, User
from tests.factories import (
    days_ahead,
    make_hold,
    make_reservation,
    make_staff,
    make_venue,
    make_wish,
)
from tests.reservations.evening import (
    make_guest,
    make_house,
    make_party,
    of_reservation,
    of_restaurant,
    signed_in,
    tables_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status

PAGES = ("seat", "finish", "no_show", "coming", "late", "fewer", "move", "stay", "alter", "cancel")


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def after(reservation: Reservation) -> Reservation:
    return Reservation.objects.select_related("restaurant").get(pk=reservation.pk)


def touched(client: Client, reservation: Reservation, page: str, **fields: Any) -> str:
    """Press a button as the page has it, and return the page that follows."""
    sent = {"seen": seen_of(reservation), **fields}
    response = client.post(of_reservation(reservation, page), sent, follow=True)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("page", "status", "text"),
    [
        ("seat", Status.SEATED, "is seated."),
        ("finish", Status.FINISHED, "has left, and its tables are free"),
        ("no_show", Status.NO_SHOW, "is a no-show, and its tables are free"),
    ],
)
def test_one_touch_is_done_by_whoever_is_signed_in(
    staff: Client, user: User, page: str, status: str, text: str
) -> None:
    reservation = make_party(make_house(), starts=-15)
    shown = staff.get(of_reservation(reservation, "change")).content.decode()
    assert f'action="{of_reservation(reservation, page)}"' in shown
    assert text in touched(staff, reservation, page)
    assert after(reservation).status == status
    event = HistoryEvent.objects.get(subject="reservation", subject_number=reservation.pk)
    assert (event.actor, event.source, event.user_number) == ("staff", "admin", user.pk)
    assert LogEntry.objects.get(action_flag=CHANGE).object_id == str(reservation.pk)
    assert "already" in touched(staff, reservation, page)
    assert HistoryEvent.objects.filter(subject="reservation").count() == 1


def test_pages_that_ask_first_do_nothing(staff: Client) -> None:
    reservation = make_party(make_house(), starts=-15)
    before = list(Reservation.objects.values())
    for page in PAGES:
        response = staff.get(of_reservation(reservation, page), {"minutes": "30", "tables": "1", "party_size": "1"})
        assert response.status_code == 200
        assert reservation.reference in response.content.decode()
        assert staff.head(of_reservation(reservation, page)).status_code == 200
        assert staff.put(of_reservation(reservation, page)).status_code == 405
    assert list(Reservation.objects.values()) == before
    assert not HistoryEvent.objects.exists()


@pytest.mark.parametrize("page", PAGES)
def test_permission_to_change_is_asked_for(client: Client, page: str) -> None:
    reservation = make_party(make_house(), starts=-15)
    signed_in(client, "view_reservation", "add_reservation", "change_restaurant")
    assert client.get(of_reservation(reservation, page)).status_code == 403
    assert client.post(of_reservation(reservation, page), {"minutes": "15"}).status_code == 403
    assert after(reservation).status == Status.CONFIRMED
    shown = client.get(of_reservation(reservation, "change")).content.decode()
    assert f"/{page}/" not in shown
    signed_in(client, "change_reservation")
    assert client.get(of_reservation(reservation, page)).status_code == 200
    client.logout()
    # What was posted waits on the page of signing in.
    assert 'name="password"' in client.post(of_reservation(reservation, page)).content.decode()
    assert after(reservation).status == Status.CONFIRMED


@pytest.mark.parametrize("page", PAGES)
def test_reservation_that_is_not_there_is_not_found(staff: Client, page: str) -> None:
    reservation = make_party(make_house())
    for pk in (0, 10**30):
        address = of_reservation(reservation, page).replace(f"/{reservation.pk}/", f"/{pk}/")
        assert staff.post(address).status_code == 404


def test_buttons_carry_their_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff())
    reservation = make_party(make_house())
    assert strict.post(of_reservation(reservation, "seat")).status_code == 403
    page = strict.get(of_reservation(reservation, "change")).content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert strict.post(of_reservation(reservation, "seat"), {"csrfmiddlewaretoken": token}).status_code == 302
    assert after(reservation).status == Status.SEATED


def test_buttons_fit_the_reservation_as_it_stands(staff: Client) -> None:
    restaurant = make_house()

    def offered(reservation: Reservation) -> set[str]:
        page = staff.get(of_reservation(reservation, "change")).content.decode()
        return {name for name in PAGES if f'"{of_reservation(reservation, name)}"' in page}

    running = {"seat", "move", "stay", "alter", "cancel", "late", "fewer"}
    assert offered(make_party(restaurant, 1, starts=15)) == running | {"coming"}
    assert offered(make_party(restaurant, 2, coming_at=timezone.now())) == running | {"finish", "no_show"}
    assert offered(make_party(restaurant, 3, status="seated")) == {"finish", "move", "stay", "alter"}
    assert offered(make_party(restaurant, None, status="cancelled")) == set()


def test_refusal_says_the_rule_and_how_it_stands(staff: Client) -> None:
    reservation = make_party(make_house(), starts=60)
    for page in ("finish", "no_show"):
        shown = touched(staff, reservation, page)
        assert "time has not begun yet" in shown
        assert "Now: confirmed" in shown
    hold = make_hold(make_venue())
    assert "not in status confirmed" in touched(staff, hold, "seat")
    assert after(hold).status == Status.HELD


def test_stale_page_is_told_of_what_another_did(staff: Client) -> None:
    restaurant = make_house()
    reservation = make_party(restaurant)
    Reservation.objects.filter(pk=reservation.pk).update(table_ids=[tables_of(restaurant)[1].pk])
    shown = touched(staff, reservation, "seat")
    assert "Somebody has changed it meanwhile" in shown
    assert "Now: confirmed" in shown
    assert ", T2." in shown
    assert after(reservation).status == Status.CONFIRMED
    # The page that is shown then knows it as it is now.
    assert "is seated." in touched(staff, after(reservation), "seat")
    assert "is seated already" in touched(staff, reservation, "seat")
    other = make_party(restaurant, 3)
    Reservation.objects.filter(pk=other.pk).update(status="cancelled", table_ids=[])
    shown = touched(staff, other, "no_show")
    assert "Somebody has changed it meanwhile" in shown
    assert "Now: cancelled" in shown


def test_stale_page_does_nothing_to_who_has_arrived_or_sits_no_more(staff: Client) -> None:
    party = make_party(make_house(), starts=-15)
    expected = after(party)
    assert "has arrived." in touched(staff, expected, "arrive")
    # A second tap, and another host's, say that it is done; what is not the same is refused.
    assert "has arrived already" in touched(staff, expected, "arrive")
    for page in ("no_show", "cancel_now", "seat", "coming"):
        shown = touched(staff, expected, page)
        assert "Somebody has changed it meanwhile" in shown
        assert "Now: confirmed, arrived, " in shown
    assert "Somebody has changed it meanwhile" in touched(staff, expected, "late", minutes="15")
    assert (after(party).status, bool(after(party).arrived_at)) == (Status.CONFIRMED, True)

    arrived = after(party)
    assert "is seated." in touched(staff, arrived, "seat")
    seated = after(party)
    assert "Now: seated, " in touched(staff, arrived, "no_show")
    event = HistoryEvent.objects.filter(kind="seated").values_list("pk", flat=True).get()
    assert "Undone: " in touched(staff, seated, "undo", event=event)
    shown = touched(staff, seated, "finish")
    assert "Somebody has changed it meanwhile" in shown
    assert "Now: confirmed, arrived, " in shown
    assert after(party).status == Status.CONFIRMED
    assert "It was undone already" in touched(staff, seated, "undo", event=event)
    # The page that is shown then knows it as it is now.
    assert "has left, and its tables are free" in touched(staff, after(party), "finish")
    assert "has left already" in touched(staff, seated, "finish")


@pytest.mark.parametrize("back", ["https://example.org/admin/", "//example.org", "/admin/../../x", "javascript:1", "x"])
def test_way_back_leads_nowhere_else(staff: Client, back: str) -> None:
    reservation = make_party(make_house())
    response = staff.post(of_reservation(reservation, "seat"), {"back": back})
    assert response["Location"].startswith("/admin/")
    floor = of_restaurant(reservation.restaurant)
    assert staff.post(of_reservation(reservation, "seat"), {"back": floor})["Location"] == floor


def test_guest_who_phones_is_late_or_coming(staff: Client) -> None:
    reservation = make_party(make_house(), starts=-30, late_flagged_at=timezone.now())
    shown = staff.get(of_reservation(reservation, "change")).content.decode()
    assert "Late: the party should have come" in shown
    assert "will be 45 minutes late" in touched(staff, reservation, "late", minutes="45")
    row = after(reservation)
    assert (row.late_minutes, row.late_flagged_at) == (45, None)
    shown = touched(staff, row, "coming")
    assert "is coming" in shown
    assert "announced to be 45 minutes late" in shown
    assert "has said to be coming" in shown
    assert "has said so already" in touched(staff, row, "coming")
    for typed in ("-1", "181", "soon", ""):
        response = staff.post(of_reservation(reservation, "late"), {"minutes": typed})
        assert response.status_code == 200
        assert f'value="{typed}"' in response.content.decode() or not typed
    assert after(reservation).late_minutes == 45
    touched(staff, row, "late", minutes="0")
    assert after(reservation).late_minutes == 0


def test_fewer_come_at_the_same_tables(staff: Client) -> None:
    reservation = make_party(make_house(), 3, starts=60, party=4)
    response = staff.post(of_reservation(reservation, "fewer"), {"party_size": "5"})
    page = response.content.decode()
    assert "not smaller than it was" in page
    assert 'value="5"' in page
    assert "is now for 3 covers" in touched(staff, reservation, "fewer", party_size="3")
    assert after(reservation).party_size == 3
    assert after(reservation).table_ids == reservation.table_ids


def test_party_moves_to_tables_that_are_free(staff: Client) -> None:
    restaurant = make_house()
    reservation = make_party(restaurant, 1, starts=60)
    other = make_party(restaurant, 2, starts=90, name="Olga Other")
    Block.objects.create(
        restaurant=restaurant, service_date=reservation.service_date, starts_at=timezone.now(), ends_at=timezone.now()
    )
    address = of_reservation(reservation, "move")
    page = staff.get(address).content.decode()
    assert "T1, Dining room, for 2 · here now" in page
    assert f"{other.reference} Olga Other" in page
    assert "T3, Dining room, for 4 · free" in page
    taken = tables_of(restaurant)[1].pk
    page = staff.post(address, {"tables": [taken]}).content.decode()
    assert "is taken" in page
    assert f'value="{taken}" id="id_tables_1" checked' in page
    assert "Tick at least one table" in staff.post(address, {}).content.decode()
    assert "not there, or out of use" in staff.post(address, {"tables": ["99999999"]}).content.decode()
    free = tables_of(restaurant)[2].pk
    assert "is now at T3" in touched(staff, reservation, "move", tables=[free])
    assert after(reservation).table_ids == [free]
    assert set(TableClaim.objects.filter(reservation=reservation).values_list("table", flat=True)) == {free}
    # From a page that has shown the old table.
    page = staff.post(address, {"tables": [taken], "seen": seen_of(reservation)}).content.decode()
    assert "Somebody has changed it meanwhile" in page
    assert "2 covers, T3" in page
    assert "is at T3 already" in touched(staff, after(reservation), "move", tables=[free])


def test_move_names_what_is_free_best_first(staff: Client) -> None:
    restaurant = make_house(tables=(2, 4, 2, 2))
    reservation = make_party(restaurant, 1, status="seated", starts=-30)
    make_party(restaurant, 3, starts=30)
    response = staff.get(of_reservation(reservation, "move"))
    assert [button.label for button in response.context["buttons"]] == ["T4", "T2"]
    button = response.context["buttons"][0]
    assert "is now at T4" in staff.post(button.address, dict(button.fields), follow=True).content.decode()


def test_party_stays_longer_until_somebody_comes(staff: Client) -> None:
    restaurant = make_house()
    reservation = make_party(restaurant, 1, status="seated", starts=-60, stay=75)
    coming = make_party(restaurant, 1, starts=45, stay=60, name="Nora Next")
    address = of_reservation(reservation, "stay")
    until = {"until": reservation.ends_at.isoformat()}
    response = staff.get(address)
    assert [free for _button, free in response.context["choices"]] == [True, True, False, False]
    page = touched(staff, reservation, "stay", minutes="45", **until)
    assert "is taken" in page
    assert f"{coming.reference} Nora Next" in page
    assert "Give them T2 instead" in page
    assert after(reservation).ends_at == reservation.ends_at
    assert "Choose how many minutes" in touched(staff, reservation, "stay", minutes="7", **until)
    assert "stays until" in touched(staff, reservation, "stay", minutes="30", **until)
    assert after(reservation).ends_at == reservation.ends_at + dt.timedelta(minutes=30)
    # Pressed twice, or by two: the end is another than the page has shown.
    assert "Somebody has changed it meanwhile" in touched(staff, reservation, "stay", minutes="15", **until)
    assert after(reservation).ends_at == reservation.ends_at + dt.timedelta(minutes=30)
    _text, _address, button = staff.get(address).context["coming"][0]
    shown = staff.post(button.address, dict(button.fields), follow=True)
    assert "Nora Next</a> is now at T2" in shown.content.decode()
    assert shown.context["title"] == "Stay longer"
    assert after(coming).table_ids == [tables_of(restaurant)[1].pk]


def test_same_guest_twice_in_one_service_is_said(staff: Client) -> None:
    restaurant = make_house()
    guest = make_guest(restaurant)
    first = make_party(restaurant, 1, starts=30, guest=guest)
    second = make_party(restaurant, 2, starts=45, guest=guest)
    make_party(restaurant, 3, starts=45, guest=make_guest(restaurant, "o@example.org"), name="Olga Once")
    page = staff.get(of_reservation(first, "change")).content.decode()
    assert "The same guest has another reservation in this service" in page
    assert f'<a href="{of_reservation(second, "change")}">{second}</a>' in page
    listed = "/admin/reservations/reservation/"
    found = staff.get(listed, {"twice": "yes"}).context["cl"].result_list
    assert {row.pk for row in found} == {first.pk, second.pk}
    assert "twice" in staff.get(listed).content.decode()
    Reservation.objects.filter(pk=second.pk).update(status="cancelled")
    assert not staff.get(listed, {"twice": "yes"}).context["cl"].result_list
    assert "another reservation" not in staff.get(of_reservation(first, "change")).content.decode()


def test_same_guest_twice_outside_any_service_is_said_too(staff: Client) -> None:
    restaurant = make_house()
    guest = make_guest(restaurant)
    for table in (1, 2):
        make_party(restaurant, table, starts=30, guest=guest, service=None)
    assert len(staff.get("/admin/reservations/reservation/", {"twice": "yes"}).context["cl"].result_list) == 2


def test_list_shows_who_is_late_now_in_constant_statements(staff: Client) -> None:
    restaurant = make_house(tables=(2,) * 8)
    listed = "/admin/reservations/reservation/"
    flagged = make_party(restaurant, 1, starts=-30, late_flagged_at=timezone.now(), name="Lara Late")
    make_party(restaurant, 2, starts=-30, late_flagged_at=None, late_minutes=60, name="Anna Announced")
    found = staff.get(listed, {"late": "now"})
    assert list(found.context["cl"].result_list) == [flagged]
    page = staff.get(listed).content.decode()
    assert "says 60 min late" in page

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            staff.get(listed, {"late": "now", "twice": "yes"})
            staff.get(listed)
        return sum("django_session" not in query["sql"] for query in queries)

    guest = make_guest(restaurant)
    for table in (3, 4):
        make_party(restaurant, table, starts=-30, late_flagged_at=timezone.now(), guest=guest)
    before = statements()
    for table in range(5, 9):
        make_party(restaurant, table, starts=-30, late_flagged_at=timezone.now(), guest=guest)
    assert statements() == before


def test_times_are_the_restaurants_own(staff: Client) -> None:
    restaurant = make_venue(timezone="Asia/Tokyo", country="JP")
    reservation = make_reservation(restaurant, wish=make_wish(restaurant, date=days_ahead(restaurant), at=dt.time(19)))
    for page in PAGES:
        assert "19:00 JST" in staff.get(of_reservation(reservation, page)).content.decode(), page
