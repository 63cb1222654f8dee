"""What every kind of message says, in every language, in text and in HTML."""

from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.utils import timezone

from reservations.links import reservation_token
from reservations.messages.rendering import Dropped, Mail, render
from reservations.messages.truth import told_row
from reservations.models import Guest, Message
from tests.factories import make_area, make_restaurant, make_service
from tests.messages.rows import START, Kind, mail_of, make_entry, make_message, make_request, make_row, make_told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("addresses")]

HOSTILE = 'O\'Neil & <b>Söhne</b> "x"'
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Reads HTML and fails where a tag is left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


@pytest.mark.parametrize("language", ["en", "de", "ja"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_text_and_html_with_what_was_typed(kind: Message.Kind, language: str) -> None:
    restaurant = make_restaurant(name=HOSTILE, street="<i>Weg</i> 1 & 2")
    message = make_told(kind, restaurant=restaurant, name=HOSTILE, note="<b>a & 'b'</b>", language=language)
    mail = mail_of(message)
    page = Reader(mail.html)
    # What machines read ends in braces of its own.
    html = re.sub(r"<script type=\"application/ld\+json\">.*?</script>", "", mail.html)
    for content in (mail.subject, mail.text, html):
        assert not re.search(r"{[{%#]|[%#}]}|None|\bUndefined\b", content), content
    assert not re.search("&(amp|lt|gt|quot|#)", mail.subject + mail.text)
    assert "<b>" not in mail.html
    assert "<i>" not in mail.html
    assert HOSTILE in mail.subject
    assert HOSTILE in mail.text
    assert HOSTILE in page.text
    assert page.text.count(mail.subject) == 2
    assert f'<html lang="{language}">' in mail.html
    links = re.findall(r"https?://\S+", mail.text)
    assert links
    assert set(links) <= set(page.links)
    prefix = "https://book.example.org/" + ("" if language == "en" else f"{language}/")
    assert all(link.startswith(prefix) for link in links + page.links)
    assert not re.search(r"\n{3}|[ \t]\n", mail.text)
    assert "\n" not in mail.subject


def test_staff_read_the_sites_own_language_and_others_what_the_site_has() -> None:
    assert mail_of(make_told(Kind.STAFF_BOOKED, language="")).subject.startswith("Booked: ")
    for language in ("", "fr", "de-at", "../x"):
        assert mail_of(make_told(Kind.CONFIRMATION, language=language)).subject.startswith("Your table at Zur Linde")


def test_a_confirmation() -> None:
    restaurant = make_restaurant(name="Zur Linde", cutoff_minutes=120)
    row = make_row(restaurant, area=make_area(restaurant, name="Garden"), dietary_needs="no nuts", children=1)
    mail = mail_of(make_message(Kind.CONFIRMATION, row))
    assert mail.subject == "Your table at Zur Linde: Thu 27 Nov, 19:00"
    link = f"https://book.example.org/restaurants/{restaurant.slug}/reservations/" + reservation_token(
        restaurant.pk, row.reference
    )
    for expected in (
        "Hello Ada Guest,",
        "When: Thursday 27 November 2031, 19:00\nGuests: 2\nName: Ada Guest\n",
        f"Reference: {row.reference}\nArea: Garden\nChildren: 1\nDietary needs: no nuts\n",
        f"\n{link}/\n",
        "You can change or cancel it online until Thu 27 Nov, 17:00.",
        "Zur Linde, Hauptstraße 1, 10827 Berlin\n+49 30 1234567\n",
    ):
        assert expected in mail.text
    assert (mail.to, mail.sender, mail.reply_to) == (
        "ada@example.org",
        '"Zur Linde" <book@example.org>',
        "table@example.org",
    )
    (entry,) = mail.attachments
    assert (entry.name, entry.type) == ("reservation.ics", "text/calendar; method=REQUEST")
    assert "You also have" not in mail.text


def test_a_confirmation_names_another_reservation_of_the_same_service() -> None:
    restaurant = make_restaurant(name="Zur Linde")
    guest = Guest.objects.create(restaurant=restaurant, key="k")
    dinner, lunch = make_service(restaurant), make_service(restaurant, name="Lunch")
    same: dict[str, Any] = {"guest": guest, "service": dinner}
    row = make_row(restaurant, **same)
    late = START + dt.timedelta(minutes=90)
    other = make_row(restaurant, **same, starts_at=late)
    make_row(restaurant, **same, starts_at=late, status="cancelled")
    make_row(restaurant, guest=guest, service=lunch, starts_at=late)
    make_row(restaurant, **same, starts_at=START + dt.timedelta(days=1))
    make_row(restaurant, service=dinner, starts_at=late)
    text = mail_of(make_message(Kind.CONFIRMATION, row)).text
    assert text.count("You also have") == 1
    assert f"You also have a reservation at 20:30, reference {other.reference}." in text
    assert "You also have" not in mail_of(make_message(Kind.REMINDER, row)).text


def test_who_books_in_a_guests_name_learns_of_none_of_the_guests_reservations() -> None:
    restaurant = make_restaurant(name="Zur Linde")
    same = {"guest": Guest.objects.create(restaurant=restaurant, key="k"), "service": make_service(restaurant)}
    carl = "carl@example.org"
    own = make_row(restaurant, **same)
    row = make_row(restaurant, **same, booker_email=carl)
    phoned = make_row(restaurant, **same, email="")
    confirmation = make_message(Kind.CONFIRMATION, row, recipient=carl)
    assert "You also have" not in mail_of(confirmation).text
    # What Carl has booked himself he knows, and of it the guest is told.
    again = make_row(restaurant, **same, booker_email=carl)
    text = mail_of(confirmation).text
    assert again.reference in text
    assert own.reference not in text
    text = mail_of(make_message(Kind.CONFIRMATION, own)).text
    assert (row.reference in text, again.reference in text, phoned.reference in text) == (True, True, False)


@pytest.mark.parametrize("kind", [Kind.CONFIRMATION, Kind.CHANGE, Kind.REMINDER])
@pytest.mark.parametrize("minutes", [120, 0])
def test_it_is_said_that_it_can_be_cancelled_late_too(kind: Message.Kind, minutes: int) -> None:
    mail = mail_of(make_told(kind, restaurant=make_restaurant(cutoff_minutes=minutes)))
    for text in (mail.text, mail.html):
        assert "You can change or cancel it online until" in text
        # Without a cut-off nothing is late.
        assert ("After that you can still cancel it" in text) is bool(minutes)


def test_the_booker_is_greeted_and_the_guest_named() -> None:
    row = make_row(booker_name="Carl Concierge", booker_email="carl@example.org")
    mail = mail_of(make_message(Kind.CONFIRMATION, row, recipient="carl@example.org"))
    assert "Hello Carl Concierge," in mail.text
    assert "Name: Ada Guest" in mail.text
    assert mail.to == "carl@example.org"


@pytest.mark.parametrize(("fold", "clock"), [(0, "02:30 CEST"), (1, "02:30 CET")])
def test_a_wall_time_that_comes_twice_has_its_zone(fold: int, clock: str) -> None:
    restaurant = make_restaurant()
    local = dt.datetime(2031, 10, 26, 2, 30, tzinfo=restaurant.zone, fold=fold)
    mail = mail_of(make_message(Kind.CONFIRMATION, make_row(restaurant, starts_at=local.astimezone(dt.UTC))))
    assert f"Sunday 26 October 2031, {clock}" in mail.text
    assert clock in mail.subject
    assert clock in mail.html


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.CHANGE, ["Your reservation has changed.", "Before: Wednesday 26 November 2031, 19:00, 5 guests"]),
        (Kind.CANCELLATION, ["Your reservation is cancelled.", "/restaurants/restaurant-"]),
        (Kind.REMINDER, ["We look forward to your visit.", "whether you come, come late or with fewer, or can't come"]),
        (Kind.THANKS, ["Thank you for coming."]),
        (Kind.JOINED, ["Date: Thursday 27 November 2031\nBetween: 18:00 – 21:00\nGuests: 4\n", "/waitlist/"]),
        (
            Kind.OFFER,
            ["We hold it for you until ", "When: Thursday 27 November 2031, 19:00\nGuests: 4\n", "/waitlist/"],
        ),
        (Kind.REQUESTED, ["answers by Wed 26 Nov, 13:00; no table is held", "Guests: 12", "/requests/"]),
        (Kind.PROPOSAL, ["holds the tables for you until", "At eight?", "2031, 20:00", "asked for Thu 27 Nov, 19:00"]),
        (Kind.DECLINED, ["can't take your party", "We are full."]),
        (Kind.EXPIRED, ["did not answer in time"]),
        (Kind.LINK, ["the link that was asked for", "/reservations/"]),
        (Kind.STAFF_BOOKED, ["A table was booked.", "E-mail: ada@example.org", "/admin/reservations/reservation/"]),
        (Kind.STAFF_CHANGED, ["Before: Wednesday 26 November 2031, 19:00, 5 guests"]),
        (Kind.STAFF_CANCELLED, ["That was after the cut-off."]),
        (Kind.STAFF_COMING, ["Ada Guest comes 20 minutes late.", "comes with fewer: 2 instead of 4."]),
        (Kind.STAFF_REQUEST, ["Please answer by Wed 26 Nov, 13:00.", "Guests: 12"]),
    ],
)
def test_what_each_kind_says(kind: Message.Kind, expected: list[str]) -> None:
    mail = mail_of(make_told(kind))
    shown = Reader(mail.html).text
    for words in expected:
        assert words in mail.text
        for line in words.strip("\n").splitlines():
            if "/" not in line:
                assert line.partition(": ")[2] in shown or line in shown


