"""Whose hold and whose reservation it is: other browsers, tampered links, other methods; and cancelling."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from reservations.engine.errors import Reason
from reservations.links import LASTS, entry_token, request_token, reservation_token
from reservations.models import Reservation, Restaurant
from reservations.reasons import diner_text
from tests.factories import (
    make_hold,
    make_reservation,
    make_venue,
)
from tests.pages import read
from tests.reservations.diner import EVERYTHING, TYPED, Diner, status
from tests.reservations.people import make_request, make_waiting

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


@pytest.fixture
def one_table() -> Restaurant:
    return make_venue(tables=(2,))


# --- Whose it is ------------------------------------------------------------


def test_another_browsers_hold_is_as_good_as_none(place: Restaurant) -> None:
    owner, stranger = Diner(place), Diner(place)
    held = owner.hold()
    stranger.times()
    for diner in (stranger, Diner(place)):
        answers = [diner.client.get(diner.details_url(held)), diner.client.post(diner.details_url(held), EVERYTHING)]
        answers += [diner.client.post(f"{diner.details_url(held)}{end}/", EVERYTHING) for end in ("extend", "release")]
        for answer in answers:
            assert answer.status_code == 404
            page = read(answer)
            assert page.headings == ["This hold is not here"]
            assert page.links["Choose a time"] == f"/restaurants/{place.slug}/"
    before = held.held_until
    held.refresh_from_db()
    assert (held.status, held.held_until, held.name) == (Status.HELD, before, "")
    assert owner.confirm(held).status_code == 302


def test_a_hold_that_never_was(place: Restaurant) -> None:
    diner = Diner(place)
    diner.hold()
    for reference in ("AAAAAAAAA", "x" * 500, "٣٣", "a b", "-", "..", "%2e%2e", "🍕"):
        response = diner.client.get(f"{diner.base}/holds/{reference}/")
        assert response.status_code == 404


def test_a_hold_at_another_restaurants_address(place: Restaurant) -> None:
    other = make_venue()
    diner = Diner(place)
    held = diner.hold()
    assert diner.client.get(f"/restaurants/{other.slug}/holds/{held.reference}/").status_code == 404
    assert diner.client.post(f"/restaurants/{other.slug}/holds/{held.reference}/", TYPED).status_code == 404
    assert status(held) == Status.HELD


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token.swapcase(),
        lambda token: token.partition(".")[0],
        lambda token: token.partition(".")[0] + ".",
        lambda token: "." + token.partition(".")[2],
        lambda token: "A" + token[1:] if token[0] != "A" else "B" + token[1:],
        lambda token: token.replace(".", ":"),
        lambda token: "🍕" + token,
        lambda token: "x" * 5000,
    ],
)
def test_a_tampered_link_leads_nowhere(place: Restaurant, spoil) -> None:  # type: ignore[no-untyped-def]
    reservation = make_reservation(place)
    token = spoil(reservation_token(place.pk, reservation.reference))
    client = Client()
    for answer in (
        client.get(f"/restaurants/{place.slug}/reservations/{token}/"),
        client.post(f"/restaurants/{place.slug}/reservations/{token}/cancel/"),
    ):
        assert answer.status_code == 404
        assert read(answer).headings == ["This link is not complete"]
        assert "Ada" not in answer.content.decode()
    assert status(reservation) == Status.CONFIRMED


def test_a_link_holds_for_its_own_restaurant(place: Restaurant) -> None:
    other = make_venue()
    reservation = make_reservation(place)
    make_reservation(other)
    # Even were the references the same.
    Reservation.objects.update(reference="SAME00000")
    token = reservation_token(place.pk, "SAME00000")
    assert Client().get(f"/restaurants/{place.slug}/reservations/{token}/").status_code == 200
    assert Client().get(f"/restaurants/{other.slug}/reservations/{token}/").status_code == 404
    assert Client().post(f"/restaurants/{other.slug}/reservations/{token}/cancel/").status_code == 404
    assert status(reservation) == Status.CONFIRMED


def test_a_hold_has_no_link(place: Restaurant) -> None:
    held = make_hold(place)
    token = reservation_token(place.pk, held.reference)
    assert Client().get(f"/restaurants/{place.slug}/reservations/{token}/").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_only_post_changes_anything(place: Restaurant, method: str) -> None:
    diner = Diner(place)
    held = diner.hold()
    reservation = make_reservation(place)
    token = reservation_token(place.pk, reservation.reference)
    query = diner.times().form("/hold/").pressed("21:00")
    for url in (
        f"{diner.base}/hold/",
        f"{diner.details_url(held)}extend/",
        f"{diner.details_url(held)}release/",
        f"{diner.base}/reservations/{token}/cancel/",
    ):
        answer = getattr(diner.client, method)(url, query_params=query)
        assert answer.status_code == 405
        assert answer["Allow"] == "POST"
        if method == "get":
            assert read(answer).headings == ["This address takes a form"]
    assert diner.client.get(diner.details_url(held)).status_code == 200
    assert status(held) == Status.HELD
    assert not Reservation.objects.get(pk=held.pk).hold_extended
    assert status(reservation) == Status.CONFIRMED
    assert Reservation.objects.count() == 2


# --- Cancelling -------------------------------------------------------------


def test_cancelling_twice_says_the_same(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book()
    form = page.form("/cancel/")
    for _click in range(2):
        answer = diner.send(form, "Yes, cancel it")
        assert (answer.status_code, answer["Location"]) == (302, url)
    cancelled_at = Reservation.objects.get().cancelled_at
    diner.send(form, "Yes, cancel it")
    assert Reservation.objects.get().cancelled_at == cancelled_at
    # What was agreed to can be taken back at any time.
    assert [form.action.split("/")[-2] for form in read(diner.client.get(url)).forms] == ["consent"]


def test_after_the_cutoff_a_cancellation_is_said_to_be_late(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book()
    Restaurant.objects.update(cutoff_minutes=60 * 24 * 30)
    page = read(diner.client.get(url))
    assert "late" in page.text
    assert diner.send(page.form("/cancel/"), "Yes, cancel it").status_code == 302
    assert Reservation.objects.get().cancelled_late is True


def test_after_the_start_the_phone_is_shown(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book()
    assert "You can cancel here until" in page.text
    Reservation.objects.update(starts_at=timezone.now() - dt.timedelta(minutes=1))
    answer = diner.send(page.form("/cancel/"), "Yes, cancel it")
    assert answer.status_code == 409
    assert any(diner_text(Reason.ALREADY_STARTED) in alert and place.phone in alert for alert in read(answer).alerts)
    assert Reservation.objects.get().status == Status.CONFIRMED
    page = read(diner.client.get(url))
    # Lateness can be told until the end, and nothing else; consent can be taken back at any time.
    assert [form.action.split("/")[-2] for form in page.forms] == ["late", "consent"]
    assert page.links[place.phone] == "tel:" + place.phone.replace(" ", "")


@pytest.mark.parametrize("since", [Status.SEATED, Status.FINISHED, Status.NO_SHOW])
def test_what_is_no_longer_to_come_cannot_be_cancelled(place: Restaurant, since: str) -> None:
    diner = Diner(place)
    url, page = diner.book()
    Reservation.objects.update(status=since)
    answer = diner.send(page.form("/cancel/"), "Yes, cancel it")
    assert answer.status_code == 409
    assert Reservation.objects.get().status == since
    # What was agreed to can be taken back at any time.
    assert [form.action.split("/")[-2] for form in read(diner.client.get(url)).forms] == ["consent"]


def test_a_link_outlives_the_restaurants_page(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book()
    Restaurant.objects.update(is_published=False)
    assert diner.client.get(f"/restaurants/{place.slug}/").status_code == 404
    assert Client().get(url).status_code == 200
    assert diner.send(page.form("/cancel/"), "Yes, cancel it").status_code == 302
    assert Reservation.objects.get().status == Status.CANCELLED


def test_after_cancelling_the_same_button_books_again(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    form = diner.times().form("/hold/")
    held = diner.send(form, "19:00")
    reference = held["Location"].split("/")[-2]
    first = Reservation.objects.get(reference=reference)
    url = diner.confirm(first)["Location"]
    diner.send(read(diner.client.get(url)).form("/cancel/"), "Yes, cancel it")
    again = diner.send(form, "19:00")
    assert f"/holds/{reference}/" not in again["Location"]
    assert Reservation.objects.filter(status=Status.HELD).count() == 1


# --- Until when ------------------------------------------------------------------------------


def test_links_end_a_while_after_what_they_are_about(place: Restaurant) -> None:
    reservation, entry, asked = make_reservation(place), make_waiting(place), make_request(place)
    Reservation.objects.update(browser="")
    tokens = {
        "reservations": reservation_token(place.pk, reservation.reference),
        "waitlist": entry_token(place.pk, entry.reference),
        "requests": request_token(place.pk, asked.reference),
    }

    def answers() -> list[int]:
        return [
            Client().get(f"/restaurants/{place.slug}/{kind}/{token}/").status_code for kind, token in tokens.items()
        ]

    over = max(reservation.ends_at, entry.latest, asked.starts_at) + LASTS
    with time_machine.travel(over - dt.timedelta(hours=12)):
        assert answers() == [200, 200, 200]
    with time_machine.travel(over + dt.timedelta(minutes=1)):
        assert answers() == [404, 404, 404]
        cancel = f"/restaurants/{place.slug}/reservations/{tokens['reservations']}/cancel/"
        assert Client().post(cancel).status_code == 404
