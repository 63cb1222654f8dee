"""A database that goes away while a session is saved is told as such, and ends nobody's session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from reservations.models import Reservation
from tests import factories as make
from tests.pages import read
from tests.reservations.test_admin_booking import address_of, typed

pytestmark = pytest.mark.django_db(transaction=True)


def away_for_sessions(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    """Be away for whoever writes a session."""
    if sql.startswith("UPDATE") and "django_session" in sql:
        raise OperationalError("the connection is lost")
    return execute(sql, *rest)


def test_what_staff_send_is_answered_503_and_can_be_sent_again(client: Client) -> None:
    restaurant = make.make_venue()
    client.force_login(make.make_staff())
    client.raise_request_exception = False
    page = read(client.get(address_of(restaurant)))
    form = next(form for form in page.forms if "party_size" in form.values)
    sent = form.values | typed(restaurant)
    with connection.execute_wrapper(away_for_sessions):
        away = client.post(address_of(restaurant), sent)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "30")
    assert client.post(address_of(restaurant), sent).status_code == 302
    assert Reservation.objects.count() == 1