def test_only_what_moves_a_calendar_entry_carries_one() -> None:
    carrying = {kind: mail_of(make_told(kind)).attachments for kind in Kind}
    methods = {kind: files[0].type.rpartition("=")[2] for kind, files in carrying.items() if files}
    assert methods == {Kind.CONFIRMATION: "REQUEST", Kind.CHANGE: "REQUEST", Kind.CANCELLATION: "CANCEL"}


def test_a_link_may_be_to_an_entry_or_a_request() -> None:
    assert "Between: 18:00 – 21:00" in mail_of(make_message(Kind.LINK, make_entry())).text
    assert "/requests/" in mail_of(make_message(Kind.LINK, make_request())).text


def test_an_answer_to_staff_reaches_the_guest() -> None:
    assert mail_of(make_told(Kind.STAFF_REQUEST)).reply_to == "ada@example.org"
    assert mail_of(make_told(Kind.STAFF_BOOKED, email="")).reply_to == ""
    booker = {"booker_name": "Carl", "booker_email": "carl@example.org"}
    for email in ("", "ada@example.org"):
        assert mail_of(make_told(Kind.STAFF_BOOKED, email=email, **booker)).reply_to == "carl@example.org"
    assert mail_of(make_told(Kind.CONFIRMATION, restaurant=make_restaurant(email=""))).reply_to == ""
    hostile = make_restaurant(email="table@example.org\r\nBcc: x@example.org")
    assert mail_of(make_told(Kind.CONFIRMATION, restaurant=hostile)).reply_to == ""


