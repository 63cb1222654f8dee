"""Who uses the site meanwhile: people who look around, people who book, staff at work, and who changes prices."""

from __future__ import annotations

import http.client
import itertools
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from tests.concurrency.checker import prices
from tests.concurrency.test_killed_under_load import Diners
from tests.pages import Form
from tests.soak.judging import Heard, Ledger, Prices
from tests.soak.making import PASSWORD, Made
from tests.wire import Answer, Wire

_HEADING = re.compile(rb"<h1[^>]*>([^<]*)")
TRIES = 100
"""How often staff send one form, with a third of a second in between."""


class Browser(Wire):
    """A browser of its own address, all of whose answers are noted."""

    def __init__(self, url: str, ledger: Ledger, kind: str) -> None:
        super().__init__(url, timeout=60)
        self._ledger, self._kind = ledger, kind
        self._address = f"198.51.{random.randrange(256)}.{random.randrange(1, 255)}"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        began = time.monotonic()
        try:
            answer = super().ask(method, path, body, X_Forwarded_For=self._address, **headers)
        except (OSError, http.client.HTTPException):
            self._ledger.note(Heard(self._kind, method, path, 0, False, began, time.monotonic()))
            raise
        comes_back = answer.headers.get("Retry-After", "").isdigit()
        heading = _HEADING.search(answer.body) if answer.status >= 500 else None
        said = heading[1].decode() if heading else ""
        self._ledger.note(Heard(self._kind, method, path, answer.status, comes_back, began, time.monotonic(), said))
        return answer


@dataclass
class Booking(Diners):
    """Diners at the proxy, each in a browser with an address of its own, who think before they press."""

    ledger: Ledger = field(default_factory=Ledger)

    def browser(self) -> Wire:
        """Return a browser that was never here."""
        self.over.wait(random.uniform(0.2, 0.8))
        return Browser(self.server.url, self.ledger, "diners book")


@dataclass
class Crowd:
    """Everybody but the diners who book. Each method is a thread's, until it is over."""

    url: str
    made: Made
    ledger: Ledger
    over: threading.Event
    prices: Prices = field(default_factory=Prices)
    odd: list[str] = field(default_factory=list)
    signed_out: int = 0
    booked: list[str] = field(default_factory=list)
    """The e-mail addresses that staff booked for and were told so."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def look_around(self) -> None:
        """Read public pages and times."""
        while not self.over.wait(random.uniform(0.05, 0.2)):
            browser = Browser(self.url, self.ledger, "people look around")
            path = random.choice(self.made.pages if random.random() < 0.7 else self.made.times)
            self._ask(partial(browser.get, path), path, 200)

    def read_menu(self) -> None:
        """Read the menu, and see whether a price is old."""
        browser = Browser(self.url, self.ledger, "the menu is read")
        while not self.over.wait(random.uniform(0.0, 0.1)):
            began = time.monotonic()
            answer = self._ask(partial(browser.get, self.made.menu), self.made.menu, 200)
            if answer is not None and answer.status == 200:
                self.prices.read(prices(answer.body), began=began, how=answer.headers.get("X-Cache", ""))

    def write_prices(self) -> None:
        """Give dishes higher and higher prices."""
        browser = Browser(self.url, self.ledger, "prices change")
        for cents in itertools.count(101):
            for number, dish in enumerate(self.made.dishes):
                if self.over.wait(random.uniform(0.0, 0.5)):
                    return
                path = f"/write/price/{dish}/{cents}/"
                answer = self._ask(partial(browser.ask, "POST", path), path, 200)
                if answer is not None and answer.status == 200:
                    self.prices.wrote(number, cents)
                else:
                    self.prices.may_come(number, cents)

    def work(self) -> None:
        """Sign in, read the admin's pages, and book for people who call."""
        browser = Browser(self.url, self.ledger, "staff work")
        if not self._sign_in(browser):
            return
        while not self.over.wait(random.uniform(0.3, 0.9)):
            if random.random() < 0.3:
                self._book(browser)
                continue
            path = random.choice(self.made.staff_pages)
            answer = self._ask(partial(browser.get, path), path, 200, 302)
            if answer is not None and answer.status == 302:
                self.signed_out += 1
                if not self._sign_in(browser):
                    return

    def _sign_in(self, browser: Browser) -> bool:
        page = self._insist(partial(browser.get, "/admin/login/"), "/admin/login/", 200)
        if page is None:
            return False
        typed = {**page.page.form("/admin/login/").values, "username": self.made.email, "password": PASSWORD}
        done = self._insist(partial(browser.post, "/admin/login/", typed), "/admin/login/", 302)
        return done is not None

    def _book(self, browser: Browser) -> None:
        page = self._insist(partial(browser.get, self.made.add), self.made.add, 200, 302)
        if page is None or page.status == 302:
            return
        email = f"grace{next(self._numbers)}@example.org"
        typed = {
            **_with(page.page.forms, "party_size").values,
            "date": random.choice(self.made.dates),
            "time": f"{random.choice((18, 19, 20))}:{random.choice(('00', '15', '30', '45'))}",
            "party_size": "2",
            "name": "Grace Guest",
            "email": email,
        }
        done = self._insist(partial(browser.post, self.made.add, typed), self.made.add, 302, 200)
        if done is None:
            return
        if done.status == 200:
            self.odd.append(f"a booking of staff was not taken: {done.page.alerts or done.page.text[-300:]}")
        elif "login" not in done.headers["Location"]:
            self.booked.append(email)

    def _insist(self, send: Callable[[], Answer], path: str, *wanted: int) -> Answer | None:
        for _attempt in range(TRIES):
            answer = self._ask(send, path, *wanted)
            if answer is not None and answer.status in wanted:
                return answer
            if self.over.wait(0.3):
                return None
        self.odd.append(f"{path}: no answer to what was sent again and again")
        return None

    def _ask(self, send: Callable[[], Answer], path: str, *wanted: int) -> Answer | None:
        """Return the answer, None where there was none; what is 500 or above the ledger judges."""
        try:
            answer = send()
        except (OSError, http.client.HTTPException):
            return None
        if answer.status < 500 and answer.status not in wanted:
            self.odd.append(f"{path}: {answer.status} instead of {wanted}: {answer.page.text[:200]}")
        return answer


def _with(forms: list[Form], name: str) -> Form:
    return next(form for form in forms if name in form.values)
