"""A diner who books through the pages, by Django's test client, sending what the forms hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client
from django.utils import timezone

from reservations.models import Reservation, Restaurant
from tests.factories import days_ahead
from tests.pages import Form, Page, read

TYPED = {"name": "Ada Guest", "email": "ada@example.org", "phone": "030 7654321"}
"""What has to be typed."""
EVERYTHING = {
    "name": "Zoë “O'Brien” <b>",
    "email": "zoe@example.org",
    "phone": "+49 30 7654321",
    "occasion": "birthday",
    "children": "1",
    "high_chairs": "1",
    "dietary_needs": "No nuts & no <milk>",
    "needs_step_free": "",
    "note": "First line\r\n  second line\r\n<script>alert(1)</script>",
}
"""Every field of the details, with what has to be shown as it is."""


def lapse(held: Reservation) -> None:
    """Let a hold's time run out, with nobody having noticed."""
    Reservation.objects.filter(pk=held.pk).update(held_until=timezone.now() - dt.timedelta(seconds=1))


def status(reservation: Reservation) -> str:
    """Return the status as the database has it."""
    return Reservation.objects.values_list("status", flat=True).get(pk=reservation.pk)


class Diner:
    """Somebody with a browser of their own, at one restaurant."""

    def __init__(self, restaurant: Restaurant, **client: Any) -> None:
        self.restaurant = restaurant
        self.client = Client(**client)
        self.base = f"/restaurants/{restaurant.address}"

    def ask(self, date: dt.date | str | None = None, party: object = 2, **more: Any) -> Any:
        """Return the response of the times page, by default for two in a week."""
        query = {"date": str(date or days_ahead(self.restaurant)), "party": str(party), **more}
        return self.client.get(f"{self.base}/times/", query)

    def times(self, date: dt.date | str | None = None, party: object = 2, **more: Any) -> Page:
        """Return the times page, read."""
        response = self.ask(date, party, **more)
        assert response.status_code == 200
        return read(response)

    def send(self, form: Form, label: str, **typed: Any) -> Any:
        """Press a button of a form after typing, and return the response."""
        return self.client.post(form.button(label).action, form.pressed(label, **typed))

    def hold(self, at: str = "19:00", date: dt.date | None = None, party: int = 2, **more: Any) -> Reservation:
        """Press a time's button and return the hold."""
        response = self.send(self.times(date, party, **more).form("/hold/"), at)
        assert response.status_code == 302, read(response).alerts
        return Reservation.objects.select_related("restaurant").get(reference=response["Location"].split("/")[-2])

    def details_url(self, held: Reservation) -> str:
        """Return the address of the hold's form."""
        return f"{self.base}/holds/{held.reference}/"

    def details(self, held: Reservation) -> Page:
        """Return the page of the hold, read."""
        response = self.client.get(self.details_url(held))
        assert response.status_code == 200
        return read(response)

    def confirm(self, held: Reservation, **typed: Any) -> Any:
        """Type who comes, press the button, and return the response."""
        form = self.details(held).form(self.details_url(held))
        return self.send(form, "Confirm the reservation", **{**TYPED, **typed})

    def book(self, at: str = "19:00", date: dt.date | None = None, party: int = 2, **typed: Any) -> tuple[str, Page]:
        """Hold and confirm; return the address of the reservation's page, and the page."""
        response = self.confirm(self.hold(at, date, party), **typed)
        assert response.status_code == 302, read(response).alerts
        page = self.client.get(response["Location"])
        assert page.status_code == 200
        return response["Location"], read(page)