def test_every_kind_has_both_templates() -> None:
    folder = site_settings.BASE_DIR / "templates" / "mail"
    for kind in Kind:
        assert (folder / f"{kind}.txt").is_file()
        assert (folder / f"{kind}.html").is_file()


# --- What is no longer true -------------------------------------------------

UNTRUE: list[tuple[Message.Kind, dict[str, Any], str]] = [
    *(
        (kind, {"status": status}, "By now the status is: ")
        for kind, status in [
            (Kind.CONFIRMATION, "cancelled"),
            (Kind.CHANGE, "cancelled"),
            (Kind.CANCELLATION, "confirmed"),
            (Kind.REMINDER, "cancelled"),
            (Kind.REMINDER, "no_show"),
            (Kind.THANKS, "no_show"),
            (Kind.THANKS, "confirmed"),
            (Kind.JOINED, "left"),
            (Kind.OFFER, "lapsed"),
            (Kind.OFFER, "waiting"),
            (Kind.REQUESTED, "withdrawn"),
            (Kind.PROPOSAL, "accepted"),
            (Kind.DECLINED, "open"),
            (Kind.EXPIRED, "accepted"),
            (Kind.STAFF_BOOKED, "cancelled"),
            (Kind.STAFF_CHANGED, "cancelled"),
            (Kind.STAFF_CANCELLED, "confirmed"),
            (Kind.STAFF_COMING, "seated"),
            (Kind.STAFF_REQUEST, "declined"),
        ]
    ),
    (Kind.CONFIRMATION, {"email": ""}, "There is no address to send it to."),
    (Kind.REMINDER, {"starts_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "The visit has begun."),
    (Kind.CONFIRMATION, {"starts_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "The visit is over."),
    (Kind.OFFER, {"offer": None}, "The table is not held any more."),
    (Kind.PROPOSAL, {"reservation": None}, "The table is not held any more."),
]


@pytest.mark.parametrize(("kind", "fields", "because"), UNTRUE)
def test_what_is_no_longer_true_is_dropped(kind: Message.Kind, fields: dict[str, Any], because: str) -> None:
    found = render(make_told(kind, **fields), timezone.now())
    assert isinstance(found, Dropped)
    assert found.because.startswith(because)


@pytest.mark.parametrize("kind", [Kind.CONFIRMATION, Kind.CHANGE, Kind.LINK, Kind.JOINED, Kind.OFFER, Kind.REQUESTED])
def test_nothing_goes_to_an_address_that_was_corrected(kind: Message.Kind) -> None:
    message = make_told(kind)
    row = told_row(message)
    assert row is not None
    row.email = "right@example.org"
    assert render(message, timezone.now()) == Dropped("The guest has corrected the address.")


@pytest.mark.parametrize("kind", [Kind.STAFF_BOOKED, Kind.STAFF_REQUEST, Kind.STAFF_SHEET])
def test_mail_to_the_restaurant_goes_to_its_address_of_now(kind: Message.Kind) -> None:
    message = make_told(kind)
    message.restaurant.email = "right@example.org"
    assert mail_of(message).to == "right@example.org"
    message.restaurant.email = ""
    assert render(message, timezone.now()) == Dropped("There is no address to send it to.")


@pytest.mark.parametrize(
    ("kind", "setting", "off"), [(Kind.REMINDER, "reminder_hours", 0), (Kind.THANKS, "sends_thanks", False)]
)
def test_what_the_restaurant_no_longer_sends_is_dropped(kind: Message.Kind, setting: str, off: Any) -> None:
    message = make_told(kind)
    assert isinstance(render(message, timezone.now()), Mail)
    setattr(message.restaurant, setting, off)
    assert render(message, timezone.now()) == Dropped("The restaurant no longer sends such mails.")


@pytest.mark.parametrize("kind", [Kind.OFFER, Kind.PROPOSAL])
def test_an_offer_whose_hold_has_lapsed_is_dropped(kind: Message.Kind) -> None:
    message = make_told(kind)
    assert isinstance(render(message, timezone.now()), Mail)
    assert render(message, timezone.now() + dt.timedelta(hours=2)) == Dropped("The table is not held any more.")


@pytest.mark.parametrize("kind", [Kind.OFFER, Kind.PROPOSAL])
def test_of_two_offers_to_one_party_the_later_is_sent(kind: Message.Kind) -> None:
    first, _of_another = make_told(kind), make_told(kind)
    assert isinstance(render(first, timezone.now()), Mail)
    row = first.entry or first.request
    assert row is not None
    second = make_message(kind, row)
    assert render(first, timezone.now()) == Dropped("A later message replaces it.")
    assert isinstance(render(second, timezone.now()), Mail)


@pytest.mark.parametrize("kind", [Kind.CHANGE, Kind.STAFF_CHANGED])
def test_a_change_that_was_changed_again_is_dropped(kind: Message.Kind) -> None:
    message = make_told(kind, sequence=3)
    message.sequence = 2
    message.save()
    # What is changed without a mail of its own leaves this one.
    assert isinstance(render(message, timezone.now()), Mail)
    assert message.reservation is not None
    make_message(kind, message.reservation)
    assert render(message, timezone.now()) == Dropped("The reservation has changed again since.")


def test_a_reminder_of_an_earlier_version_gives_way_to_a_later_one_alone() -> None:
    row = make_row(sequence=2)
    old = make_message(Kind.REMINDER, row, sequence=1)
    assert isinstance(render(old, timezone.now()), Mail)
    new = make_message(Kind.REMINDER, row)
    assert render(old, timezone.now()) == Dropped("A later message replaces it.")
    assert isinstance(render(new, timezone.now()), Mail)


def test_a_confirmation_says_what_is_true_now() -> None:
    row = make_row(sequence=1, starts_at=START + dt.timedelta(hours=1), party_size=3)
    mail = mail_of(make_message(Kind.CONFIRMATION, row, sequence=0))
    assert "When: Thursday 27 November 2031, 20:00\nGuests: 3\n" in mail.text
    assert "SEQUENCE:1" in mail.attachments[0].content
