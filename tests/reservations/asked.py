"""Holds whose guests are asked for something first, and the mails that ask."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.db.models.functions import Now
from django.test import Client

from reservations.messages.rendering import Mail, render
from reservations.models import Message, Reservation, Restaurant
from tests.factories import make_venue
from tests.pages import read
from tests.reservations.diner import Diner

Kind = Message.Kind
BUTTON = "Yes, confirm the reservation"


def asking_venue(**fields: Any) -> Restaurant:
    """Return a restaurant whose online bookings are confirmed by mail."""
    return make_venue(**{"confirms_by_mail": True, **fields})


def fresh(held: Reservation) -> Reservation:
    return Reservation.objects.select_related("restaurant").get(pk=held.pk)


def ask(diner: Diner, **typed: Any) -> Reservation:
    """Hold a table and send the form; return the hold, whose guest is now asked."""
    held = diner.hold(party=typed.pop("party", 2))
    response = diner.confirm(held, **typed)
    assert (response.status_code, response["Location"]) == (302, diner.details_url(held))
    return fresh(held)


def kinds(held: Reservation) -> list[str]:
    """Return what was written about a reservation, in order."""
    return list(Message.objects.filter(reservation=held).order_by("pk").values_list("kind", flat=True))


def mails(held: Reservation) -> list[Message]:
    """Return the mails with the button, in order."""
    return list(Message.objects.filter(reservation=held, kind=Kind.ASKED).annotate(at=Now()).order_by("pk"))


def link(message: Message) -> str:
    """Return where the button of a mail is, as a path."""
    mail = render(message, getattr(message, "at"))  # noqa: B009 - annotated by `mails`
    assert isinstance(mail, Mail), mail
    (found,) = re.findall(r"https?://\S+/confirm/\S+", mail.text)
    assert found in mail.html
    return str(urlsplit(found).path)


def press(path: str, client: Client | None = None) -> Any:
    """Open a mail's link and press its button, in another browser unless one is given."""
    client = client or Client()
    form = read(client.get(path)).form(path)
    return client.post(path, form.pressed(BUTTON))
