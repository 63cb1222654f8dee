"""Nothing serious in the eyes of axe-core on the pages of staff and of diners, on a desk.

What staff have open in an evening is test_access_evening's at both widths, and what diners see on a phone
test_access_states': a page is looked at once at each width.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from menus.models import Menu
from reservations.models import BookingImport, Restaurant
from restaurant_site.guide.steps import Step
from tests.browser.axe import serious
from tests.browser.conftest import Visitor
from tests.conftest import Site
from tests.factories import days_ahead, make_member, make_menu, make_staff, make_venue
from tests.reservations.evening import make_house, make_party

pytestmark = pytest.mark.browser

LISTS = (
    "restaurant",
    "reservation",
    "guest",
    "waitlistentry",
    "bookingrequest",
    "message",
    "service",
    "table",
    "block",
)
STEPS = ("restaurant", "tables", "services", "menu", "staff", "test", "open")


def addresses(restaurant: Restaurant) -> list[str]:
    """Return the staff's pages about a restaurant with a party, a menu and an import, but for those of an evening."""

    def of(model: str, name: str, pk: int) -> str:
        return reverse(f"admin:reservations_{model}_{name}", args=(pk,))

    menu = Menu.objects.get(restaurant=restaurant)
    batch = BookingImport.objects.get(restaurant=restaurant)
    asked = f"?restaurant={restaurant.pk}"
    return [
        *(reverse(f"admin:reservations_{name}_changelist") for name in LISTS),
        *(reverse(f"admin:reservations_{name}_add") + asked for name in ("closure", "service")),
        reverse("admin:reservations_bookingimport_add") + asked,
        of("bookingimport", "change", batch.pk),
        *(reverse(f"admin:menus_{name}", args=(restaurant.pk,)) for name in ("sold_out", "order", "import")),
        *(
            reverse(f"admin:menus_menu_{name}", args=(menu.pk,))
            for name in ("change", "prices", "copy", "preview", "order")
        ),
        reverse("set_up"),
        reverse("set_up_overview", args=(restaurant.pk,)),
        *(reverse("set_up_step", args=(restaurant.pk, step.value)) for step in Step),
        reverse("admin:password_change"),
    ]


def test_no_page_of_the_staff_keeps_anybody_out(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_house(tables=(2, 2, 4), name="Zur Linde")
    make_party(restaurant, 1, starts=-15, name="Ada Lark", dietary_needs="no nuts")
    make_party(restaurant, 2, starts=60, name="Bo Swan")
    make_menu(restaurant, name="Dinner", dishes=["Soup", "Stew"])
    make_member(restaurant, "host", name="Hanna")
    BookingImport.objects.create(restaurant=restaurant, file_name="old.csv", text="name,date", header=["name", "date"])
    visitor = Visitor(browser)
    visitors.append(visitor)
    visitor.page.goto(f"{site.url}/admin/login/")
    found = {"login": serious(visitor.page)}
    client = Client()
    client.force_login(make_staff(name="Otto"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}
    visitor.context.add_cookies([cookie])  # type: ignore[list-item]
    for address in addresses(restaurant):
        answer = visitor.page.goto(site.url + address, wait_until="load")
        assert answer is not None
        assert answer.status == 200, address
        found[address] = serious(visitor.page)
    assert not [f"{address}: {problem}" for address, problems in found.items() for problem in problems]


def test_no_page_of_diners_keeps_anybody_out(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(slug="here", tables=(2, 4), takes_waitlist=True, takes_requests=True)
    make_menu(restaurant, name="Dinner", dishes=["Soup", "Stew"])
    query = f"?date={days_ahead(restaurant).isoformat()}&party=2"
    visitor = Visitor(browser, width=1280)
    visitors.append(visitor)
    found = {}
    for path in ("/", "", "menu/", f"times/{query}", f"waitlist/{query}", f"request/{query}", "/my-reservations/"):
        address = path if path.startswith("/") else f"/restaurants/here/{path}"
        visitor.page.goto(site.url + address, wait_until="load")
        found[address] = serious(visitor.page)
    assert not [f"{address}: {problem}" for address, problems in found.items() for problem in problems]
