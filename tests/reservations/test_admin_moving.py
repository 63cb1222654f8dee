"""What the page of moving, and the timeline, say of other tables is what the write rule does."""

from __future__ import annotations

import pytest
from django.test import Client

from reservations.admin.pages import seen_of
from reservations.models import Reservation, Restaurant
from tests.factories import make_staff
from tests.reservations.evening import make_house, make_party, of_reservation, of_restaurant, tables_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


@pytest.fixture
def house() -> Restaurant:
    """Two tables, T1 and T2, for two each."""
    return make_house(tables=(2, 2))


def told(client: Client, row: Reservation) -> tuple[str, list[str]]:
    """Return what the page of moving says of T2, and the tables that it names as free."""
    page = client.get(of_reservation(row, "move")).context
    said = page["form"].fields["tables"].choices[1][1].partition(" · ")[2]
    return said, [button.label for button in page["buttons"]]


def moved(client: Client, row: Reservation) -> str:
    """Press the button that moves a party to T2, as the page has it, and return the page that follows."""
    sent = {"seen": seen_of(row), "tables": [tables_of(row.restaurant)[1].pk]}
    return client.post(of_reservation(row, "move"), sent, follow=True).content.decode()


def test_a_late_party_is_told_a_table_that_came_free_meanwhile(staff: Client, house: Restaurant) -> None:
    late = make_party(house, 1, starts=-30)
    make_party(house, 2, starts=-60, stay=45, status="finished", name="Bea Before")
    assert told(staff, late) == ("free", ["T2"])
    assert "is now at T2" in moved(staff, late)


def test_a_party_over_its_time_is_not_told_a_table_that_somebody_has_now(staff: Client, house: Restaurant) -> None:
    over = make_party(house, 1, starts=-120, stay=105, status="seated")
    make_party(house, 2, starts=0, name="Carl Coming")
    said, free = told(staff, over)
    assert "Carl Coming" in said
    assert free == []
    assert "is taken" in moved(staff, over)


def test_the_timeline_names_who_has_the_table_not_who_has_left(staff: Client, house: Restaurant) -> None:
    sits = make_party(house, 1, starts=-60, status="seated")
    make_party(house, 2, starts=-60, stay=45, status="finished", name="Bea Before")
    make_party(house, 2, starts=30, name="Carl Coming")
    old, new = tables_of(house)
    sent = {"reservation": sits.pk, "seen": seen_of(sits), "table": old.pk, "to": new.pk}
    text = staff.post(of_restaurant(house, "drop"), sent).json()["text"]
    assert "Carl Coming" in text
    assert "Bea Before" not in text
