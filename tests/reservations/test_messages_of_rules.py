"""Which messages each rule writes: to whom, in which language, and due when."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail

from reservations.engine import booking, floor, requests, waitlist
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.closing import close
from reservations.engine.coming import reduce_party, say_coming, say_late
from reservations.engine.errors import Reason
from reservations.messages.rendering import Mail, render
from reservations.messages.sending import send_due
from reservations.models import Message, Reservation, Restaurant, User
from tests import clock
from tests import factories as make
from tests.reservations.rows import fresh, mails, refused

pytestmark = pytest.mark.django_db

GUEST, HOUSE = "ada@example.org", "table@example.org"
HOUR = dt.timedelta(hours=1)
TODAY = dt.date(2027, 6, 16)
NOON = dt.datetime(2027, 6, 16, 10, tzinfo=dt.UTC)
"""12:00 of a Wednesday in Berlin."""


@pytest.fixture
def venue() -> Restaurant:
    return make.make_venue(tables=(2, 2, 12), sends_thanks=True)


@pytest.fixture
def user() -> User:
    return make.make_staff()


def due(reservation: Reservation, kind: str) -> list[tuple[str, dt.datetime]]:
    """Return the messages of a kind about a reservation as (status, due)."""
    rows = Message.objects.filter(reservation=reservation, kind=kind).order_by("pk")
    return list(rows.values_list("status", "due_at"))


def since(restaurant: Restaurant, before: int) -> list[tuple[str, str]]:
    return mails(restaurant)[before:]


# --- A new reservation ---------------------------------------------------------------------------


def test_a_hold_tells_nobody(venue: Restaurant) -> None:
    hold = make.make_hold(venue)
    booking.extend(reservation=hold, details=make.make_details())
    booking.release(reservation=hold)
    assert mails(venue) == []


def test_a_reservation_is_confirmed_now_reminded_of_before_and_thanked_for_after(venue: Restaurant) -> None:
    with clock.at(NOON):
        reservation = make.make_reservation(venue)
        confirmed = due(reservation, "confirmation")
    assert mails(venue) == [("confirmation", GUEST), ("reminder", GUEST), ("thanks", GUEST)]
    assert confirmed[0][0] == "waiting"
    assert dt.timedelta() <= confirmed[0][1] - NOON < dt.timedelta(minutes=1)
    assert due(reservation, "reminder") == [("waiting", reservation.starts_at - 24 * HOUR)]
    assert due(reservation, "thanks") == [("waiting", reservation.ends_at + 20 * HOUR)]


def test_they_are_due_by_the_databases_clock(venue: Restaurant) -> None:
    with clock.at(NOON, node_ahead=dt.timedelta(minutes=1)):
        reservation = make.make_reservation(venue)
    assert due(reservation, "confirmation")[0][1] - NOON < dt.timedelta(seconds=40)


def test_a_reminder_whose_moment_has_passed_is_none(venue: Restaurant) -> None:
    with clock.at(NOON):
        reservation = make.make_reservation(venue, date=TODAY)
    assert (due(reservation, "reminder"), len(due(reservation, "thanks"))) == ([], 1)


@pytest.mark.parametrize(("hours", "reminders"), [(0, 0), (1, 1), (336, 0)])
def test_the_restaurant_says_when_it_reminds(venue: Restaurant, hours: int, reminders: int) -> None:
    Restaurant.objects.update(reminder_hours=hours, sends_thanks=False)
    reservation = make.make_reservation(venue)
    assert (len(due(reservation, "reminder")), due(reservation, "thanks")) == (reminders, [])


def test_the_restaurant_is_told_of_what_is_near(venue: Restaurant) -> None:
    with clock.at(NOON):
        make.make_reservation(venue, date=TODAY + dt.timedelta(days=1), at=dt.time(18))
        assert "staff_booked" not in dict(mails(venue))
        make.make_reservation(venue, date=TODAY, at=dt.time(22))
    assert ("staff_booked", HOUSE) in mails(venue)
    staff = Message.objects.get(kind="staff_booked")
    assert (staff.recipient, staff.language) == (HOUSE, "")


def test_without_an_address_nobody_is_written_to(venue: Restaurant) -> None:
    phone = make.make_details(email="")
    with clock.at(NOON):
        make.make_reservation(venue, details=phone)
        assert mails(venue) == []
        Restaurant.objects.update(email="")
        reservation = make.make_reservation(venue, date=TODAY, details=phone)
        say_late(reservation=reservation, minutes=10)
        change(reservation=reservation, details=replace(phone, note="Hello"))
        booking.cancel(reservation=reservation, by_guest=True)
    assert mails(venue) == []


def test_mails_go_to_whoever_has_booked_for_the_guest_in_their_language(venue: Restaurant, user: User) -> None:
    details = make.make_details(booker_name="Concierge", booker_email="desk@hotel.example")
    reservation = booking.book(
        wish=make.make_wish(venue), details=details, user=user, key=make.new_key(), language="de"
    )
    booking.cancel(reservation=reservation, by_guest=False)
    assert {to for _kind, to in mails(venue)} == {"desk@hotel.example"}
    assert set(Message.objects.values_list("language", flat=True)) == {"de"}


def test_what_staff_book_is_confirmed_to_the_guest_unless_told_otherwise(venue: Restaurant, user: User) -> None:
    def book(**more: Any) -> None:
        wish = make.make_wish(venue, date=TODAY)
        booking.book(wish=wish, details=make.make_details(), user=user, key=make.new_key(), **more)

    with clock.at(NOON):
        book(tell=False)
        assert mails(venue) == []
        book()
    assert mails(venue) == [("confirmation", GUEST), ("thanks", GUEST)]


# --- A change --------------------------------------------------------------------------------------


def test_a_change_is_told_with_what_it_was_and_the_reminder_moves_along(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    was, before = reservation.starts_at, len(mails(venue))
    change(reservation=reservation, wish=replace(wish_of(reservation), start=was + HOUR))
    assert sorted(since(venue, before)) == [("change", GUEST), ("reminder", GUEST), ("thanks", GUEST)]
    told = Message.objects.get(kind="change")
    assert (told.data, told.sequence) == ({"was": was.isoformat(), "was_party": 2}, 1)
    assert due(reservation, "reminder") == [("dropped", was - 24 * HOUR), ("waiting", was - 23 * HOUR)]
    assert [status for status, _due in due(reservation, "thanks")] == ["dropped", "waiting"]


def test_a_change_is_told_though_something_else_is_said_before_it_is_sent(venue: Restaurant, settings: Any) -> None:
    """The mail server was away meanwhile: nobody else tells the guest of the new time."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    reservation = make.make_reservation(venue)
    Message.objects.update(status="sent")
    change(reservation=reservation, wish=replace(wish_of(reservation), start=reservation.starts_at + HOUR))
    say_coming(reservation=fresh(reservation))
    change(
        reservation=fresh(reservation),
        details=replace(details_of(reservation), note="By the window"),
        online=False,
        tell=False,
    )
    send_due()
    assert [one.subject.partition(":")[0] for one in mail.outbox] == ["Changed"]


