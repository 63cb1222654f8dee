"""How many tables a browser and an address hold at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from reservations.models import Refusal, Reservation, Restaurant
from restaurant_site.caching import store
from restaurant_site.limits import leases
from tests.factories import days_ahead, make_hold, make_venue, new_key
from tests.pages import read
from tests.reservations.asked import ask, asking_venue
from tests.reservations.diner import TYPED, Diner, lapse, status

Status = Reservation.Status
FULL = "Several tables are being held for you already."


def press(diner: Diner, at: str = "19:00") -> Any:
    """Press a time's button, whatever comes of it."""
    return diner.send(diner.times().form("/hold/"), at)


def held() -> int:
    return Reservation.objects.filter(status=Status.HELD, held_until__gt=timezone.now()).count()


@pytest.mark.django_db(transaction=True)
def test_a_browser_holds_at_three_restaurants_and_once_at_each() -> None:
    places = [make_venue(tables=(2, 2)) for _number in range(4)]
    diner = Diner(places[0])

    def go(place: Restaurant) -> Diner:
        diner.restaurant, diner.base = place, f"/restaurants/{place.address}"
        return diner

    first = go(places[0]).hold("19:00")
    second = go(places[1]).hold("19:00")
    third = go(places[2]).hold("19:00")
    refused = press(go(places[3]))
    assert refused.status_code == 409
    assert FULL in read(refused).text
    assert not Refusal.objects.exists(), "the house turned nobody away"
    # Another time at one of the three is no more than before.
    again = go(places[2]).hold("21:00")
    assert status(third) == Status.RELEASED
    assert held() == 3
    # What has lapsed, without anybody having noticed, is held no more.
    lapse(first)
    fourth = go(places[3]).hold("19:00")
    assert press(go(places[0])).status_code == 409
    # Nor is what was given back or confirmed.
    go(places[1]).send(diner.details(second).form(diner.details_url(second)), "Give the table back")
    go(places[0]).hold("19:00")
    assert go(places[3]).confirm(fourth).status_code == 302
    go(places[1]).hold("19:00")
    assert status(again) == Status.HELD
    # Others' browsers are not counted with it.
    assert press(Diner(places[3]), "21:00").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_button_in_a_mail_counts_and_stays() -> None:
    place = asking_venue(tables=(2,) * 5)
    diner = Diner(place)
    asked = [ask(diner) for _number in range(3)]
    assert press(diner).status_code == 409
    assert held() == 3
    lapse(asked[0])
    assert press(diner).status_code == 302
    assert status(asked[1]) == Status.HELD


@pytest.mark.django_db(transaction=True)
def test_what_has_lapsed_on_another_day_counts_no_more() -> None:
    place = asking_venue(tables=(2,) * 5)
    diner = Diner(place)
    for one in [ask(diner) for _number in range(3)]:
        lapse(one)
    times = diner.times(days_ahead(place, 8))
    assert diner.send(times.form("/hold/"), "19:00").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_an_address_holds_so_many_at_one_restaurant(settings: Settings) -> None:
    settings.LIMITS_SCALE = 30
    place, other = make_venue(tables=(2,) * 8), make_venue(tables=(2,) * 8)
    diners = [Diner(place) for _number in range(3)]
    holds = [diner.hold("19:00") for diner in diners]
    refused = press(Diner(place))
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) == 600
    page = read(refused)
    assert FULL in page.text
    assert page.form("/hold/"), "the times are there to be tried again"
    assert held() == 3
    # Elsewhere, from elsewhere, and by who holds here already.
    assert press(Diner(other)).status_code == 302
    assert press(Diner(place, REMOTE_ADDR="192.0.2.7")).status_code == 302
    assert press(diners[0], "21:00").status_code == 302
    # One that is confirmed or given back makes room for one, and not twice.
    form = diners[1].details(holds[1]).form(diners[1].details_url(holds[1]))
    for _click in range(2):
        assert diners[1].send(form, "Confirm the reservation", **TYPED).status_code == 302
    assert press(Diner(place)).status_code == 302
    assert press(Diner(place)).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_wish_that_is_refused_counts_for_nobody(settings: Settings) -> None:
    """On a full evening people try many times, and hold nothing by it."""
    settings.LIMITS_SCALE = 10
    place = make_venue(tables=(2,))
    page = Diner(place).times().form("/hold/")
    make_hold(place)
    for _turn in range(4):
        diner = Diner(place)
        data = page.pressed("19:00") | {"key": new_key()}
        assert diner.client.post(page.button("19:00").action, data).status_code == 409
    assert held() == 1


@pytest.mark.parametrize("away", [False, True])
def test_never_more_than_allowed_however_many_ask_at_once(away: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if away:
        monkeypatch.setattr(leases, "usable", lambda: None)
    owners = (leases.owner(5, "a"), leases.owner(50, "b"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: leases.take(owners, f"{number}", 60), range(40)))
    assert sum(lease.granted for lease in found) <= 5
    for number, lease in enumerate(found):
        if lease.granted:
            leases.give_back(owners, f"{number}")
    # All is as before: none of those that were refused has stayed.
    assert [leases.take(owners, f"again {number}", 60).granted for number in range(6)] == [True] * 5 + [False]
    assert leases.take(owners, "again 0", 60) == leases.Lease(granted=True, is_new=False)


@pytest.mark.parametrize("away", [False, True])
def test_a_lease_ends_by_itself(away: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if away:
        monkeypatch.setattr(leases, "usable", lambda: None)
    owners = (leases.owner(1, "ends"),)
    assert leases.take(owners, "first", 60).granted
    assert not leases.take(owners, "second", 60).granted
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert leases.take(owners, "second", 60).granted
    if not away:
        raw = store.store("default").client.get_client(write=True)
        assert all(0 < raw.ttl(key) <= leases._KEPT for key in raw.scan_iter("limits:in-use:*"))
