"""What staff see of the history: what happened, to which fields, by whom and from where; and nobody changes it."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.history import trail
from reservations.history.chaining import copy_events
from reservations.history.trail import COMMAND, GUEST, By, Event, by_staff
from reservations.models import Guest, HistoryEvent, HistoryOutbox, Reservation, Restaurant, Table
from tests.factories import make_area, make_limited, make_reservation, make_staff, make_table, make_user, make_venue
from tests.history.memory import MemoryStore
from tests.history.rows import event, happen

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = "The history's store can't be reached"


@pytest.fixture
def tokyo(transactional_db: None) -> Restaurant:
    return make_venue(timezone="Asia/Tokyo", country="JP")


@pytest.fixture
def visit(tokyo: Restaurant) -> Reservation:
    return make_reservation(tokyo, at=dt.time(19))


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def of_restaurant(restaurant: Restaurant) -> str:
    return reverse("admin:reservations_historyevent_restaurant", args=(restaurant.pk,))


def of_reservation(reservation: Reservation) -> str:
    return reverse("admin:reservations_historyevent_reservation", args=(reservation.pk,))


def cells(client: Client, address: str) -> list[list[str]]:
    """Return the table of a page, as text without tags."""
    page = client.get(address)
    assert page.status_code == 200
    _before, _here, content = page.content.decode().partition('id="change-history"')
    rows = re.findall(r"<tr>(.*?)</tr>", content, re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(" ".join(re.sub(r"<[^>]+>", " ", cell).split())) for cell in row] for row in found[1:]]


def text(client: Client, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


def test_a_reservation_s_page_tells_everything_that_happened_to_it(staff: Client, visit: Reservation) -> None:
    terrace = make_area(visit.restaurant, name="Terrace")
    tables = [make_table(visit.restaurant, name=name, area=terrace) for name in ("Bay 7", "Bay 8")]
    seat = Table.objects.get(pk=visit.table_ids[0])
    guest = Guest.objects.create(restaurant=visit.restaurant, key="k", name="Ada Guest")
    user = make_user(name="Mika Host")
    before = {"party_size": 2, "starts_at": visit.starts_at, "table_ids": visit.table_ids, "area_id": None}
    after = {
        "party_size": 4,
        "starts_at": visit.starts_at + dt.timedelta(hours=1),
        "table_ids": [table.pk for table in tables],
        "area_id": terrace.pk,
        "name": "Grace",
        "status": "seated",
        "needs_step_free": True,
    }
    now = timezone.now()
    changed = Event("changed", "reservation", visit.pk, guest.pk, trail.difference(before, after))
    happen(visit.restaurant, changed, date=visit.service_date, by=by_staff(user), now=now)
    happen(visit.restaurant, Event("late", "reservation", visit.pk), date=visit.service_date, by=GUEST)
    happen(visit.restaurant, Event("teleported", "reservation", visit.pk), date=visit.service_date, by=COMMAND)
    happen(visit.restaurant, event("held", visit.pk + 1), date=visit.service_date)
    first, second, third = [row for row in cells(staff, of_reservation(visit)) if row[1] != "Table held"][-3:]
    local = now.astimezone(visit.restaurant.zone)
    when = f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M} JST"
    assert first[:3] == [when, "Changed", f"Reservation {visit.reference}"]
    start = visit.local_start
    for told in (
        "Party size: 2 → 4",
        f"Start: {start:%a} {start.day} {start:%b %Y}, 19:00 JST → {start:%a} {start.day} {start:%b %Y}, 20:00 JST",
        f"Tables: {seat.name} → Bay 7, Bay 8",
        "Area asked for: Terrace",
        "Status: seated",
        "Step-free access: yes",
        "Changed, and not kept here: Name",
    ):
        assert told in first[3]
    assert first[4:7] == ["Mika Host", "the admin", f"#{guest.pk}"]
    assert (second[1], second[4], second[5]) == ("Announced to be late", "the guest", "the public site")
    assert (third[1], third[4], third[5]) == ("teleported", "an operator", "the command line")
    page = text(staff, of_reservation(visit))
    assert "Times are in the time zone Asia/Tokyo." in page
    assert "Grace" not in page


def test_a_day_s_chain_is_verified(staff: Client, visit: Reservation) -> None:
    happen(visit.restaurant, event("held", visit.pk), event("confirmed", visit.pk), date=visit.service_date)
    date = f"{visit.service_date:%a} {visit.service_date.day} {visit.service_date:%b %Y}"
    assert f"The chain of {date} is whole" in text(staff, of_reservation(visit))
    # Of another party's event, on the same day.
    rows = happen(visit.restaurant, event("held", visit.pk + 1), event("held", 9), date=visit.service_date)
    HistoryEvent.objects.filter(pk=rows[0].pk).update(actor="guest")
    page = text(staff, of_reservation(visit))
    assert f"The chain of {date} is broken" in page
    assert f"event {rows[0].position} is not what was written" in page


def test_each_day_of_a_visit_that_was_moved_is_verified(staff: Client, visit: Reservation) -> None:
    [elsewhere] = happen(visit.restaurant, event("moved", visit.pk), date=dt.date(2027, 3, 27))
    happen(visit.restaurant, event("moved", visit.pk), date=visit.service_date)
    HistoryEvent.objects.filter(pk=elsewhere.pk).update(kind="held")
    page = text(staff, of_reservation(visit))
    assert "The chain of Sat 27 Mar 2027 is broken" in page
    assert page.count("is whole: every event") == 1


def test_a_restaurant_s_recent_activity_is_newest_first_and_its_own(staff: Client, tokyo: Restaurant) -> None:
    now = timezone.now()
    happen(tokyo, event("held", 5), now=now)
    happen(tokyo, Event("joined", "entry", 8, 3), date=None, now=now + dt.timedelta(seconds=1))
    happen(tokyo, Event("closed", "closure", 2), by=By("staff", "admin", 10**9), now=now + dt.timedelta(seconds=2))
    happen(make_venue(), event("cancelled", 6))
    rows = cells(staff, of_restaurant(tokyo))[:3]
    assert [row[1:3] for row in rows] == [
        ["Closed", "Closure #2"],
        ["Joined the waitlist", "Waitlist entry #8"],
        ["Table held", "Reservation #5"],
    ]
    assert [row[4] for row in rows] == ["staff #1000000000", "the site itself", "the site itself"]
    assert [row[7] for row in rows] == ["Sat 27 Mar 2027 · 2", "waits for its place", "Sat 27 Mar 2027 · 1"]
    assert "Cancelled" not in text(staff, of_restaurant(tokyo))


def test_what_happened_is_there_at_once(staff: Client, tokyo: Restaurant) -> None:
    for number in range(3):
        happen(tokyo, event("held", number))
        assert cells(staff, of_restaurant(tokyo))[0][2] == f"Reservation #{number}"


def test_pages_are_linked_from_the_forms(staff: Client, visit: Reservation) -> None:
    form = text(staff, reverse("admin:reservations_restaurant_change", args=(visit.restaurant_id,)))
    assert f'href="{of_restaurant(visit.restaurant)}"' in form
    form = text(staff, reverse("admin:reservations_reservation_change", args=(visit.pk,)))
    assert f'href="{of_reservation(visit)}"' in form
    [row] = happen(visit.restaurant, event("held", visit.pk), date=visit.service_date)
    form = text(staff, reverse("admin:reservations_historyevent_change", args=(row.pk,)))
    assert f'href="{of_reservation(visit)}"' in form


def test_an_outage_of_the_store_is_said(staff: Client, copy: MemoryStore, visit: Reservation) -> None:
    happen(visit.restaurant, event("held", visit.pk), date=visit.service_date)
    copy_events()
    for page in (of_restaurant(visit.restaurant), of_reservation(visit)):
        assert AWAY not in text(staff, page)
        assert "Table held" in text(staff, page)
    copy.away = True
    happen(visit.restaurant, event("late", visit.pk), date=visit.service_date)
    for page in (of_restaurant(visit.restaurant), of_reservation(visit)):
        assert AWAY in text(staff, page)
        assert "Table held" in text(staff, page)
        assert "Announced to be late" in text(staff, page)


def test_pages_take_as_many_statements_for_many_more_events(
    staff: Client, copy: MemoryStore, visit: Reservation
) -> None:
    def statements(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(address).status_code == 200
        return sum("django_session" not in query["sql"] for query in queries)

    def crowd(number: int) -> None:
        for one in range(number):
            guest = Guest.objects.create(restaurant=visit.restaurant, key=f"{timezone.now()}{one}")
            entry = Event("changed", "reservation", visit.pk, guest.pk, {"table_ids": [[], [one]], "area_id": [1, 2]})
            happen(visit.restaurant, entry, date=visit.service_date, by=by_staff(make_user()))
            happen(visit.restaurant, event("held", one), date=visit.service_date)

    for away in (False, True):
        copy.away = away
        for address in (of_restaurant(visit.restaurant), of_reservation(visit)):
            crowd(1)
            statements(address)
            crowd(1)
            before = statements(address)
            crowd(6)
            assert statements(address) == before


def test_staff_without_the_permission_see_nothing(client: Client, visit: Reservation) -> None:
    client.force_login(make_limited("view_reservation", "view_restaurant"))
    assert client.get(of_restaurant(visit.restaurant)).status_code == 403
    assert client.get(of_reservation(visit)).status_code == 403
    for model, row in (("restaurant", visit.restaurant), ("reservation", visit)):
        form = text(client, reverse(f"admin:reservations_{model}_change", args=(row.pk,)))
        assert "/historyevent/" not in form


def test_staff_who_may_see_events_alone_get_no_links_to_guests(client: Client, visit: Reservation) -> None:
    client.force_login(make_limited("view_historyevent"))
    happen(visit.restaurant, Event("held", "reservation", visit.pk, 4711), date=visit.service_date)
    for address in (of_restaurant(visit.restaurant), of_reservation(visit)):
        page = text(client, address)
        assert "#4711" in page
        content = page[page.index('id="change-history"') :]
        assert "<a " not in content
        assert visit.name not in page


def test_nobody_changes_what_happened(staff: Client, copy: MemoryStore, tokyo: Restaurant) -> None:
    [row] = happen(tokyo, event("held", 5))
    for model, pk in (("historyevent", row.pk), ("historyoutbox", HistoryOutbox.objects.get(event=row).pk)):
        assert staff.get(reverse(f"admin:reservations_{model}_add")).status_code == 403
        for action in ("change", "delete"):
            address = reverse(f"admin:reservations_{model}_{action}", args=(pk,))
            assert staff.post(address, {"kind": "x", "post": "yes"}).status_code == 403
        page = reverse(f"admin:reservations_{model}_changelist")
        staff.post(page, {"action": "delete_selected", "_selected_action": str(pk), "post": "yes"})
    assert HistoryEvent.objects.filter(pk=row.pk, kind="held").exists()
    assert HistoryOutbox.objects.filter(event=row).exists()


def test_a_restaurant_s_events_go_with_it(staff: Client, copy: MemoryStore, tokyo: Restaurant) -> None:
    happen(tokyo, event("closed", subject="closure"))
    address = reverse("admin:reservations_restaurant_delete", args=(tokyo.pk,))
    assert staff.post(address, {"post": "yes"}).status_code == 302
    assert not HistoryEvent.objects.exists()
    assert not HistoryOutbox.objects.exists()


def test_what_is_not_there_is_not_found(staff: Client, tokyo: Restaurant) -> None:
    for number in (0, 10**30):
        for page in ("restaurant", "reservation"):
            assert staff.get(reverse(f"admin:reservations_historyevent_{page}", args=(number,))).status_code == 404


def test_the_list_is_filtered_by_kind_and_by_local_day(staff: Client) -> None:
    now = timezone.now()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        place = make_venue(timezone=zone)
        today = now.astimezone(place.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for kind, days in (("held", 0), ("confirmed", -1), ("seated", -6), ("finished", -29), ("cancelled", -30)):
            happen(place, event(kind), now=today + dt.timedelta(days=days, minutes=1))
    address = reverse("admin:reservations_historyevent_changelist")
    for when, kinds in {
        "today": {"held"},
        "yesterday": {"confirmed"},
        "week": {"held", "confirmed", "seated"},
        "month": {"held", "confirmed", "seated", "finished"},
        "nonsense": {"held", "confirmed", "seated", "finished", "cancelled"},
    }.items():
        found = list(staff.get(address, {"when": when}).context["cl"].result_list)
        assert sorted(row.kind for row in found) == sorted([*kinds, *kinds]), when
    found = list(staff.get(address, {"kind": "seated"}).context["cl"].result_list)
    assert {row.kind for row in found} == {"seated"}
    found = list(staff.get(address, {"q": "2027-03-27"}).context["cl"].result_list)
    assert len(found) == 10
