"""Nothing of a person stands in a log: the main flows are walked as production serves them, and the logs searched."""

from __future__ import annotations

import datetime as dt
import logging
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import Settings

from reservations.links import entry_token
from reservations.models import Message, Reservation, Restaurant
from restaurant_site import logs
from tests.conftest import Site
from tests.factories import days_ahead, make_staff, make_venue, utc
from tests.messages.smtp_server import SmtpServer
from tests.pages import Page
from tests.reservations.people import make_waiting
from tests.site import production
from tests.site.failing_urls import BUGS
from tests.site.production import SecureWire
from tests.wire import Wire

PASSWORD = "Geheimwort-Wurzelfix-9"
TYPED = {
    "name": "Zyxa Quellenhofer",
    "email": "zyxa.quellenhofer@gast.example",
    "phone": "+49 30 90182244",
    "note": "Fensterplatz-Notizwort",
    "dietary_needs": "Erdnusswort",
}
OTHER = {"name": "Wolmar Tannhaus", "email": "wolmar@gast.example", "phone": "+493090182255"}
ADDRESS = "203.0.113.77"


class Walk:
    """A visitor who walks the pages, and remembers all that must stand in no log."""

    def __init__(self, site: Site, venue: Restaurant) -> None:
        self.site, self.venue = site, venue
        self.wire = SecureWire(site.url)
        self.base = f"/restaurants/{venue.slug}"
        self.people = {ADDRESS, PASSWORD, *TYPED.values(), *OTHER.values(), "+493090182244"}

    def page(self, path: str) -> Page:
        answer = self.wire.get(path)
        assert answer.status == 200, path
        return answer.page

    def follow(self, answer: Any) -> str:
        """Return where a form led to; its last part opens something."""
        assert answer.status == 302, answer.page.alerts
        where = str(answer.headers["Location"])
        secret = where.rstrip("/").rpartition("/")[2]
        self.people |= {secret, secret.partition(".")[0]}
        return where

    def book(self) -> str:
        query = urllib.parse.urlencode({"date": str(days_ahead(self.venue)), "party": "2"})
        form = self.page(f"{self.base}/times/?{query}").form("/hold/")
        hold = self.follow(self.wire.send(form, "19:00"))
        form = self.page(hold).form(hold)
        missing = {**TYPED, "email": TYPED["email"] + "@"}
        assert self.wire.send(form, "Confirm the reservation", **missing).status == 400
        return self.follow(self.wire.send(form, "Confirm the reservation", **TYPED))

    def wait(self) -> str:
        """Send the form of the waitlist, and return the link of an entry."""
        query = urllib.parse.urlencode({"date": str(days_ahead(self.venue, 8)), "party": "2"})
        form = self.page(f"{self.base}/waitlist/?{query}").form("/waitlist/")
        answer = self.wire.send(form, "Join the waitlist", join="1", **OTHER, note=TYPED["note"])
        assert answer.status in (200, 302, 400, 409)
        entry = make_waiting(self.venue, name=OTHER["name"], email=OTHER["email"], phone=OTHER["phone"])
        token = entry_token(self.venue.pk, entry.reference)
        self.people |= {token, entry.reference}
        return f"{self.base}/waitlist/{token}/"

    def ask(self) -> str:
        query = urllib.parse.urlencode({"date": str(days_ahead(self.venue)), "party": "12"})
        form = self.page(f"{self.base}/request/?{query}").form("/request/")
        start = utc(self.venue, days_ahead(self.venue), dt.time(19)).isoformat()
        return self.follow(self.wire.send(form, "Send the request", ask="1", start=start, **OTHER))

    def find(self) -> None:
        form = self.page("/my-reservations/find/").form("/find/")
        for reference in ("NOSUCHREF", Reservation.objects.latest("pk").reference):
            values = {**form.values, "reference": reference, "email": TYPED["email"]}
            assert self.wire.post("/my-reservations/find/", values).status in (302, 400)
            self.people.add(reference)

    def lose(self, *links: str) -> None:
        """Ask for what is not there, with links as mail programs break them."""
        for link in links:
            for path in (link[:-2] + "x/", link + "more/", f"{link}cancel", f"/x{link}"):
                assert self.wire.get(path).status in (301, 404, 405)
            assert self.wire.get(f"{link}cancel/").status in (404, 405)
            assert self.wire.post(f"{link}cancel/", {"name": TYPED["name"]}).status in (403, 404)
        name = urllib.parse.quote(TYPED["name"])
        for path in (f"/{name}/", f"/restaurants/{name}/", f"/?q={name}%00", f"/admin/{name}/"):
            assert self.wire.get(path).status in (302, 400, 404)
        assert self.wire.get("/", Host=f"{name}.example").status == 400
        assert self.wire.ask("POST", f"{self.base}/hold/", b"x", Origin=f"https://{name}.example").status == 403
        bare = Wire(self.site.url)
        assert bare.raw(f"GET /{OTHER['email']} HTTP/9\r\n\r\n".encode()).startswith(b"HTTP/1.1 400")
        bare.raw(f"{OTHER['phone']} / HTTP/1.1\r\n\r\n".encode())

    def break_it(self) -> None:
        """Meet bugs."""
        for kind in BUGS:
            answer = self.wire.get(f"/failing/{kind}/{urllib.parse.quote(TYPED['email'])}/")
            assert answer.status in (400, 404, 500)
            assert TYPED["email"] not in answer.body.decode()
        Wire(self.site.url).raw(
            f"GET /failing/stream/{TYPED['email']}/ HTTP/1.1\r\nHost: {production.HOST}\r\n"
            "X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n".encode()
        )

    def sign_in(self) -> None:
        staff = make_staff(name=OTHER["name"])
        staff.set_password(PASSWORD)
        staff.save()
        self.people.add(staff.email)
        form = self.page("/admin/login/").form("/admin/login/")
        for user, password in (("nobody.wurzel@gast.example", "x"), (staff.email, "wrong"), (staff.email, PASSWORD)):
            self.people.add(user)
            answer = self.wire.post("/admin/login/", {**form.values, "username": user, "password": password})
        assert answer.status == 302

    def phone(self) -> None:
        """Let staff take a booking on the phone, and look for a guest."""
        address = f"/admin/reservations/reservation/add/?restaurant={self.venue.pk}"
        form = next(form for form in self.page(address).forms if "party_size" in form.values)
        typed = {"date": days_ahead(self.venue).isoformat(), "party_size": "2", "time": "2000", **OTHER}
        assert self.wire.post(address, {**form.values, **typed}).status == 302
        query = urllib.parse.urlencode({"q": OTHER["name"]})
        assert self.wire.get(f"/admin/reservations/guest/?{query}").status == 200
        assert self.wire.get(f"/admin/reservations/guest/{urllib.parse.quote(OTHER['email'])}/change/").status == 302


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(tables=(2, 4), name="Haus", max_party=8)


