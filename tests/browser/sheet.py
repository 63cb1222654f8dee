"""A day sheet in a browser: three parties of this evening, their rows and their buttons."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from reservations.models import Reservation, Restaurant
from tests.reservations.evening import make_house, make_party

SOON = 2_000
"""Milliseconds within which one host sees what another did."""


def make_evening() -> Restaurant:
    """Return a house of five tables: Ada should have come just now, Bo half an hour ago, Cy comes now."""
    restaurant = make_house(tables=(2, 2, 2, 4, 4), name="Zur Linde")
    make_party(restaurant, 1, starts=-15, name="Ada Lark", dietary_needs="no nuts")
    make_party(restaurant, 2, starts=-30, name="Bo Swan")
    make_party(restaurant, 3, starts=0, name="Cy Hawk")
    return restaurant


def row(page: Page, name: str) -> Locator:
    """Return a party's row."""
    return page.locator("#sheet tr", has_text=name)


def press(page: Page, name: str, label: str) -> None:
    """Press a button of a party's row."""
    row(page, name).get_by_role("button", name=label, exact=True).click()


def status(name: str) -> str:
    """Return the status that the database has of a party."""
    return Reservation.objects.get(name=name).status
