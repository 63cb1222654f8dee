"""The offer of what comes free: accepted, declined, or too late; and whose the entry is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import booking, due, waitlist
from reservations.engine.blanking import blank_entries
from reservations.engine.closing import Choice, close
from reservations.engine.errors import Reason
from reservations.links import entry_token, request_token, reservation_token
from reservations.models import Message, Reservation, Restaurant, TableClaim, WaitlistEntry
from reservations.reasons import diner_text
from tests.factories import (
    make_by,
    make_venue,
)
from tests.pages import read
from tests.reservations.diner import Diner, lapse
from tests.reservations.waitlist_pages.pages import (
    WORDS,
    Status,
    choices,
    form_page,
    joined,
    offered,
    page_of,
    status,
    waiting_links,
)

pytestmark = pytest.mark.django_db


# --- The offer --------------------------------------------------------------


def test_an_offer_is_accepted_once(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, _entry = offered(full, diner)
    response = diner.client.get(url)
    page = read(response)
    assert page.headings[0] == "A table is free for you"
    assert "19:00" in page.text
    assert "The table is held for 30 minutes, until" in page.text
    assert "data-seconds=" in response.content.decode()
    # Nobody else has it meanwhile.
    assert all(button.disabled for form in Diner(full[0]).times().forms for button in form.buttons if button.name)
    form = page.form("/accept/")
    answers = [diner.send(form, "Yes, we come") for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert read(diner.client.get(answers[0]["Location"])).headings[0] == "You are expected"
    reservation = Reservation.objects.get(source=Reservation.Source.WAITLIST)
    assert (reservation.status, reservation.name, reservation.note) == ("confirmed", "Ada Guest", WORDS["note"])
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION, reservation=reservation).count() == 1
    page = page_of(diner, url)
    assert page.headings[0] == "The table is yours"
    assert page.links["Your reservation"] == answers[0]["Location"]
    mine = read(diner.client.get("/my-reservations/"))
    assert reservation.reference in mine.text
    assert not waiting_links(diner)
    assert diner.client.cookies["visitor"].value == "1"


def test_an_offer_that_is_declined_goes_to_the_next(full: tuple[Restaurant, list[Reservation]]) -> None:
    first, second = Diner(full[0]), Diner(full[0])
    url, entry = joined(first)
    other_url, other = joined(second)
    booking.cancel(reservation=full[1][0], by_guest=True)
    form = page_of(first, url).form("/leave/")
    for _click in range(2):
        answer = first.send(form, "No, give it to the next")
        assert (answer.status_code, answer["Location"]) == (302, url)
    assert page_of(first, url).headings[0] == "You declined the table"
    assert page_of(second, other_url).headings[0] == "A table is free for you"
    assert (status(entry), status(other)) == (Status.DECLINED, Status.OFFERED)


def test_an_offer_that_has_lapsed_says_so_and_joins_again(full: tuple[Restaurant, list[Reservation]]) -> None:
    first, second = Diner(full[0]), Diner(full[0])
    url, entry = offered(full, first)
    joined(second)
    accept = page_of(first, url).form("/accept/")
    assert entry.offer
    lapse(entry.offer)
    # Nobody has noticed yet, and the page knows all the same.
    page = page_of(first, url)
    assert page.headings[0] == "The offer has lapsed"
    assert "accept" not in str([form.action for form in page.forms])
    answer = first.send(accept, "Yes, we come")
    assert answer.status_code == 409
    assert diner_text(Reason.HOLD_LAPSED) in read(answer).alerts
    due.expire_holds()
    assert page_of(first, url).headings[0] == "The offer has lapsed"
    assert "offer lapsed" in read(first.client.get("/my-reservations/")).text
    form = page_of(first, url).form("/again/")
    answers = {first.send(form, "Join again")["Location"] for _click in range(2)}
    assert len(answers) == 1
    assert answers != {url}
    assert set(waiting_links(first)) == answers
    page = page_of(first, answers.pop())
    assert "You are number 1 in the queue" in page.text
    assert WORDS["note"] in page.text
    assert WaitlistEntry.objects.count() == 3


def test_an_offer_that_ends_since_the_house_closes_does_not_blame_its_owner(
    full: tuple[Restaurant, list[Reservation]],
) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    date, kept = entry.service_date, full[1][1]
    close(restaurant=full[0], first=date, last=date, choices={kept.pk: "cancel"}, by=make_by())
    page = page_of(diner, url)
    assert page.headings[0] == "The offer has lapsed"
    assert "The restaurant has closed for that time" in page.text
    assert "no answer in time" not in page.text
    answer = diner.send(page.form("/again/"), "Join again")
    assert answer.status_code == 409
    assert diner_text(Reason.CLOSED) in read(answer).alerts


def test_who_waits_for_a_day_that_has_closed_is_told_so(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = joined(diner)
    assert "You are number 1" in page_of(diner, url).text
    kept: dict[int, Choice] = {row.pk: "keep" for row in full[1]}
    close(restaurant=full[0], first=entry.service_date, last=entry.service_date, choices=kept, by=make_by())
    page = page_of(diner, url)
    assert "closed on this day" in page.text
    assert "number 1" not in page.text
    assert "when a table comes free" not in page.text
    diner.send(page.form("/leave/"), "Leave the waitlist")
    assert status(entry) == Status.LEFT


def test_a_table_that_was_given_back_later_is_not_called_theirs(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    assert diner.send(page_of(diner, url).form("/accept/"), "Yes, we come").status_code == 302
    assert entry.offer
    entry.offer.refresh_from_db()
    booking.cancel(reservation=entry.offer, by_guest=True)
    page = page_of(diner, url)
    assert page.headings[0] == "Your reservation is cancelled"
    assert "The table is yours" not in page.text


def test_who_was_erased_does_not_join_again(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = joined(diner)
    waitlist.leave(entry=entry)
    assert page_of(diner, url).forms
    blank_entries([entry.pk])
    assert not page_of(diner, url).forms
    assert diner.client.post(f"{url}again/")["Location"] == url
    assert WaitlistEntry.objects.count() == 1


def test_joining_again_where_the_table_is_free_leads_to_it(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    assert entry.offer
    lapse(entry.offer)
    answer = diner.send(page_of(diner, url).form("/again/"), "Join again")
    assert answer.status_code == 409
    page = read(answer)
    assert any(diner_text(Reason.STILL_FREE) in alert for alert in page.alerts)
    held = diner.send(choices(page), "19:00")
    assert diner.client.get(held["Location"]).status_code == 200
    assert Reservation.objects.get(status="held").name == WORDS["name"]


def test_leaving(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = joined(diner)
    form = page_of(diner, url).form("/leave/")
    for _click in range(2):
        assert diner.send(form, "Leave the waitlist").status_code == 302
    page = page_of(diner, url)
    assert page.headings[0] == "You left the waitlist"
    assert [form.action.split("/")[-2] for form in page.forms] == ["again"]
    assert status(entry) == Status.LEFT
    assert not waiting_links(diner)


def test_when_the_window_is_over_nothing_can_be_done(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = joined(diner)
    past = timezone.now() - dt.timedelta(minutes=1)
    WaitlistEntry.objects.update(earliest=past, latest=past)
    assert page_of(diner, url).headings[0] == "No table came free"
    due.end_waiting()
    page = page_of(diner, url)
    assert page.headings[0] == "No table came free"
    assert not page.forms
    assert diner.client.post(f"{url}again/").status_code == 302
    assert WaitlistEntry.objects.count() == 1
    answer = diner.client.post(f"{url}accept/")
    assert answer.status_code == 409
    assert status(entry) == Status.OVER


def test_a_link_outlives_the_restaurants_page(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    Restaurant.objects.update(is_published=False)
    assert diner.send(page_of(diner, url).form("/accept/"), "Yes, we come").status_code == 302
    assert status(entry) == Status.ACCEPTED


# --- Whose it is ------------------------------------------------------------


def test_a_link_of_something_else_leads_nowhere(full: tuple[Restaurant, list[Reservation]]) -> None:
    other = make_venue()
    place = full[0]
    _url, entry = offered(full, Diner(place))
    good = entry_token(place.pk, entry.reference)
    tokens = {
        entry_token(other.pk, entry.reference),
        reservation_token(place.pk, entry.reference),
        request_token(place.pk, entry.reference),
        entry_token(place.pk, full[1][1].reference),
        entry_token(place.pk, "no such"),
        entry.reference,
        good[:-1],
        good.swapcase(),
        "x" * 3000,
        "🍕",
    }
    urls = [f"/restaurants/{place.slug}/waitlist/{token}/" for token in tokens]
    for url in [*urls, f"/restaurants/{other.slug}/waitlist/{good}/"]:
        answers = [Client().get(url), *(Client().post(f"{url}{end}/") for end in ("accept", "leave", "again"))]
        for answer in answers:
            assert answer.status_code == 404
            assert "Ada" not in answer.content.decode()
    assert Client().get(f"/restaurants/{place.slug}/reservations/{good}/").status_code == 404
    assert status(entry) == Status.OFFERED


def test_the_door_list_has_no_links(place: Restaurant) -> None:
    now = timezone.now()
    entry = WaitlistEntry.objects.create(
        restaurant=place,
        kind=WaitlistEntry.Kind.DOOR,
        service_date=now.date(),
        earliest=now,
        latest=now + dt.timedelta(hours=4),
        party_size=2,
        idempotency_key="door",
    )
    assert (
        Client().get(f"/restaurants/{place.slug}/waitlist/{entry_token(place.pk, entry.reference)}/").status_code == 404
    )


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_changes_anything(full: tuple[Restaurant, list[Reservation]], method: str) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    before = TableClaim.objects.count()
    for end in ("accept", "leave", "again"):
        assert getattr(diner.client, method)(f"{url}{end}/").status_code == 405
    form = form_page(diner).form("/waitlist/")
    getattr(diner.client, method)(form.action, {**form.values, **WORDS, "join": "1"})
    assert (status(entry), WaitlistEntry.objects.count(), TableClaim.objects.count()) == (Status.OFFERED, 1, before)
    strict = Client(enforce_csrf_checks=True)
    for address in (f"{url}accept/", f"{url}leave/", f"{diner.base}/waitlist/"):
        assert strict.post(address, {**form.values, **WORDS, "join": "1"}).status_code == 403


def test_only_this_browsers_entries_are_listed(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner, stranger = Diner(full[0]), Diner(full[0])
    url, _entry = joined(diner)
    assert waiting_links(diner) == [url]
    stranger.times()
    assert not waiting_links(stranger)
    assert not waiting_links(Diner(full[0]))
