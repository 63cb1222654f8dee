"""Nothing changes by GET, HEAD or OPTIONS, and no address given by hand leads away: every URL of the site is walked."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, TestCase
from django.urls import get_resolver, reverse

from reservations.links import (
    entry_token,
    new_browser,
    new_browser_value,
    press_token,
    request_token,
    reservation_token,
)
from reservations.models import Reservation, Restaurant, User
from tests.factories import make_hold, make_member, make_reservation
from tests.reservations.roles.marked import make_marked
from tests.reservations.roles.walking import pages, signed_in, walked

WRITES = re.compile(r"\s*(?:WITH\b.*\)\s*)?(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|MERGE)\s+\"?(\w+)", re.I | re.S)
OWN_AFFAIRS = {"django_session", "caching_invalidation"}
"""A session is its browser's, and its tag goes with it."""

EVIL = "evil.example"
HOSTILE = (
    *(f"//{EVIL}", f"///{EVIL}", f"https:{EVIL}", f"https:///{EVIL}", f"http://{EVIL}/admin/", f"\\\\{EVIL}"),
    *(f"/\\{EVIL}", f"/\t/{EVIL}", f"\x01//{EVIL}", f"/admin/\r\nLocation: //{EVIL}", f"javascript:alert('{EVIL}')"),
    *(f"/admin/..//{EVIL}", f"/admin@{EVIL}", f"//{EVIL}/admin/", f"/admin/\\..\\\\{EVIL}", f"http:\\\\{EVIL}"),
)


