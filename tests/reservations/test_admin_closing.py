"""Closing days and the night: something is chosen about each reservation that is hit, and nothing happens before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.models import Closure, HistoryEvent, Message, Reservation, Restaurant, Service, User
from tests.factories import (
    days_ahead,
    make_hold,
    make_reservation,
    make_service,
    make_staff,
    make_venue,
)
from tests.reservations.evening import make_house, make_party, of_restaurant, signed_in, tables_of, tonight

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def address_of(restaurant: Restaurant) -> str:
    return f"{reverse('admin:reservations_closure_close')}?restaurant={restaurant.pk}"


def typed(restaurant: Restaurant, **fields: Any) -> dict[str, Any]:
    """Return what staff type, by default the whole of one day in a week."""
    date = days_ahead(restaurant).isoformat()
    return {"starts_on": date, "ends_on": date, "service": "", "reason": "Wedding 💍", **fields}


def close(client: Client, restaurant: Restaurant, **fields: Any) -> Any:
    response = client.post(address_of(restaurant), typed(restaurant, **fields), follow=True)
    assert response.status_code == 200
    return response


def shown(response: Any) -> dict[str, str]:
    """Return what the page sends back about the reservations that it has shown."""
    return {"shown": response.context["shown"]}


def status(reservation: Reservation) -> str:
    return Reservation.objects.get(pk=reservation.pk).status


def test_empty_day_is_closed_at_once(staff: Client, user: User) -> None:
    restaurant = make_venue()
    assert "Which restaurant?" in staff.get(reverse("admin:reservations_closure_add")).content.decode()
    for address in (
        address_of(restaurant),
        f"{reverse('admin:reservations_closure_add')}?restaurant={restaurant.slug}",
    ):
        assert 'name="starts_on"' in staff.get(address).content.decode()
    assert not Closure.objects.exists()
    page = close(staff, restaurant).content.decode()
    assert "Closed: " in page
    assert "Wedding 💍" in page
    closure = Closure.objects.get()
    assert (closure.starts_on, closure.ends_on, closure.service) == (*[days_ahead(restaurant)] * 2, None)
    assert HistoryEvent.objects.get(kind="closed").user_number == user.pk


def test_every_reservation_that_is_hit_is_decided_first(staff: Client) -> None:
    restaurant = make_venue()
    kept, cancelled = make_reservation(restaurant), make_reservation(restaurant, at=dt.time(20))
    hold = make_hold(restaurant, at=dt.time(21))
    elsewhere = make_reservation(restaurant, date=days_ahead(restaurant, 9))
    Message.objects.all().delete()
    response = close(staff, restaurant)
    page = response.content.decode()
    assert "2 reservations are hit" in page
    for row in (kept, cancelled):
        assert row.reference in page
        assert f"/reservation/{row.pk}/alter/" in page
    assert elsewhere.reference not in page
    assert hold.reference not in page
    assert kept.email in page
    assert "19:00 C" in page
    assert tables_of(restaurant)[0].name in page
    # Nothing is chosen for anybody.
    assert "checked" not in page
    assert "Wedding 💍" in page
    response = close(staff, restaurant, **shown(response), **{f"choice_{kept.pk}": "keep"})
    page = response.content.decode()
    assert "Choose for each reservation" in page
    assert f'name="choice_{kept.pk}" value="keep" checked' in page
    assert page.count("checked") == 1
    assert not Closure.objects.exists()
    assert status(cancelled) == Status.CONFIRMED
    chosen = {f"choice_{kept.pk}": "keep", f"choice_{cancelled.pk}": "cancel"}
    page = close(staff, restaurant, **shown(response), **chosen).content.decode()
    assert "1 reservation is cancelled. 1 reservation stands." in page
    assert (status(kept), status(cancelled), status(hold)) == (Status.CONFIRMED, Status.CANCELLED, Status.RELEASED)
    assert [row.kind for row in Message.objects.all()] == [Message.Kind.CANCELLATION]
    assert Closure.objects.count() == 1
    assert status(elsewhere) == Status.CONFIRMED


def test_same_choice_for_all_without_javascript_spares_who_books_meanwhile(staff: Client) -> None:
    restaurant = make_venue()
    first, second = make_reservation(restaurant), make_reservation(restaurant, at=dt.time(20))
    response = close(staff, restaurant)
    late = make_reservation(restaurant, at=dt.time(18), date=days_ahead(restaurant))
    sent = shown(response) | {"all": "cancel", f"choice_{second.pk}": "keep"}
    response = close(staff, restaurant, **sent)
    page = response.content.decode()
    assert [hit.is_new for hit in response.context["hits"]] == [True, False, False]
    assert f'name="choice_{first.pk}" value="cancel" checked' in page
    assert f'name="choice_{second.pk}" value="keep" checked' in page
    assert page.count("checked") == 2
    assert not Closure.objects.exists()
    chosen = {f"choice_{first.pk}": "cancel", f"choice_{second.pk}": "keep", f"choice_{late.pk}": "keep"}
    close(staff, restaurant, **shown(response), **chosen)
    assert [status(row) for row in (first, second, late)] == [Status.CANCELLED, Status.CONFIRMED, Status.CONFIRMED]


def test_one_service_alone_is_closed(staff: Client) -> None:
    restaurant = make_venue()
    dinner = Service.objects.get()
    lunch = make_service(restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14))
    foreign = make_service(make_venue(), name="Foreign")
    assert "Foreign" not in staff.get(address_of(restaurant)).content.decode()
    assert close(staff, restaurant, service=str(foreign.pk)).context["form"].errors
    at_dinner, at_lunch = make_reservation(restaurant), make_reservation(restaurant, at=dt.time(12))
    response = close(staff, restaurant, service=str(lunch.pk))
    assert [hit.reservation for hit in response.context["hits"]] == [at_lunch]
    close(staff, restaurant, service=str(lunch.pk), **shown(response), all="cancel")
    assert (status(at_dinner), status(at_lunch)) == (Status.CONFIRMED, Status.CANCELLED)
    assert Closure.objects.get().service == lunch
    assert dinner.pk != lunch.pk


def test_party_that_sits_can_only_stay(staff: Client) -> None:
    restaurant = make_house()
    party = make_party(restaurant, 1, starts=-30, status="seated")
    date = tonight(restaurant).isoformat()
    response = close(staff, restaurant, starts_on=date, ends_on=date)
    assert f'name="choice_{party.pk}" value="cancel"' not in response.content.decode()
    closed = close(staff, restaurant, starts_on=date, ends_on=date, **shown(response), all="cancel")
    assert status(party) == Status.SEATED
    assert "1 reservation stands." in closed.content.decode()
    assert "cancelled." not in closed.content.decode()
    assert Closure.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ends_on": "2020-01-01"}, "before the first"),
        ({"starts_on": "2020-01-01", "ends_on": "2020-01-02"}, "This day has passed"),
        ({"starts_on": "2027-02-30"}, "not a date of the calendar"),
        ({"starts_on": ""}, "This field is required"),
        ({"service": "lunch"}, "Select a valid choice"),
        ({"reason": "x" * 161}, "at most 160 characters"),
        ({"shown": "x,²,99999999999999999999", "all": "burn", "starts_on": ""}, "This field is required"),
    ],
)
def test_bad_input_closes_nothing(staff: Client, fields: dict[str, str], message: str) -> None:
    restaurant = make_venue()
    page = close(staff, restaurant, **fields).content.decode()
    assert message in page
    assert "reason" in fields or "Wedding 💍" in page
    assert not Closure.objects.exists()


def test_forged_choices_decide_nothing(staff: Client) -> None:
    restaurant = make_venue()
    row = make_reservation(restaurant)
    for sent in ({"all": "burn"}, {f"choice_{row.pk}": "x"}, {f"choice_{row.pk}": "cancel", "shown": "x,9" + "9" * 30}):
        close(staff, restaurant, **{"shown": str(row.pk), **sent})
        assert not Closure.objects.exists()
    assert status(row) == Status.CONFIRMED


def test_more_than_a_page_holds_is_refused(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = make_venue()
    for hour in (18, 20):
        make_reservation(restaurant, at=dt.time(hour))
    monkeypatch.setattr("reservations.admin.closing.MOST", 1)
    assert "More than 1 reservations" in close(staff, restaurant).content.decode()
    assert not Closure.objects.exists()


def test_preview_takes_as_many_statements_for_many_as_for_few(staff: Client) -> None:
    restaurant = make_venue(tables=(2,) * 12)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            close(staff, restaurant)
        return sum("django_session" not in query["sql"] for query in queries)

    make_reservation(restaurant)
    statements()
    before = statements()
    for _time in range(8):
        make_reservation(restaurant)
    assert statements() == before


def test_dates_of_a_closure_stay(staff: Client) -> None:
    restaurant = make_venue()
    close(staff, restaurant)
    closure = Closure.objects.get()
    address = reverse("admin:reservations_closure_change", args=(closure.pk,))
    page = staff.get(address).content.decode()
    assert "delete this closure and close anew" in page
    assert 'name="starts_on"' not in page
    far = days_ahead(restaurant, 30).isoformat()
    assert staff.post(address, {"reason": "Holiday", "starts_on": far, "ends_on": far}).status_code == 302
    closure.refresh_from_db()
    assert (closure.reason, closure.ends_on) == ("Holiday", days_ahead(restaurant))
    assert (
        staff.post(reverse("admin:reservations_closure_delete", args=(closure.pk,)), {"post": "yes"}).status_code == 302
    )
    assert not Closure.objects.exists()


def test_permission_to_close_is_asked_for(client: Client, user: User) -> None:
    restaurant = make_venue()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(address_of(restaurant), typed(restaurant)).status_code == 403
    signed_in(client, "change_closure", "view_closure", "change_reservation")
    assert client.get(address_of(restaurant)).status_code == 403
    assert client.post(address_of(restaurant), typed(restaurant)).status_code == 403
    assert not Closure.objects.exists()
    signed_in(client, "add_closure", "view_closure")
    close(client, restaurant)
    assert Closure.objects.count() == 1


def night(client: Client, restaurant: Restaurant, outcomes: dict[Reservation, str], date: dt.date | None = None) -> Any:
    address = of_restaurant(restaurant, "night") + (f"?date={date.isoformat()}" if date else "")
    sent = {f"outcome_{row.pk}": outcome for row, outcome in outcomes.items()}
    response = client.post(address, sent, follow=True)
    assert response.status_code == 200
    return response


def chosen(response: Any) -> dict[str, list[str]]:
    return {
        row.reservation.name: [value for value, _label, is_chosen in row.outcomes if is_chosen]
        for row in response.context["rows"]
    }


def test_night_is_closed_by_what_is_chosen(staff: Client, user: User) -> None:
    restaurant = make_house(tables=(2,) * 5)
    date = tonight(restaurant) - dt.timedelta(days=1)
    came, gone, unknown = (
        make_party(restaurant, number, starts=-900, stay=120, date=date, name=f"Party {number}", status=state)
        for number, state in ((1, "seated"), (2, "confirmed"), (3, "confirmed"))
    )
    make_party(restaurant, 4, starts=60, name="To Come")
    response = staff.get(of_restaurant(restaurant, "night"))
    # The last date that is open, whoever sits counted as gone, and nothing said of who was expected.
    assert chosen(response) == {"Party 1": ["finished"], "Party 2": [], "Party 3": []}
    assert [status(row) for row in (came, gone, unknown)] == [Status.SEATED, Status.CONFIRMED, Status.CONFIRMED]
    response = night(staff, restaurant, {came: "finished", gone: "no_show", unknown: ""})
    assert "2 parties are settled" in response.content.decode()
    assert [status(row) for row in (came, gone, unknown)] == [Status.FINISHED, Status.NO_SHOW, Status.CONFIRMED]
    assert chosen(response) == {"Party 3": []}
    assert HistoryEvent.objects.get(kind="no_show").user_number == user.pk
    response = night(staff, restaurant, {unknown: "finished"}, date)
    assert "Everything is settled" in response.content.decode()
    assert "Nothing was chosen" in night(staff, restaurant, {}, date).content.decode()


def test_who_has_time_left_is_not_sent_home_by_the_page(staff: Client) -> None:
    restaurant = make_house()
    make_party(restaurant, 1, starts=-60, stay=120, status="seated", name="Time Left")
    make_party(restaurant, 2, starts=-120, stay=60, status="seated", name="Time Over")
    response = staff.get(of_restaurant(restaurant, "night"))
    assert chosen(response) == {"Time Left": [""], "Time Over": ["finished"]}


def test_each_open_night_has_its_page(staff: Client) -> None:
    restaurant = make_house()
    today = tonight(restaurant)
    for number, days in ((1, 1), (2, 2)):
        make_party(restaurant, number, starts=-1440 * days, stay=60, date=today - dt.timedelta(days=days))
    response = staff.get(of_restaurant(restaurant, "night"))
    address, label = response.context["object_links"][-1]
    assert address.endswith((today - dt.timedelta(days=2)).isoformat())
    assert label.endswith("(1)")
    assert len(staff.get(address).context["rows"]) == 1
    for date in ("x", "2027-02-30", "", "99999-01-01"):
        assert staff.get(of_restaurant(restaurant, "night"), {"date": date}).status_code == 200


def test_what_another_settled_meanwhile_is_said(staff: Client) -> None:
    restaurant = make_house()
    first, second = (make_party(restaurant, number, starts=-60, stay=30) for number in (1, 2))
    Reservation.objects.filter(pk=first.pk).update(status="cancelled")
    response = night(staff, restaurant, {first: "finished", second: "no_show"})
    page = response.content.decode()
    assert "was settled by somebody else meanwhile: cancelled" in page
    assert "1 party is settled" in page
    assert (status(first), status(second)) == (Status.CANCELLED, Status.NO_SHOW)


def test_who_came_since_the_page_was_shown_is_no_no_show(staff: Client) -> None:
    restaurant = make_house()
    came, sits, away = (make_party(restaurant, number, starts=-60, stay=30) for number in (1, 2, 3))
    shown = {
        f"seen_{row.reservation.pk}": row.seen for row in staff.get(of_restaurant(restaurant, "night")).context["rows"]
    }
    assert set(shown.values()) == {"confirmed"}
    Reservation.objects.filter(pk=came.pk).update(arrived_at=timezone.now())
    Reservation.objects.filter(pk=sits.pk).update(status=Status.SEATED)
    sent = {f"outcome_{came.pk}": "no_show", f"outcome_{sits.pk}": "finished", f"outcome_{away.pk}": "no_show"}
    page = staff.post(of_restaurant(restaurant, "night"), sent | shown, follow=True).content.decode()
    assert page.count("Somebody has changed it meanwhile") == 2
    assert "Now: arrived." in page
    assert "1 party is settled" in page
    assert [status(row) for row in (came, sits, away)] == [Status.CONFIRMED, Status.SEATED, Status.NO_SHOW]


def test_refused_outcome_is_said_and_keeps_none_of_the_others(staff: Client) -> None:
    restaurant = make_house()
    sits, waits = make_party(restaurant, 1, starts=-60, status="seated"), make_party(restaurant, 2, starts=-60)
    # Not on the page, but on a forged form.
    response = night(staff, restaurant, {sits: "no_show", waits: "no_show"})
    page = response.content.decode()
    assert "not in status confirmed" in page
    assert "1 party is settled" in page
    assert (status(sits), status(waits)) == (Status.SEATED, Status.NO_SHOW)
    forged = {f"outcome_{number}": "finished" for number in ("0", "9" * 30, "x", "²", "")}
    assert staff.post(of_restaurant(restaurant, "night"), forged).status_code == 302


def test_night_takes_as_many_statements_for_many_as_for_few(staff: Client) -> None:
    restaurant = make_house(tables=(2,) * 8)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            staff.get(of_restaurant(restaurant, "night"))
        return sum("django_session" not in query["sql"] for query in queries)

    make_party(restaurant, 1, starts=-60)
    statements()
    before = statements()
    for number in range(2, 9):
        make_party(restaurant, number, starts=-60, status="seated" if number % 2 else "confirmed")
    assert statements() == before
