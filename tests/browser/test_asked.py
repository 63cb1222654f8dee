"""A diner on a phone, by keyboard: the button in the mail, a mistyped address, and the call that staff wait for."""

from __future__ import annotations

import re

import pytest
from django.db.models.functions import Now
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from reservations.messages.rendering import Mail, render
from reservations.models import Message, Reservation, Restaurant
from tests.browser.axe import serious
from tests.browser.conftest import Visitor, fits
from tests.browser.hands import host
from tests.browser.test_booking import choose_time, fill_details
from tests.conftest import Site
from tests.factories import days_ahead, make_member, make_seated, make_venue, make_wish
from tests.reservations.people import make_guest

pytestmark = pytest.mark.browser


def link(site: Site, number: int) -> str:
    """Return where the button of the mail of that number is, on the served site."""
    row = Message.objects.filter(kind=Message.Kind.ASKED).annotate(at=Now()).order_by("pk")[number]
    mail = render(row, getattr(row, "at"))  # noqa: B009 - annotated
    assert isinstance(mail, Mail), mail
    (found,) = re.findall(r"https?://[^/\s]+(/\S+/confirm/\S+)", mail.text)
    return f"{site.url}{found}"


def narrow(browser: Browser, visitors: list[Visitor]) -> Page:
    visitors.append(Visitor(browser, width=390))
    return visitors[-1].page


def whole(page: Page) -> None:
    """Nothing serious, and nothing that is cut off."""
    assert serious(page) == []
    assert fits(page)


def reach(page: Page, name: str) -> None:
    """Go on by the Tab key until the button of that name has the focus."""
    button = page.get_by_role("button", name=name)
    for _key in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "id_website"
        if button.last.evaluate("button => button === document.activeElement"):
            return
    raise AssertionError(f"no way to {name!r} by the keyboard")


def test_the_button_in_the_mail(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[2, 4], name="Gasthaus Lind", confirms_by_mail=True)
    desk = narrow(browser, visitors)
    choose_time(desk, site, restaurant)
    fill_details(desk)
    desk.get_by_label("E-mail").fill("ada@exmaple.org")
    # Nobody sees the field of robots, and the keyboard goes past it.
    box = desk.locator(".extra").bounding_box()
    assert box is not None
    assert box["width"] <= 1
    reach(desk, "Confirm the reservation")
    whole(desk)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Please look into your mail")).to_be_visible()
    expect(desk.locator("[data-countdown]")).to_have_text(re.compile(r"^(29:\d\d|30:00)$"))
    whole(desk)

    field = desk.get_by_label("E-mail")
    expect(field).to_have_value("ada@exmaple.org")
    field.fill("ada@example.org")
    field.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("A mail is on its way to ada@example.org")

    phone = narrow(browser, visitors)
    # To the wrong address nothing goes out any more; the right one's is the second.
    phone.goto(link(site, 1))
    expect(phone.get_by_role("heading", name="Confirm your table")).to_be_visible()
    whole(phone)
    assert Reservation.objects.get().status == Reservation.Status.HELD
    reach(phone, "Yes, confirm the reservation")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="You are expected")).to_be_visible()
    desk.get_by_role("link", name="I have pressed it").click()
    expect(desk.get_by_role("heading", name="You are expected")).to_be_visible()
    phone.go_back()
    expect(phone).to_have_url(re.compile("/(reservations|confirm)/"))


def test_the_call(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant: Restaurant = make_venue(tables=[2, 4], name="Gasthaus Lind", no_shows_call=3)
    ada = make_guest(restaurant, email="ada@example.org", phone="+49301234567", name="Ada Lovelace")
    for days in (10, 20, 30):
        make_seated(
            restaurant, (), make_wish(restaurant, date=days_ahead(restaurant, -days)), status="no_show", guest=ada
        )
    diner = narrow(browser, visitors)
    choose_time(diner, site, restaurant)
    fill_details(diner)
    diner.get_by_role("button", name="Confirm the reservation").last.click()
    expect(diner.get_by_role("heading", name="Please call the restaurant")).to_be_visible()
    expect(diner.get_by_role("link", name=restaurant.phone).first).to_be_visible()
    whole(diner)

    held = Reservation.objects.get(status=Reservation.Status.HELD)
    staff = host(site, browser, visitors, width=390, user=make_member(restaurant))
    day = reverse("admin:reservations_restaurant_sheet", args=(restaurant.pk, held.service_date.isoformat()))
    staff.goto(f"{site.url}{day}")
    row = staff.locator(f"#r{held.pk}")
    expect(row).to_contain_text("asked to call")
    assert serious(staff) == []
    row.get_by_role("button", name="Confirm").press("Enter")
    expect(row).to_contain_text("confirmed")
    expect(row).to_contain_text("3 no-shows in 12 months")
    assert serious(staff) == []
    diner.reload()
    expect(diner.get_by_role("heading", name="You are expected")).to_be_visible()