def test_what_was_sent_already_is_not_dropped(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    Message.objects.filter(kind="reminder").update(status="sent")
    change(reservation=reservation, wish=replace(wish_of(reservation), start=reservation.starts_at + HOUR))
    assert [status for status, _due in due(reservation, "reminder")] == ["sent", "waiting"]


def test_other_details_leave_the_reminder(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    before = len(mails(venue))
    change(reservation=reservation, details=replace(details_of(reservation), note="By the window"))
    assert since(venue, before) == [("change", GUEST)]
    assert [status for status, _due in due(reservation, "reminder")] == ["waiting"]


@pytest.mark.parametrize("field", ["email", "booker_email"])
def test_with_another_address_the_reminder_goes_there(venue: Restaurant, field: str) -> None:
    reservation = make.make_reservation(venue)
    new: dict[str, Any] = {field: "new@example.org"}
    change(reservation=reservation, details=replace(details_of(reservation), **new))
    waiting = Message.objects.filter(reservation=reservation, status="waiting", kind__in=("reminder", "thanks"))
    assert {row.recipient for row in waiting} == {"new@example.org"}
    assert waiting.count() == 2


@pytest.mark.parametrize("tell", [True, False])
def test_a_confirmation_that_waits_goes_to_the_corrected_address(venue: Restaurant, tell: bool) -> None:
    reservation = make.make_reservation(venue)
    right = replace(details_of(reservation), email="right@example.org")
    change(reservation=reservation, details=right, online=False, tell=tell)
    sent = Message.objects.filter(reservation=reservation, kind="confirmation")
    assert [(row.recipient, type(render(row, row.created_at))) for row in sent] == [("right@example.org", Mail)]
    waiting = Message.objects.filter(reservation=reservation, status="waiting")
    assert {row.recipient for row in waiting} == {"right@example.org"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [(7, 8, 0), (8, 7, 0), (0, 7, 1), (7, 0, 1), (0, 0, 1)],
    ids=["far to far", "far to nearer", "near to far", "far to near", "near to near"],
)
def test_the_restaurant_is_told_where_either_time_is_near(venue: Restaurant, old: int, new: int, told: int) -> None:
    with clock.at(NOON):
        reservation = make.make_reservation(venue, date=TODAY + dt.timedelta(days=old), at=dt.time(19))
        wish = make.make_wish(venue, date=TODAY + dt.timedelta(days=new), at=dt.time(20))
        change(reservation=reservation, wish=wish)
    assert mails(venue).count(("staff_changed", HOUSE)) == told


def test_what_staff_change_tells_the_guest_alone_unless_told_otherwise(venue: Restaurant, user: User) -> None:
    with clock.at(NOON):
        reservation = make.make_reservation(venue, date=TODAY)
        before = len(mails(venue))
        by = make.make_by(user)
        told = replace(details_of(reservation), note="From staff")
        change(reservation=reservation, details=told, by=by, online=False, tell=False)
        assert since(venue, before) == []
        change(reservation=reservation, details=replace(told, note="Again"), by=by, online=False)
        assert since(venue, before) == [("change", GUEST)]


# --- On the way, and the end ------------------------------------------------------------------------------


def test_news_on_the_way_goes_to_the_restaurant_at_once(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    before = len(mails(venue))
    say_coming(reservation=reservation)
    assert since(venue, before) == []
    say_late(reservation=reservation, minutes=20)
    reduce_party(reservation=reservation, party=1)
    assert since(venue, before) == [("staff_coming", HOUSE)] * 2
    assert [row.data for row in Message.objects.filter(kind="staff_coming").order_by("pk")] == [
        {"minutes": 20},
        {"fewer": [2, 1]},
    ]


def test_a_cancellation_is_told_to_both_where_it_is_near(venue: Restaurant) -> None:
    with clock.at(NOON):
        for days, kinds in ((7, ["cancellation"]), (0, ["cancellation", "staff_cancelled"])):
            reservation = make.make_reservation(venue, date=TODAY + dt.timedelta(days=days))
            before = len(mails(venue))
            booking.cancel(reservation=reservation, by_guest=True)
            assert [kind for kind, _to in since(venue, before)] == kinds
    # Newer than whatever the calendar has.
    assert {row.sequence for row in Message.objects.filter(kind="cancellation")} == {1}
    assert Message.objects.get(kind="staff_cancelled").data == {"late": False}


def test_what_staff_cancel_is_told_to_the_guest_unless_told_otherwise(venue: Restaurant) -> None:
    with clock.at(NOON):
        for tell, kinds in ((True, ["cancellation"]), (False, [])):
            reservation = make.make_reservation(venue, date=TODAY)
            before = len(mails(venue))
            booking.cancel(reservation=reservation, by_guest=False, tell=tell)
            assert [kind for kind, _to in since(venue, before)] == kinds


def test_a_closing_tells_whom_it_cancels(venue: Restaurant, user: User) -> None:
    kept, cancelled = (make.make_reservation(venue) for _i in range(2))
    make.make_hold(venue, at=dt.time(22))
    before = len(mails(venue))
    date = kept.service_date
    close(
        restaurant=venue,
        first=date,
        last=date,
        choices={kept.pk: "keep", cancelled.pk: "cancel"},
        by=make.make_by(user),
    )
    assert since(venue, before) == [("cancellation", GUEST)]
    assert Message.objects.get(kind="cancellation").reservation == cancelled


def test_the_floor_writes_to_nobody(venue: Restaurant, user: User) -> None:
    by = make.make_by(user)
    with clock.at(NOON):
        reservation, other = (make.make_reservation(venue, date=TODAY) for _i in range(2))
    before = len(mails(venue))
    with clock.at(reservation.starts_at):
        floor.seat(reservation=reservation, by=by)
        floor.stay_longer(reservation=reservation, minutes=15, by=by)
        floor.finish(reservation=reservation, by=by)
        floor.mark_no_show(reservation=other, by=by)
        make.make_walk_in(venue, details=make.make_details())
        make.make_block(venue, [make.make_table(venue)])
    assert since(venue, before) == []


# --- Who waits and who asks ----------------------------------------------------------------------------------


def test_who_waits_is_told_of_joining_of_the_offer_and_of_the_reservation(venue: Restaurant) -> None:
    venue.tables.exclude(max_seats=12).delete()
    booked = make.make_reservation(venue)
    entry = make.make_entry(venue, language="de")
    assert mails(venue)[-1] == ("joined", entry.email)
    booking.cancel(reservation=booked, by_guest=True)
    assert mails(venue)[-1] == ("offer", entry.email)
    reservation = waitlist.accept(entry=entry)
    assert mails(venue)[-3:] == [(kind, entry.email) for kind in ("confirmation", "reminder", "thanks")]
    assert set(Message.objects.filter(recipient=entry.email).values_list("language", flat=True)) == {"de"}
    assert len(due(reservation, "confirmation")) == 1
    before = len(mails(venue))
    assert waitlist.accept(entry=entry) == fresh(reservation)
    assert since(venue, before) == []


def test_a_request_is_told_of_at_each_step(venue: Restaurant, user: User) -> None:
    by = make.make_by(user)
    request = make.make_request(venue, language="de")
    assert mails(venue) == [("requested", GUEST), ("staff_request", HOUSE)]
    wish = make.make_wish(venue, party=12, at=dt.time(20))
    requests.propose(request=request, wish=wish, user=user, by=by)
    requests.accept_proposal(request=request)
    assert mails(venue)[2:] == [(kind, GUEST) for kind in ("proposal", "confirmation", "reminder", "thanks")]
    other = make.make_request(venue)
    before = len(mails(venue))
    requests.decline(request=other, user=user, by=by, answer="Sorry")
    with refused(Reason.ALREADY_ANSWERED):
        requests.withdraw(request=other)
    assert since(venue, before) == [("declined", GUEST)]


def test_each_message_has_a_number_of_its_own(venue: Restaurant) -> None:
    make.make_reservation(venue)
    ids = list(Message.objects.values_list("message_id", flat=True))
    assert len(set(ids)) == len(ids) == 3
    assert all(one.startswith("<") and one.endswith(">") and "@" in one for one in ids)
