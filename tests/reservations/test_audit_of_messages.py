"""`manage.py audit_reservations` on mails that tell of no reservation, entry or request."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from reservations.engine.sheets import mail_sheets
from reservations.models import Membership, Message, Restaurant
from tests import clock
from tests import factories as make
from tests.reservations.audited import audited, make_house

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_invitation_and_a_day_sheet_are_about_no_row() -> None:
    house = make_house()
    Restaurant.objects.filter(pk=house.restaurant.pk).update(email="house@example.org", sheet_minutes=60)
    owner = Client()
    owner.force_login(make.make_member(house.restaurant, "owner"))
    page = f"/admin/reservations/membership/add/?restaurant={house.restaurant.pk}"
    answer = owner.post(page, {"email": "new@example.org", "name": "Nora New", "role": "host"})
    assert answer.status_code == 302
    first = make.utc(house.restaurant, house.confirmed.service_date, house.restaurant.services.get().first_seating)
    with clock.at(first - dt.timedelta(minutes=30)):
        assert mail_sheets() == 1
    assert Message.objects.filter(reservation=None, entry=None, request=None).count() == 2
    assert audited().violated == {}

    # Nor is the invitation of somebody who has left since.
    Membership.objects.get(user__email="new@example.org").delete()
    assert audited().violated == {}
