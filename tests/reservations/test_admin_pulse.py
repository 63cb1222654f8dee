"""The pulse of a restaurant: nothing asked of the database while nothing changes, and nothing missed."""

from __future__ import annotations

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.admin.pulse import FRESH_SECONDS, KEPT_SECONDS, Pulse, pulse_of
from reservations.engine import blocking, booking, coming, due, floor, waitlist
from reservations.history.trail import GUEST, by_staff
from reservations.models import Reservation, Restaurant, Table, User, WaitlistEntry
from restaurant_site.caching import gate
from tests.conftest import Site
from tests.factories import make_staff, make_venue
from tests.reservations.evening import make_house, make_party, signed_in, tables_of, tonight
from tests.reservations.people import make_waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def shown(client: Client, restaurant: Restaurant) -> Pulse:
    """Return the pulse that a page shows to the client's browser."""
    request = RequestFactory().get("/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    return pulse_of(request, restaurant.pk)


def ask(client: Client, pulse: Pulse) -> Any:
    return client.get(pulse.address, headers={"If-None-Match": f'"{pulse.mark}"'})


def refuse_sql(*_args: Any) -> Any:
    raise AssertionError("the database was asked")


def test_no_change_asks_the_database_nothing(staff: Client) -> None:
    restaurant = make_house()
    pulse = shown(staff, restaurant)
    with CaptureQueriesContext(connection) as queries, connection.execute_wrapper(refuse_sql):
        answers = [ask(staff, pulse) for _turn in range(3)]
        unknown = staff.get(pulse.address)
    assert len(queries) == 0
    for answer in answers:
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", f'"{pulse.mark}"')
        assert not answer.cookies
        assert "Pulse-Address" not in answer
    assert (unknown.status_code, unknown.content, unknown["ETag"]) == (204, b"", f'"{pulse.mark}"')


def seat(restaurant: Restaurant, user: User) -> None:
    floor.seat(reservation=Reservation.objects.get(name="Ada"), by=by_staff(user))


def flag(restaurant: Restaurant, user: User) -> None:
    assert due.flag_late() == 1


def wait_at_door(restaurant: Restaurant, user: User) -> None:
    waitlist.join_at_door(restaurant=restaurant, party=2, name="Dora", user=user, by=by_staff(user), key="door")


def leave_list(restaurant: Restaurant, user: User) -> None:
    waitlist.leave(entry=WaitlistEntry.objects.get(restaurant=restaurant))


def block(restaurant: Restaurant, user: User) -> None:
    start = timezone.now() + dt.timedelta(hours=5)
    blocking.block(
        restaurant=restaurant,
        date=tonight(restaurant),
        start=start,
        end=start + dt.timedelta(hours=1),
        table_ids=(tables_of(restaurant)[2].pk,),
        reason="chair",
        user=user,
        by=by_staff(user),
    )


def be_coming(restaurant: Restaurant, user: User) -> None:
    coming.say_coming(reservation=Reservation.objects.get(name="Ada"), by=GUEST)


def cancel(restaurant: Restaurant, user: User) -> None:
    booking.cancel(reservation=Reservation.objects.get(name="Ada"), by_guest=False, by=by_staff(user))


def rename_table(restaurant: Restaurant, user: User) -> None:
    Table.objects.filter(restaurant=restaurant).update(position=9)


CHANGES = [seat, flag, wait_at_door, leave_list, block, be_coming, cancel, rename_table]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("redis", ["ok", "away"])
def test_every_change_is_seen(
    staff: Client, user: User, change: Callable[..., None], redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if redis == "away":
        if change is rename_table:
            pytest.skip("without Redis only what happened is looked at")
        monkeypatch.setattr(gate.Gate, "usable", lambda self: False)
    restaurant, other = make_house(), make_venue()
    make_party(restaurant, 1, name="Ada", starts=-30 if change is flag else 60)
    make_waiting(restaurant)
    pulse, elsewhere = shown(staff, restaurant), shown(staff, other)
    change(restaurant, user)
    answer = ask(staff, pulse)
    assert answer.status_code == 204
    assert answer["ETag"] != f'"{pulse.mark}"'
    assert ask(staff, elsewhere).status_code == 304


def test_another_process_answers_what_this_one_changed(staff: Client, user: User, site: Site) -> None:
    restaurant = make_house()
    make_party(restaurant, 1, name="Ada")
    pulse = shown(staff, restaurant)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in staff.cookies.items())

    def status(address: str) -> int:
        headers = {"Cookie": cookies, "If-None-Match": f'"{pulse.mark}"'}
        try:
            with urllib.request.urlopen(urllib.request.Request(site.url + address, headers=headers)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert [status(pulse.address) for _turn in range(4)] == [304] * 4
    seat(restaurant, user)
    assert [status(pulse.address) for _turn in range(4)] == [204] * 4
    assert status(pulse.address[:-1]) == 403


def test_a_key_holds_for_one_restaurant_one_session_and_a_time(staff: Client) -> None:
    restaurant, other = make_venue(), make_venue()
    pulse, elsewhere = shown(staff, restaurant), shown(staff, other)
    address, key = pulse.address.split("?key=")
    stranger = Client()
    signed_in(stranger, "view_reservation")
    with connection.execute_wrapper(refuse_sql):
        refused = [
            staff.get(address),
            staff.get(f"{address}?key="),
            staff.get(f"{address}?key={key[:-1]}{'a' if key[-1] != 'a' else 'b'}"),
            staff.get(f"{address}?key=%C3%BC{key}"),
            staff.get(f"{elsewhere.address.split('?')[0]}?key={key}"),
            stranger.get(pulse.address),
            Client().get(pulse.address),
        ]
        with time_machine.travel(timezone.now() + dt.timedelta(seconds=KEPT_SECONDS + 5)):
            refused.append(staff.get(pulse.address))
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert all(answer.content == b"" for answer in refused)
    assert staff.post(pulse.address).status_code == 405


def test_an_aged_key_is_exchanged_after_asking_who_it_is(staff: Client, user: User) -> None:
    restaurant = make_venue()
    pulse = shown(staff, restaurant)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=FRESH_SECONDS + 5)):
        answer = ask(staff, pulse)
        assert answer.status_code == 304
        fresh = Pulse(answer["Pulse-Address"], pulse.mark)
        assert fresh.address != pulse.address
        with connection.execute_wrapper(refuse_sql):
            assert ask(staff, fresh).status_code == 304
        User.objects.filter(pk=user.pk).update(is_staff=False)
        assert ask(staff, pulse).status_code == 403


@pytest.mark.parametrize("redis", ["ok", "away"])
def test_whoever_signs_out_is_refused_at_once(staff: Client, redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = make_venue()
    if redis == "away":
        monkeypatch.setattr(gate.Gate, "usable", lambda self: False)
    pulse = shown(staff, restaurant)
    held = Client()
    held.cookies.update(staff.cookies)
    assert ask(held, pulse).status_code == 304
    staff.post("/admin/logout/")
    assert ask(held, pulse).status_code == 403
