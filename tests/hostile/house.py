"""Two restaurants with rows of every kind, and those who crawl: visitor, guest, staff of the one and of the other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from reservations.engine import requests
from reservations.engine.changing import wish_of
from reservations.history.trail import by_staff
from reservations.links import entry_token, press_token, request_token, reservation_token
from reservations.models import BookingRequest, Reservation, Restaurant, User, WaitlistEntry
from tests.factories import make_member, make_reservation, make_staff, make_table, make_user, make_wish
from tests.hostile.browser import Browser
from tests.reservations.diner import Diner
from tests.reservations.people import make_old_request, make_waiting
from tests.reservations.roles.marked import make_marked
from tests.reservations.roles.walking import signed_in

PUBLIC = "ZZQMARKED"
"""Stands in what visitors of their restaurant may read."""

PRIVATE = "ZZQPRIVATE"
"""Stands in what the staff of their restaurant alone may read."""

OWN_PRIVATE = "ZZOPRIVATE"
"""The same of the other restaurant."""

ROLES = ("host", "manager", "owner")


@dataclass(frozen=True, slots=True)
class Links:
    """What stands in the addresses of a guest's pages: the references of holds, and signed tokens."""

    holds: tuple[str, ...]
    presses: tuple[str, ...]
    reservations: tuple[str, ...]
    entries: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class House:
    """Their restaurant, which is attacked; one's own beside it; the guest's links at theirs; and a reset's link."""

    theirs: Restaurant
    own: Restaurant
    links: Links
    reset: tuple[str, str]


def make_house() -> tuple[House, dict[str, Browser]]:
    """Return the house, and the browsers by who uses them.

    ``visitor`` and ``guest`` (of theirs) are not signed in; ``their owner`` is
    of the restaurant that the others attack; ``host``, ``manager`` and ``owner``
    are of the other one; ``operator`` is a superuser.
    """
    theirs, own = make_marked(PUBLIC, PRIVATE), make_marked("Own", OWN_PRIVATE)
    guest, links = _guest(theirs)
    members = {"their owner": make_member(theirs, "owner"), **{role: make_member(own, role) for role in ROLES}}
    # The pages of staff are about the latest, who has no password.
    for place in (theirs, own):
        make_member(place, "host", name=PRIVATE if place == theirs else OWN_PRIVATE)
    people = {**members, "nobody": make_user(is_staff=True), "operator": make_staff()}
    forgetful = make_user(is_staff=True)
    reset = urlsafe_base64_encode(force_bytes(forgetful.pk)), default_token_generator.make_token(forgetful)
    browsers = {"visitor": Browser(), "guest": guest, **{who: in_browser(user) for who, user in people.items()}}
    return House(theirs, own, links, reset), browsers


def in_browser(user: User) -> Browser:
    """Return a browser in which the user is signed in."""
    return Browser(_cookies(signed_in(user)))


def _cookies(client: Client) -> dict[str, str]:
    return {name: morsel.coded_value for name, morsel in client.cookies.items()}


def _guest(theirs: Restaurant) -> tuple[Browser, Links]:
    """Return a guest's browser with a hold, and links in every state that a page can be in."""
    diner = Diner(theirs)
    held = diner.hold()
    far = make_reservation(theirs, at=dt.time(12))
    near = make_reservation(theirs, at=dt.time(9))
    Reservation.objects.filter(pk=near.pk).update(starts_at=timezone.now() + dt.timedelta(hours=1))
    asked = _asked(theirs, held.browser)
    links = Links(
        holds=(held.reference, asked.reference),
        presses=(press_token(theirs.pk, asked.reference, asked.email),),
        reservations=tuple(reservation_token(theirs.pk, row.reference) for row in (far, near)),
        entries=tuple(entry_token(theirs.pk, row.reference) for row in _entries(theirs)),
        requests=tuple(request_token(theirs.pk, row.reference) for row in _requests(theirs)),
    )
    assert settings.SESSION_COOKIE_NAME not in diner.client.cookies
    return Browser(_cookies(diner.client)), links


def _asked(theirs: Restaurant, browser: str) -> Reservation:
    """Return a hold of the browser's that waits for the button in a mail."""
    found = make_reservation(theirs, at=dt.time(14))
    until = timezone.now() + dt.timedelta(minutes=20)
    Reservation.objects.filter(pk=found.pk).update(
        status=Reservation.Status.HELD, held_until=until, asked=Reservation.Asked.MAIL, browser=browser
    )
    found.refresh_from_db()
    return found


def _entries(theirs: Restaurant) -> list[WaitlistEntry]:
    offer = make_reservation(theirs, at=dt.time(15))
    until = timezone.now() + dt.timedelta(minutes=20)
    Reservation.objects.filter(pk=offer.pk).update(status=Reservation.Status.HELD, held_until=until)
    offer.refresh_from_db()
    Status = WaitlistEntry.Status  # noqa: N806 - as the modules of the site have it
    return [
        make_waiting(theirs, status=Status.OFFERED, offer=offer, wish=wish_of(offer)),
        make_waiting(theirs, status=Status.LEFT),
        make_waiting(theirs),
    ]


def _requests(theirs: Restaurant) -> list[BookingRequest]:
    until = timezone.now() + dt.timedelta(days=1)
    proposed = make_old_request(theirs, status="open", expires_at=until)
    staff = make_staff()
    make_table(theirs, seats=14)
    requests.propose(
        request=proposed, wish=make_wish(theirs, at=dt.time(21), party=12), user=staff, by=by_staff(staff), answer="?"
    )
    return [proposed, make_old_request(theirs, status="open", expires_at=until), make_old_request(theirs)]
