"""A new SECRET_KEY with the former among the fallbacks: who is signed in stays, and every link and cookie goes on."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from reservations.links import reservation_token
from reservations.models import Reservation
from tests.factories import make_member, make_venue
from tests.reservations.asked import BUTTON, ask, asking_venue, fresh, link, mails
from tests.reservations.diner import Diner, status

pytestmark = pytest.mark.django_db

Status = Reservation.Status
NEW, NEWER = "n" * 60, "m" * 60


def test_with_a_fallback_everything_goes_on(settings: Settings) -> None:
    place = make_venue(tables=(2, 4))
    asking = asking_venue()
    # One signed in, one with a table held, one with a reservation's link, one with a button in a mail.
    staff, former = Client(), settings.SECRET_KEY
    staff.force_login(make_member(place))
    holding, booked, asked = Diner(place), Diner(place), Diner(asking)
    held = holding.hold(party=2)
    reservation = booked.hold(party=2)
    booked.confirm(reservation)
    reservation = fresh(reservation)
    path = reverse("reservation", args=(place.slug, reservation_token(place.pk, reservation.reference)))
    waiting = ask(asked)
    (mail,) = mails(waiting)
    button = link(mail)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [former]
    assert staff.get(reverse("admin:index")).status_code == 200
    assert holding.confirm(held).status_code == 302
    assert status(held) == Status.CONFIRMED
    assert Client().get(path).status_code == 200
    assert BUTTON in Client().get(button).content.decode()
    # What is seen under the new key is signed by it: the former can go once what it signed has ended.
    assert reservation_token(place.pk, reservation.reference) not in path

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEWER, [NEW]
    assert staff.get(reverse("admin:index")).status_code == 200
    assert Client().get(path).status_code == 404
    assert Client().get(button).status_code == 404


def test_without_a_fallback_nothing_of_before_counts(settings: Settings) -> None:
    place = make_venue(tables=(2, 4))
    staff = Client()
    staff.force_login(make_member(place))
    holding = Diner(place)
    held = holding.hold(party=2)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []
    assert staff.get(reverse("admin:index")).status_code == 302
    assert holding.client.get(holding.details_url(held)).status_code == 404
    assert status(held) == Status.HELD