@contextmanager
def writes() -> Iterator[list[str]]:
    """Collect what is written to any table but those of sessions."""
    found: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        match = WRITES.match(sql)
        if match and match[2] not in OWN_AFFAIRS:
            found.append(f"{match[1]} {match[2]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def leads_away(value: str) -> bool:
    """Return whether a browser that follows an address leaves the site.

    It drops control characters, takes a backslash for a slash, and however many slashes for two.
    """
    told = re.sub(r"[\t\r\n]", "", html.unescape(value)).strip("".join(map(chr, range(33)))).replace("\\", "/")
    told = re.sub(r"^(https?:)/*", r"\1//", told) if told.startswith("http") else re.sub(r"^/{2,}", "//", told)
    parts = urlsplit(urljoin("http://testserver/admin/here/", told))
    return parts.scheme not in ("http", "https", "mailto", "tel", "data") or EVIL in parts.netloc


def addresses_in(response: Any) -> list[str]:
    """Return wherever an answer leads: by redirect, links, forms and what its scripts fetch."""
    text = response.content.decode() if not response.streaming else ""
    found = re.findall(r'\s(?:href|action|formaction|src|hx-(?:get|post)|data-url)="([^"]*)"', text)
    return [*found, *filter(None, [response.headers.get("Location")])]


class TestWalks(TestCase):
    """One restaurant with rows of every model, its owner, and a visitor with a hold."""

    place: Restaurant
    owner: User
    held: Reservation
    booked: Reservation

    @classmethod
    def setUpTestData(cls) -> None:
        """Make them."""
        cls.place = make_marked()
        cls.owner = make_member(cls.place, "owner")
        cls.booked = make_reservation(cls.place)
        cls.held = make_hold(cls.place)
        Reservation.objects.filter(pk=cls.held.pk).update(asked="mail", email="ada@example.org")

    def public(self) -> list[str]:
        """Return every address outside the admin; one whose arguments nobody has named fails."""
        pk, booked = self.place.pk, self.booked.reference
        entry, asked = self.place.waitlist.filter(kind="online").latest("pk"), self.place.requests.latest("pk")
        press = press_token(pk, self.held.reference, "ada@example.org")
        tokens = {
            "waitlist": entry_token(pk, entry.reference),
            "requests": request_token(pk, asked.reference),
            "reservations": reservation_token(pk, booked),
            "confirm": press,
        }
        given = {
            "slug": self.place.slug,
            "reference": self.held.reference,
            "part": "1",
            "sheet": "1f5a48-00000000",
            "name": "0" * 32,
            "digest": "0" * 12,
            "width": "480",
        }
        found = []
        for name, route in walked(get_resolver().url_patterns, ""):
            if name and not route.startswith("admin/"):
                token = tokens.get(route.split("/")[2]) if "<str:token>" in route else None
                names = re.findall(r"<(?:\w+:)?(\w+)>", route)
                found.append(reverse(name, kwargs={key: token if key == "token" else given[key] for key in names}))
        assert len(found) > 25
        return found

    def admin(self) -> list[str]:
        """Return every address of the admin about something of the restaurant."""
        return [page.asked(self.place) for page in pages()]

    def visitor(self) -> Client:
        """Return the browser that holds the table."""
        client = Client()
        value, browser = new_browser_value()
        Reservation.objects.filter(pk=self.held.pk).update(browser=browser)
        answer = HttpResponse()
        new_browser(answer, value)
        client.cookies = answer.cookies
        return client

    def test_reading_writes_nothing(self) -> None:
        """As visitor and as owner, by GET, HEAD and OPTIONS."""
        wrong = []
        opened = 0
        every = ("get", "head", "options")
        # Pages that Django makes answer HEAD as GET does.
        made_here = [page.asked(self.place) for page in pages() if not page.model]
        for client, addresses, methods in (
            (self.visitor(), self.public(), every),
            (Client(), made_here[:20], every),
            (signed_in(self.owner), self.admin(), ("get",)),
            (signed_in(self.owner), [*made_here, reverse("admin:logout")], ("head", "options")),
        ):
            for address in addresses:
                for method in methods:
                    with writes() as found:
                        response: HttpResponseBase = getattr(client, method)(address)
                    opened += response.status_code == 200
                    if found or response.status_code >= 500:
                        wrong.append(f"{method} {address}: {response.status_code} {found}")
        assert wrong == []
        assert opened > 200

    def test_the_walk_would_notice(self) -> None:
        """What a POST writes is seen."""
        token = reservation_token(self.place.pk, self.booked.reference)
        with writes() as found:
            Client().post(reverse("cancel", kwargs={"slug": self.place.slug, "token": token}))
        assert "UPDATE reservations_reservation" in found

    def test_no_page_leads_away(self) -> None:
        """Whatever its query says of where to go on."""
        wrong = []
        client, visitor = signed_in(self.owner), self.visitor()
        for number, address in enumerate([*self.admin(), *self.public(), "/admin/login/", "/admin/password_reset/"]):
            # One value for each, and each value for many.
            value = HOSTILE[number % len(HOSTILE)]
            query = dict.fromkeys(("back", "next", "from", "url", "_popup", "return", "redirect_to"), value)
            response = (client if address.startswith("/admin/") else visitor).get(address, query)
            wrong += [f"{address} {value!r}: {told}" for told in addresses_in(response) if leads_away(told)]
        assert wrong == []

    def test_no_touch_leads_away(self) -> None:
        """Wherever its form says to go back to."""
        client = signed_in(self.owner)
        act = reverse("admin:reservations_reservation_coming", args=(self.booked.pk,))
        late = reverse("admin:reservations_reservation_late", args=(self.booked.pk,))
        for value in HOSTILE:
            for address, data in ((act, {}), (late, {"minutes": "5"})):
                response = client.post(address, {"back": value, "at_row": "1", **data})
                assert response.status_code == 302, (address, value)
                assert not leads_away(response["Location"]), (address, value)
                assert "\n" not in response["Location"]

    def test_signing_in_and_out_leads_nowhere_else(self) -> None:
        """Neither by the query nor by the form, nor by a doubled slash."""
        self.owner.set_password("correct horse battery")
        self.owner.save()
        for number, value in enumerate(HOSTILE):
            client = Client()
            assert not leads_away(client.get("/admin/", {"next": value})["Location"]), value
            if number % 3 == 0:
                # Passwords are slow to check.
                typed = {"username": self.owner.email, "password": "correct horse battery", "next": value}
                response = client.post("/admin/login/", typed)
                assert not leads_away(response.headers.get("Location", "/")), value
            out = signed_in(self.owner).post("/admin/logout/", {"next": value})
            assert not leads_away(out.headers.get("Location", "/")), value
        for path in (f"//{EVIL}/admin", f"//{EVIL}", f"/%5c{EVIL}", f"//{EVIL}/%2e%2e", f"/de//{EVIL}", f"/%09/{EVIL}"):
            response = Client().get(path)
            assert not leads_away(response.headers.get("Location", "/")), path


@pytest.mark.parametrize("value", HOSTILE)
def test_the_judge_knows_what_browsers_make_of_it(value: str) -> None:
    stays = {f"/admin/\r\nLocation: //{EVIL}", f"/admin/..//{EVIL}", f"/admin@{EVIL}"}
    stays |= {f"/admin/\\..\\\\{EVIL}"}
    assert leads_away(value) is (value not in stays)
