"""The set-up guide: from an empty database to a diner's booking, by what the pages show and send."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from menus.models import Dish
from reservations.models import (
    Membership,
    Message,
    OpeningPeriod,
    Reservation,
    Restaurant,
    Service,
    Table,
    TurnTime,
    User,
)
from restaurant_site.guide.ranges import LineError, tables_of
from tests.factories import days_ahead, make_member, make_restaurant, make_staff, make_tables, make_user, make_venue
from tests.pages import read
from tests.reservations.diner import Diner

PLACE = {
    "name": "Gasthaus <Lind>",
    "street": "Am Ring 1",
    "postcode": "10827",
    "city": "Berlin",
    "country": "DE",
    "timezone": "",
    "currency": "",
    "language": "de",
    "phone": "030 1234567",
    "email": "table@example.org",
    "website": "",
}


class Owner:
    """Somebody who sets up a restaurant, and sends what each page holds."""

    def __init__(self, **user: Any) -> None:
        self.client = Client()
        self.client.force_login(make_staff(**user))

    def get(self, address: str) -> Any:
        response = self.client.get(address)
        assert response.status_code == 200, address
        return response

    def send(self, address: str, *, button: str = "", **typed: Any) -> Any:
        """Send the form of a page after typing."""
        return self.client.post(address, self.shown(address) | typed | ({button: button} if button else {}))

    def shown(self, address: str) -> dict[str, Any]:
        """Return what the form of a page sends with nothing typed and no button of its own."""
        form = next(form for form in read(self.get(address)).forms if form.method == "post" and not form.action)
        return {name: value for name, value in form.values.items() if not name.startswith("_")}


def step(restaurant: Restaurant, name: str) -> str:
    return f"/admin/set-up/{restaurant.pk}/{name}/"


@pytest.mark.django_db(transaction=True)
def test_from_nothing_to_a_booking() -> None:
    owner = Owner()
    assert "Set up your first restaurant" in read(owner.get("/admin/")).links

    # The restaurant: what can be told from the country need not be typed, and what is wrong loses nothing.
    assert owner.send("/admin/set-up/", **PLACE | {"country": "US", "currency": "euro"}).status_code == 200
    page = read(owner.send("/admin/set-up/", **PLACE | {"country": "US", "phone": "12"}))
    assert "choose the restaurant's zone" in page.text
    assert page.forms[-1].values["street"] == "Am Ring 1"
    assert not Restaurant.objects.exists()
    response = owner.send("/admin/set-up/", **PLACE)
    place = Restaurant.objects.get()
    assert response["Location"] == step(place, "tables")
    assert (place.slug, place.timezone, place.currency, place.language) == (
        "gasthaus-lind",
        "Europe/Berlin",
        "EUR",
        "de",
    )
    assert place.visibility == Restaurant.Visibility.DRAFT
    # A double click makes one.
    assert owner.client.post("/admin/set-up/", PLACE)["Location"] == step(place, "tables")
    assert Restaurant.objects.count() == 1

    # Everything that is missing, said at once.
    page = read(owner.get(f"/admin/set-up/{place.pk}/"))
    for text in ("It is a draft", "There are no tables", "There is no service", "There is no menu", "No e-mail sender"):
        assert text in page.text
    assert Client().get("/restaurants/gasthaus-lind/").status_code == 404

    # Tables: shown before they are made.
    lines = {"form-0-lines": "1–4, 1–2 seats\nT5-T6, 2-4", "form-1-area": "Bar", "form-1-lines": "Bar 1–3, 1–1 seats"}
    page = read(owner.send(step(place, "tables"), button="_preview", **lines))
    assert "9 tables will be made" in page.text
    assert not Table.objects.exists()
    assert owner.send(step(place, "tables"), **lines)["Location"] == step(place, "services")
    made = list(Table.objects.order_by("position").values_list("area__name", "name", "min_seats", "max_seats"))
    assert made[3:7] == [
        ("Dining room", "4", 1, 2),
        ("Dining room", "T5", 2, 4),
        ("Dining room", "T6", 2, 4),
        ("Bar", "Bar 1", 1, 1),
    ]

    # Services: proposed by the hours, copied to the other days, and saved with turn times by party size.
    hours = {"hours_text": "Tu-Fr 18:00-23:00; Sa 12:00-15:00"}
    page = read(owner.send(step(place, "services"), button="_read", **hours))
    proposed = page.forms[-1].values
    assert [proposed[f"service-{n}-name"] for n in (0, 1)] == ["Lunch", "Dinner"]
    assert not Service.objects.exists()
    dinner: dict[str, Any] = {
        "service-0-name": "Dinner",
        "service-0-weekdays": ["1", "2", "3", "4", "5"],
        "service-0-first_seating": "18:00",
        "service-0-last_seating": "21:30",
        "service-0-max_covers": "12",
    }
    shown = owner.shown(step(place, "services"))
    page = read(owner.client.post(step(place, "services"), shown | dinner | {"_copy": "0"}))
    copied = page.forms[-1].values
    assert (copied["service-1-name"], copied["service-1-weekdays"]) == ("Dinner", "6")
    shown = owner.shown(step(place, "services"))
    for _twice in range(2):
        response = owner.client.post(step(place, "services"), shown | dinner | hours)
        assert response["Location"] == step(place, "menu")
    service = Service.objects.get()
    assert (service.weekdays, service.interval_minutes, service.max_covers) == (0b0111110, 30, 12)
    assert list(TurnTime.objects.values_list("up_to", "minutes")) == [(2, 90), (4, 105), (6, 120), (8, 150)]
    assert OpeningPeriod.objects.filter(day=5).count() == 1

    # The menu, as lines.
    menu = {"name": "Dinner", "lines": "# Starters\nSoup 6.50\nBread & butter 3\n\nMains:\nFish, market price"}
    assert owner.send(step(place, "menu"), **menu)["Location"] == step(place, "staff")
    dishes = list(Dish.objects.order_by("position").values_list("section__name", "name", "price"))
    assert [(section, name, str(price)) for section, name, price in dishes] == [
        ("Starters", "Soup", "6.50"),
        ("Starters", "Bread & butter", "3.00"),
        ("Mains", "Fish, market price", "None"),
    ]
    assert owner.send(step(place, "staff"))["Location"] == step(place, "test")

    # The test search says what is missing, and what a diner will find.
    page = read(owner.get(f"{step(place, 'test')}?party=6&date={days_ahead(place, 1)}"))
    assert "No table or combination seats a party like this" in page.text
    assert "No service takes place on this day" in page.text
    assert "No table seats 5–8, though parties of 1 to 8 may book online" in page.text
    assert "No service on these days: Monday, Sunday" in page.text
    page = read(owner.get(f"{step(place, 'test')}?party=2"))
    assert "19:00" in page.text
    assert "Soup" in read(owner.get(f"/admin/set-up/{place.pk}/preview/")).text

    # Open: private first, then public.
    owner.send(step(place, "open"), visibility="private", takes_bookings="on")
    place.refresh_from_db()
    assert Client().get(f"/restaurants/{place.address}/").status_code == 200
    assert place.link_key in read(owner.get(step(place, "open"))).text
    old = place.address
    owner.send(step(place, "open"), button="_new_link")
    place.refresh_from_db()
    assert place.address != old
    assert Client().get(f"/restaurants/{old}/").status_code == 404
    owner.send(step(place, "open"), visibility="public", takes_bookings="on")
    place.refresh_from_db()

    # And a diner books, on a day on which there is dinner.
    diner = Diner(place)
    saturday = next_saturday(place)
    diner.book("19:00", saturday)
    assert Reservation.objects.get().restaurant == place
    assert "Set up your first restaurant" not in read(owner.get("/admin/")).links
    assert LogEntry.objects.filter(object_id=str(place.pk)).count() >= 6


def next_saturday(place: Restaurant) -> dt.date:
    return next(date for date in (days_ahead(place, days) for days in range(2, 9)) if date.weekday() == 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1-3, 2\n3-4, 2", "Line 2: table 3 is in line 1 already"),
        ("t1, 2\nT1, 3", "Line 2: table T1 is in line 1 already"),
        ("9-1, 2", "the last table comes before the first"),
        ("1-5, 4-2", "the first number of seats is the smaller one"),
        ("1-5", "Line 1 can't be read"),
        ("1-5, 0", "a table seats 1 to 100"),
        ("1-9999, 2", "more than 200 tables"),
        ("1-150, 2\n\nT1-T60, 2", "more than 200 tables"),
        ("Bar 1-Stool 3, 2", "are two kinds of tables"),
        (f"{'x' * 31}, 2", "at most 30 characters"),
    ],
)
def test_lines_that_are_no_tables(text: str, said: str) -> None:
    with pytest.raises(LineError, match=said.replace("(", r"\(")):
        tables_of(text)


def test_tables_that_are_there_are_not_made_again(db: None) -> None:
    place = make_restaurant()
    make_tables(place, [2], name="T1")
    owner = Owner()
    page = read(owner.send(step(place, "tables"), **{"form-0-lines": "t1-t3, 2"}))
    assert "Table t1 is there already" in page.text
    assert page.forms[-1].values["form-0-lines"] == "t1-t3, 2"
    assert Table.objects.count() == 1
    both = {"form-0-lines": "7-9, 2", "form-1-area": "Terrace", "form-1-lines": "9-10, 4"}
    assert "Table 9 is among the new tables of" in read(owner.send(step(place, "tables"), **both)).text
    assert (
        "Say where these tables are"
        in read(owner.send(step(place, "tables"), **both | {"form-1-area": "", "form-1-lines": "11, 4"})).text
    )
    assert Table.objects.count() == 1
    # As if no box had been on the page: those that are left empty hold nothing then.
    sent = page.forms[-1].values | {"form-INITIAL_FORMS": "0", "form-0-lines": ""} | {"form-1-area": ""}
    assert owner.client.post(step(place, "tables"), sent).status_code in (200, 302)


@pytest.mark.django_db(transaction=True)
def test_nothing_that_is_sent_is_an_error() -> None:
    place = make_venue()
    owner = Owner()
    odd = ["\x00", "<script>alert(1)</script>" * 20, "‮אבג", "9" * 400, "1-2, 9999999999999999999999", "-1"]
    for name in ("place", "tables", "services", "menu", "open", "test", "staff"):
        form = next(form for form in read(owner.get(step(place, name))).forms if form.method == "post")
        for text in odd:
            sent = {field: text for field in form.values if field != "csrfmiddlewaretoken"}
            assert owner.client.post(step(place, name), sent).status_code in (200, 302, 400), (name, text)
            assert owner.client.post(step(place, name), {"_copy": text, "_read": text}).status_code in (200, 302, 400)
        assert owner.client.delete(step(place, name)).status_code == 405
    for query in ("party=0", "party=x&date=y", f"party={'9' * 400}&date=9999-12-31", "party=2&date=0001-01-01"):
        assert owner.client.get(f"{step(place, 'test')}?{query}").status_code == 200
    for address in ("999999/", f"{place.pk}/nowhere/", f"{'9' * 30}/place/"):
        assert owner.client.get(f"/admin/set-up/{address}").status_code == 404


def test_the_page_of_staff_leads_to_the_invitation(db: None) -> None:
    place = make_venue()
    owner = Owner(is_superuser=False)
    Membership.objects.create(user=User.objects.get(), restaurant=place, role="owner")
    page = read(owner.get(step(place, "staff")))
    form = owner.shown(page.links["Invite somebody by e-mail"])
    response = owner.client.post(
        page.links["Invite somebody by e-mail"], form | {"email": "new@example.org", "name": "Nora New", "role": "host"}
    )
    assert response.status_code == 302
    member = Membership.objects.get(user__email="new@example.org")
    assert (member.restaurant, member.role) == (place, "host")
    told = Message.objects.get(kind=Message.Kind.INVITATION)
    assert told.member == member
    assert "new@example.org" in owner.get(page.links["Everybody who works here"]).content.decode()


def test_a_manager_is_led_to_no_invitation_which_is_the_owners(client: Client, db: None) -> None:
    place = make_venue()
    client.force_login(make_member(place, "manager"))
    page = read(client.get(step(place, "staff")))
    assert "Owners of the restaurant invite" in page.text
    assert not {"Invite somebody by e-mail", "Everybody who works here"} & set(page.links)


def test_the_guide_is_linked_for_who_may_add_a_restaurant(db: None) -> None:
    place = make_venue()
    leading = ("/admin/", "/admin/reservations/restaurant/", "/admin/reservations/restaurant/add/")
    operator = Owner()
    for address in leading:
        assert read(operator.get(address)).links["Set up a restaurant"] == "/admin/set-up/"
    other = Client()
    other.force_login(make_member(place, "owner"))
    for address in leading:
        assert "Set up a restaurant" not in other.get(address).content.decode()


def test_who_may_not_change_the_restaurant_is_refused(client: Client, db: None) -> None:
    place = make_restaurant()
    addresses = ["/admin/set-up/", *(f"/admin/set-up/{place.pk}/{end}" for end in ("", "place/", "open/", "preview/"))]
    for address in addresses:
        assert client.get(address)["Location"].startswith("/admin/login/")
    client.force_login(make_user(is_staff=True))
    for address in addresses:
        assert client.get(address).status_code == 403
        assert client.post(address, PLACE).status_code == 403
    assert "Set up your first restaurant" not in client.get("/admin/").content.decode()
