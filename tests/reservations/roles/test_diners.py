"""The diners' pages with what is not theirs: another's link, hold or restaurant opens nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from reservations.models import JobBeat
from restaurant_site.caching.outbox import changed
from tests.hostile.browser import Browser
from tests.hostile.house import PRIVATE, House, make_house
from tests.hostile.watching import Stored
from tests.reservations.roles.table import DINERS, NEVER
from tests.reservations.roles.walking import ask, every_pattern, is_refused, pages

KINDS = {
    "holds": "holds",
    "confirm": "presses",
    "reservations": "reservations",
    "waitlist": "entries",
    "requests": "requests",
}


class TestDiners(TestCase):
    """A house with links in every state, those who have them, and those who have others."""

    house: House
    browsers: dict[str, Browser]

    @classmethod
    def setUpTestData(cls) -> None:
        """Make the house once; browsers keep their cookies outside the database."""
        cls.house, cls.browsers = make_house()

    @classmethod
    def by_link(cls) -> Iterator[tuple[str, str, str]]:
        """Yield name, kind and parameter of each address that is about one row."""
        for name, route in every_pattern():
            if name and name in DINERS and DINERS[name].split()[0] in ("link", "browser"):
                kind = next(kind for part, kind in KINDS.items() if f"/{part}/<" in route)
                yield name, kind, "reference" if kind == "holds" else "token"

    def test_with_the_link_they_open(self) -> None:
        """The control."""
        for name, kind, word in self.by_link():
            if DINERS[name].endswith("POST"):
                continue
            given = getattr(self.house.links, kind)[0]
            address = reverse(name, kwargs={"slug": self.house.theirs.address, word: given})
            assert self.browsers["guest"].ask("GET", address).status == 200, name

    def test_without_it_they_don_t(self) -> None:
        links = self.house.links
        stored = [Stored(place) for place in (self.house.theirs, self.house.own)]
        client = Client()
        for name, kind, word in self.by_link():
            mine = getattr(links, kind)
            others = list(chain.from_iterable(getattr(links, other) for other in KINDS.values() if other != kind))
            forged = [mine[0][:-1], mine[0] + "A", mine[0].partition(".")[0] + ".", mine[0].swapcase(), "R.R", "0"]
            tried = [(self.house.theirs.address, one) for one in (*others, *forged)]
            tried += [(self.house.own.address, one) for one in mine]
            for slug, given in tried:
                address = reverse(name, kwargs={"slug": slug, word: given})
                for method in ("GET", "POST"):
                    # Nobody's browser, and not a new one each time: that would load the middleware again.
                    client.cookies.clear()
                    answer = client.generic(method, address)
                    assert answer.status_code in (404, 405), f"{name}: {method} {address} {answer.status_code}"
                    assert PRIVATE not in answer.content.decode(), name
        assert [one.changed() for one in stored] == [[], []]

    def test_a_hold_answers_no_other_browser(self) -> None:
        stored = Stored(self.house.theirs)
        for name in (name for name, kind, _word in self.by_link() if kind == "holds"):
            address = reverse(name, args=(self.house.theirs.address, self.house.links.holds[0]))
            for who in ("visitor", "owner", "nobody"):
                for method in ("GET", "POST"):
                    browser = self.browsers[who]
                    token = browser.cookies.get("csrftoken", "")
                    answer = browser.ask(method, address, headers={"X-CSRFToken": token})
                    assert answer.status in (302, 403, 404, 405), f"{who}: {method} {name} {answer.status}"
                    assert "ada@example.org" not in answer.text
        assert stored.changed() == []

    def test_addresses_that_take_a_form_open_for_nobody(self) -> None:
        for name, kind, word in self.by_link():
            if DINERS[name].endswith("POST"):
                address = reverse(
                    name, kwargs={"slug": self.house.theirs.address, word: getattr(self.house.links, kind)[0]}
                )
                for method in ("GET", "HEAD"):
                    assert self.browsers["guest"].ask(method, address).status == 405, name

    def test_a_superuser_opens_all_but_what_nobody_may(self) -> None:
        """Pages of lesser roles open for owners, as `test_roles` walks; these are the others."""
        Group.objects.create(name="Group")
        AccessAttempt.objects.create(username="somebody@example.org", ip_address="203.0.113.7", failures_since_start=1)
        JobBeat.objects.create(name="A job", ran_at=timezone.now())
        changed("restaurant:1")
        client = Client()
        client.cookies.load(self.browsers["operator"].cookies)
        for page in pages():
            if page.least == "nobody":
                response = ask(client, page.address(self.house.theirs), self.house.theirs)
                assert is_refused(response) == (page.name in NEVER), f"{page.name} {response.status_code}"
