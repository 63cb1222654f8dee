"""Mails as a phone shows them: nothing that was typed makes one wider than the window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from reservations.messages.rendering import Mail, render
from reservations.models import Message
from tests.browser.conftest import Visitor, fits
from tests.factories import make_details, make_reservation, make_restaurant, make_venue
from tests.messages.rows import mail_of, make_told

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Kind = Message.Kind


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.STAFF_SHEET])
def test_no_name_makes_a_mail_wider_than_a_phone(kind: Message.Kind, browser: Browser, visitors: list[Visitor]) -> None:
    visitors.append(Visitor(browser, width=390))
    page = visitors[0].page
    restaurant = make_restaurant(name="Zum" + "r" * 100, street="Am" + "m" * 100)
    told = {"note": "W" * 300} if kind not in (Kind.INVITATION, Kind.OFFER) else {}
    page.set_content(mail_of(make_told(kind, restaurant=restaurant, name="N" * 120, **told)).html)
    assert fits(page)


def test_a_long_name_leaves_the_times_of_a_mailed_day_sheet_whole(browser: Browser, visitors: list[Visitor]) -> None:
    visitors.append(Visitor(browser, width=390))
    page = visitors[0].page
    booked = make_reservation(make_venue(), details=make_details(name="N" * 120, dietary_needs="W" * 300))
    start = booked.starts_at
    sheet = {"date": str(booked.service_date), "service": str(booked.service_id), "name": "Dinner"}
    message = make_told(Kind.STAFF_SHEET, restaurant=booked.restaurant)
    message.data = {**sheet, "starts": start.isoformat()}
    found = render(message, start)
    assert isinstance(found, Mail)
    page.set_content(found.html)
    assert fits(page)
    time = page.get_by_role("cell", name="19:00", exact=True).bounding_box()
    assert time
    assert time["width"] > 40
