"""What a diner can say on the way, what else the reservation's page says of the evening, and cancelling late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from reservations.engine.errors import Reason
from reservations.links import reservation_token
from reservations.models import Message, Reservation, Restaurant
from reservations.reasons import diner_text
from tests.factories import make_reservation, make_venue, make_wish
from tests.pages import Page, read
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db

Status = Reservation.Status
ENDS = ("coming", "late", "fewer")


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


def starts_in(**delta: float) -> None:
    """Move every reservation, so that it starts then."""
    start = timezone.now() + dt.timedelta(**delta)
    Reservation.objects.update(starts_at=start, ends_at=start + dt.timedelta(hours=2))


@pytest.fixture
def tonight(place: Restaurant) -> tuple[Diner, str]:
    """Return a diner with a reservation of four in two hours, and its address."""
    diner = Diner(place)
    url, _page = diner.book("19:00", party=4, children="1", high_chairs="1")
    starts_in(hours=2)
    return diner, url


def page_of(diner: Diner, url: str) -> Page:
    return read(diner.client.get(url))


def ends(page: Page) -> list[str]:
    """Return what the forms of the page are for, but for the one that takes back what was agreed to."""
    return [end for form in page.forms if (end := form.action.split("/")[-2]) != "consent"]


# --- On the way -------------------------------------------------------------


def test_it_can_be_said_from_a_day_before_until_the_end(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book("19:00", party=4)
    assert "On the way" not in page.headings
    for delta, forms in (
        ({"hours": 24.1}, ["cancel"]),
        ({"hours": 23.9}, [*ENDS, "cancel"]),
        ({"minutes": 1}, [*ENDS, "cancel"]),
        ({"minutes": -1}, ["late"]),
        ({"hours": -1.9}, ["late"]),
        ({"hours": -2.1}, []),
    ):
        starts_in(**delta)
        assert ends(page_of(diner, url)) == forms, delta


def test_whoever_is_reminded_earlier_can_say_it_from_then_on(tonight: tuple[Diner, str]) -> None:
    diner, url = tonight
    Restaurant.objects.update(reminder_hours=48)
    starts_in(hours=48.1)
    assert ends(page_of(diner, url)) == ["cancel"]
    answer = diner.client.post(f"{url}coming/")
    assert "from 48 hours before" in read(answer).alerts[0]
    starts_in(hours=47.9)
    assert ends(page_of(diner, url)) == [*ENDS, "cancel"]
    for end in ENDS:
        assert diner.client.post(f"{url}{end}/", {"minutes": "10", "party": "2"}).status_code == 302


def test_that_the_party_comes(tonight: tuple[Diner, str]) -> None:
    diner, url = tonight
    form = page_of(diner, url).form("/coming/")
    for _click in range(2):
        answer = diner.send(form, "We are coming")
        assert (answer.status_code, answer["Location"]) == (302, url)
    reservation = Reservation.objects.get()
    assert reservation.coming_at
    assert reservation.sequence == 1
    page = page_of(diner, url)
    assert "that you are coming" in page.text
    assert "coming" not in ends(page)


def test_that_it_is_late_and_later(tonight: tuple[Diner, str]) -> None:
    diner, url = tonight
    form = page_of(diner, url).form("/late/")
    assert form.values["minutes"] == "15"
    diner.send(form, "We are late", minutes="30")
    page = page_of(diner, url)
    assert "you will be 30 minutes late" in page.text
    assert page.form("/late/").values["minutes"] == "30"
    # The restaurant is told at once.
    assert Message.objects.get(kind=Message.Kind.STAFF_COMING).data == {"minutes": 30}
    starts_in(minutes=-20)
    diner.send(page_of(diner, url).form("/late/"), "We are late", minutes="45")
    assert Reservation.objects.get().late_minutes == 45


def test_that_fewer_come(tonight: tuple[Diner, str]) -> None:
    diner, url = tonight
    form = page_of(diner, url).form("/fewer/")
    assert form.values["party"] == "3"
    for _click in range(2):
        assert diner.send(form, "Fewer of us come", party="2").status_code == 302
    reservation = Reservation.objects.get()
    assert (reservation.party_size, reservation.children, reservation.sequence) == (2, 1, 1)
    assert Message.objects.filter(kind=Message.Kind.STAFF_COMING).count() == 1
    diner.send(page_of(diner, url).form("/fewer/"), "Fewer of us come", party="1")
    page = page_of(diner, url)
    assert "fewer" not in ends(page)
    assert "cancel" in ends(page)


@pytest.mark.parametrize(
    ("end", "sent", "says"),
    [
        *(
            ("late", {"minutes": value}, "Choose how many minutes you will be late.")
            for value in ("", "0", "7", "-5", "61", "ten", "9" * 5000, "🍕", "\x00", "15.0")
        ),
        ("late", {}, "Choose how many minutes you will be late."),
        ("fewer", {}, "Say how many of you will come."),
        ("fewer", {"party": ""}, "Say how many of you will come."),
        ("fewer", {"party": "0"}, "If nobody comes, please cancel the reservation."),
        ("fewer", {"party": "-1"}, "If nobody comes, please cancel the reservation."),
        ("fewer", {"party": "5"}, "Here you can only say that fewer of you come."),
        *(
            ("fewer", {"party": value}, "Give the number of guests in digits")
            for value in ("two", "2.5", "9" * 5000, "🍕", "\x00", "1e1")
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_is_said(tonight: tuple[Diner, str], end: str, sent: dict[str, str], says: str) -> None:
    diner, url = tonight
    before = Reservation.objects.values().get()
    answer = diner.client.post(f"{url}{end}/", sent)
    assert answer.status_code == 400
    page = read(answer)
    assert says in page.text
    if end == "fewer":
        assert page.form("/fewer/").values["party"] == sent.get("party", "")
    assert Reservation.objects.values().get() == before


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("delta", "status", "says"),
    [
        ({"days": 3}, Status.CONFIRMED, "24 hours before"),
        ({"hours": -3}, Status.CONFIRMED, diner_text(Reason.ALREADY_STARTED)),
        ({"hours": 1}, Status.SEATED, diner_text(Reason.NOT_CONFIRMED)),
        ({"hours": 1}, Status.CANCELLED, diner_text(Reason.NOT_CONFIRMED)),
    ],
)
def test_when_it_cannot_be_said(
    tonight: tuple[Diner, str], end: str, delta: dict[str, float], status: str, says: str
) -> None:
    diner, url = tonight
    starts_in(**delta)
    Reservation.objects.update(status=status)
    before = Reservation.objects.values().get()
    for sent in ({"minutes": "10", "party": "2"}, {}):
        answer = diner.client.post(f"{url}{end}/", sent)
        assert answer.status_code == 409
        assert says in read(answer).alerts[0]
    assert Reservation.objects.values().get() == before


def test_after_the_start_fewer_and_coming_are_refused(tonight: tuple[Diner, str]) -> None:
    diner, url = tonight
    starts_in(minutes=-5)
    for end in ("coming", "fewer"):
        answer = diner.client.post(f"{url}{end}/", {"party": "2"})
        assert answer.status_code == 409
        assert diner_text(Reason.ALREADY_STARTED) in read(answer).alerts[0]


@pytest.mark.parametrize("end", ENDS)
def test_only_a_post_with_the_link_says_anything(tonight: tuple[Diner, str], end: str) -> None:
    diner, url = tonight
    other = make_venue()
    before = Reservation.objects.values().get()
    for method in ("get", "head", "put", "delete"):
        assert getattr(diner.client, method)(f"{url}{end}/").status_code == 405
    token = reservation_token(other.pk, Reservation.objects.get().reference)
    for address in (f"{url[:-2]}/{end}/", f"{diner.base}/reservations/{token}/{end}/"):
        assert diner.client.post(address, {"minutes": "5", "party": "1"}).status_code == 404
    assert Reservation.objects.values().get() == before
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{url}{end}/", {"minutes": "5", "party": "1"}).status_code == 403


# --- Another in the same service --------------------------------------------


def another(diner: Diner, *arguments: Any, **more: Any) -> str:
    url, _page = diner.book(*arguments, **more)
    return url


def test_another_reservation_of_this_browser_in_the_same_service_is_told(place: Restaurant) -> None:
    diner = Diner(place)
    first, second = another(diner, "18:00"), another(diner, "21:00", party=3)
    page = page_of(diner, first)
    assert "another reservation for the same service: 21:00, 3 guests" in page.text
    reference = Reservation.objects.get(party_size=3).reference
    assert page.links[f"Reservation {reference}"] == second
    # Whoever was sent the link has none, though contact and guest are the same.
    assert "another reservation" not in page_of(Diner(place), first).text
    Reservation.objects.filter(party_size=3).update(status=Status.CANCELLED)
    assert "another reservation" not in page_of(diner, first).text


def test_other_dates_and_restaurants_are_not_another_in_the_same_service(place: Restaurant) -> None:
    other = make_venue()
    diner = Diner(place)
    url = another(diner, "18:00")
    another(diner, "18:00", date=make_wish(place).date + dt.timedelta(days=1))
    make_reservation(place, at=dt.time(21))
    there = Diner(other)
    there.client = diner.client
    another(there, "18:00")
    assert "another reservation" not in page_of(diner, url).text


# --- Cancelling late --------------------------------------------------------


@pytest.fixture
def frozen() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC), tick=False):
        yield


def test_the_page_says_until_when_and_that_it_is_late(frozen: None, place: Restaurant) -> None:
    Restaurant.objects.update(cutoff_minutes=120)
    diner = Diner(place)
    url, page = diner.book("19:00")
    assert "You can cancel here until Tue 8 Dec, 17:00." in page.text
    assert "Change date, time or party" in page.links
    with time_machine.travel(dt.datetime(2026, 12, 8, 17, tzinfo=dt.UTC), tick=False):
        page = page_of(diner, url)
        assert "It is late for that: the restaurant asked to be told until Tue 8 Dec, 17:00." in page.text
        assert "too late to change date, time or party" in page.text
        assert "Change date, time or party" not in page.links
        assert "Change what you told us" in page.links
