"""Operators export and erase a person by restaurant and contact."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reservations.engine import guests
from reservations.history.trail import COMMAND
from reservations.models import BookingRequest, Guest, HistoryEvent, Reservation, Restaurant
from tests.factories import days_ahead, make_details, make_reservation, make_seated, make_venue, make_wish
from tests.reservations.people import make_guest, make_old_request

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(slug="zur-linde")


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refusal(name: str, *arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        run(name, *arguments)
    return str(error.value)


def visit(guest: Guest) -> Reservation:
    wish = make_wish(guest.restaurant, date=days_ahead(guest.restaurant, -1))
    tables = [guest.restaurant.tables.all()[0]]
    return make_seated(guest.restaurant, tables, wish, guest=guest, status=Reservation.Status.FINISHED)


@pytest.mark.parametrize("contact", ["ADA@example.org", "030 7654321", "+49 30 7654321", "former@example.org"])
def test_export_is_json_of_the_person(venue: Restaurant, contact: str) -> None:
    guest = make_guest(venue, email="ada@example.org", phone="+49307654321", name="Ada 🥂")
    guests.merge(keep=guest, other=make_guest(venue, email="former@example.org"), by=COMMAND)
    make_guest(make_venue(), email="ada@example.org", name="Elsewhere")
    booked = visit(guest)
    for restaurant in ("zur-linde", str(venue.pk)):
        data = json.loads(run("export_guest", restaurant, contact))
        assert data["guest"]["number"] == guest.pk
        assert [row["reference"] for row in data["reservations"]] == [booked.reference]


def test_erasing_says_what_is_gone_and_does_it(venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada")
    visit(guest)
    out = run("erase_guest", "zur-linde", "ada@example.org", "--yes")
    assert f"guest #{guest.pk} Ada, 1 reservations" in out
    assert "Erased." in out
    assert Guest.objects.get().erased_at is not None
    assert HistoryEvent.objects.get().actor == "command"
    assert "Nothing is kept" in refusal("erase_guest", "zur-linde", "ada@example.org", "--yes")


@pytest.mark.parametrize(("answer", "erased"), [("yes", True), ("no", False), ("", False)])
def test_without_yes_it_asks(venue: Restaurant, monkeypatch: pytest.MonkeyPatch, answer: str, erased: bool) -> None:
    make_guest(venue, email="ada@example.org")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    if erased:
        run("erase_guest", "zur-linde", "ada@example.org")
    else:
        assert "Nothing was erased" in refusal("erase_guest", "zur-linde", "ada@example.org")
    assert (Guest.objects.get().erased_at is not None) == erased


def test_an_end_of_the_input_is_no_answer(venue: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    make_guest(venue, email="ada@example.org")

    def ended(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", ended)
    assert "Nothing was erased" in refusal("erase_guest", "zur-linde", "ada@example.org")
    assert Guest.objects.get().erased_at is None


def test_where_nobody_can_be_asked_nothing_is_erased(venue: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    make_guest(venue, email="ada@example.org")
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert "--yes" in refusal("erase_guest", "zur-linde", "ada@example.org")
    assert Guest.objects.get().erased_at is None


def test_what_is_to_come_is_named_and_nothing_erased(venue: Restaurant) -> None:
    booked = make_reservation(venue, details=make_details())
    out = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_guest", "zur-linde", "ada@example.org", "--yes", stdout=out, stderr=out)
    assert f"reservation {booked.reference}" in out.getvalue()
    assert Guest.objects.get().name == "Ada Guest"


def test_somebody_who_only_asked_is_exported_and_erased(venue: Restaurant) -> None:
    make_old_request(venue, email="rita@example.org")
    data = json.loads(run("export_guest", "zur-linde", "rita@example.org"))
    assert data["guest"] is None
    assert [row["name"] for row in data["requests"]] == ["Rita Asks"]
    assert "Erased." in run("erase_guest", "zur-linde", "rita@example.org", "--yes")
    assert BookingRequest.objects.get().name == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such", "ada@example.org"), "no restaurant 'no-such'"),
        (("9" * 30, "ada@example.org"), "no restaurant"),
        (("zur-linde", "nobody@example.org"), "Nothing is kept of nobody@example.org"),
        (("zur-linde", "ring twice"), "neither an e-mail nor a phone"),
        (("zur-linde", " "), "Give an e-mail or a phone"),
        (("zur-linde", "030 1112223"), "Several guests have this contact"),
    ],
)
@pytest.mark.parametrize("name", ["export_guest", "erase_guest"])
def test_wrong_arguments_say_what_is_wrong(
    venue: Restaurant, name: str, arguments: tuple[str, str], message: str
) -> None:
    for email in ("mother@example.org", "son@example.org"):
        make_guest(venue, email=email, phone="+49301112223")
    options: tuple[Any, ...] = ("--yes",) if name == "erase_guest" else ()
    assert message in refusal(name, *arguments, *options)