def logged(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_no_log_has_anything_of_a_person(
    production_site: Site, venue: Restaurant, mail_server: SmtpServer, settings: Settings
) -> None:
    settings.SECRET_KEY = production.KEY
    walk = Walk(production_site, venue)
    raw = production_site.log.with_name("raw.txt")
    before = (len(logged(production_site.log)), len(logged(raw)))

    reservation = walk.book()
    entry, request = walk.wait(), walk.ask()
    walk.find()
    walk.lose(reservation, entry, request)
    walk.wire.send(walk.page(reservation).form("/cancel/"), "Yes, cancel it")
    walk.break_it()
    walk.sign_in()
    walk.phone()
    walk.people |= {value for name, value in walk.wire.cookies.items() if not name.endswith("visitor")}
    assert Message.objects.filter(status=Message.Status.WAITING).count() >= 3

    mail_server.rcpt = f"550 no {TYPED['email']} here"
    try:
        done = production.manage(
            production.environment(production_site.log.parent, mail_server.port),
            "run_jobs",
            "--once",
            capture_output=True,
        )
    finally:
        mail_server.rcpt = "250 fine"
    text = logged(production_site.log)[before[0] :] + (done.stdout + done.stderr).decode()
    assert "REFUSED at attempt" in text

    found = {person for person in walk.people if person in text}
    assert found == set(), [line for line in text.splitlines() if any(person in line for person in found)]
    # What happened, and where, is there.
    for said in (
        "Not Found: /restaurants/<slug:slug>/reservations/<str:token>/",
        "Not Found: an address that leads nowhere",
        "Internal Server Error: /failing/<str:kind>/<str:token>/",
        "ValueError",
        "failing_urls.py",
        "unique constraint",
        "SMTPRecipientsRefused",
        "which led to:",
        "Forbidden (Origin checking failed)",
        "Error handling request",
    ):
        assert said in text, said

    # The control: as Django writes it, most of them are there.
    told = logged(raw)[before[1] :]
    assert {TYPED["email"], TYPED["name"]} <= {person for person in walk.people if person in told}
    assert sum(secret in told for secret in walk.people if "." in secret and len(secret) > 40) >= 3


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (("django.x", "%s is %d of %r", ("Max", 3, {"a": "Max"})), "… is 3 of '…'"),
        (("reservations.jobs", "Job %r: %s", ("send", IntegrityError("a\nDETAIL: Max"))), None),
        (("restaurant_site.x", "to max@example.org, +49 30 1234567", ()), "to …, …"),
        (("django.security.SessionInterrupted", "Max", ()), "SessionInterrupted"),
        (("axes.handlers", "AXES: Failure by %s.", ("{username: 'Max'}",)), "AXES: Failure by …."),
        (("gunicorn.error", "Listening at: %s (%s)", ("http://127.0.0.1:8000", 7)), None),
        (("gunicorn.error", "Invalid request from ip=203.0.113.7: Max", ()), "Invalid request"),
        (("x", "%d", ("Max",)), "%d"),
    ],
)
def test_a_message_without_people(record: tuple[str, str, Any], text: str | None) -> None:
    name, message, arguments = record
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, arguments, None)
    said = logs.without_people(made).getMessage()
    assert "Max" not in said
    assert text is None or said == text
    # The record itself is as it was, for whoever else handles it.
    assert (made.msg, made.args) == (message, arguments)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("Max"), "KeyError"),
        (
            AttributeError("'Guest' object has no attribute 'nam'"),
            "AttributeError: 'Guest' object has no attribute 'nam'",
        ),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: Connection refused"),
        (
            IntegrityError('duplicate key value violates unique constraint "guest_key"\nDETAIL:  Key (email)=(Max)'),
            'django.db.utils.IntegrityError: duplicate key value violates unique constraint "guest_key"',
        ),
        (
            IntegrityError("Cannot insert duplicate key in object 'dbo.x'. The duplicate key value is (Max)."),
            "django.db.utils.IntegrityError: Cannot insert duplicate key in object 'dbo.x'. ",
        ),
    ],
)
def test_what_is_told_of_an_exception(error: Exception, text: str) -> None:
    assert logs.told(error) == text
