"""A house in the middle of an evening, and the addresses of all that its staff may have open then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from reservations.engine import blocking, waitlist
from reservations.engine.tables import slot_of
from reservations.models import BookingRequest, Guest, Reservation, Restaurant, Table, WaitlistEntry
from tests.conftest import Site
from tests.factories import make_by, make_member, make_staff, new_key
from tests.reservations.evening import make_house, make_party, tables_of, tonight
from tests.reservations.people import make_guest, make_old_request, make_visit, make_waiting

Status = Reservation.Status

LONG = "<b>" + "W" * 117
NOTE = "N" * 200
HEBREW = "שלום רב"
TURNED = "Eve \u202eLark"
ORDINARY = "Anna-Katharina Freifrau von Hohenfels-Sigmaringen"
SCRIPT = "<script>alert(1)</script>"

OF_RESTAURANT = (
    *("day", "floor", "timeline", "plan", "plan_edit", "walk_in", "door", "night", "brake"),
    *("reports", "explain", "change", "history"),
)
OF_RESERVATION = (
    *("change", "alter", "move", "stay", "cancel", "note", "coming", "late", "fewer", "arrive", "seat"),
    *("finish", "no_show", "history"),
)


def make_busy() -> Restaurant:
    """Return a restaurant with parties that sit, are late, come next, sit too long, wait and ask; a table is blocked.

    The names are as long as their fields take, from right to left, turned by hand, and HTML.
    """
    restaurant = make_house(tables=(2, 2, 2, 4, 4, 2, 2), name="Zur Linde " + "L" * 60)
    tables = tables_of(restaurant)
    for table, name in zip(tables, ("T" * 30, HEBREW), strict=False):
        Table.objects.filter(pk=table.pk).update(name=name)
    told: dict[str, Any] = {"note": NOTE, "dietary_needs": NOTE, "occasion": "birthday", "phone": "+493012345678"}
    guest = make_guest(restaurant, name=LONG, email="ada@example.org", notes=NOTE, tags=[LONG[:30], HEBREW])
    make_visit(guest, 30, Status.NO_SHOW)
    make_party(restaurant, 1, starts=-150, name=LONG, status=Status.SEATED, guest=guest, **told)
    make_party(restaurant, 1, starts=30, name=ORDINARY, **told)
    make_party(restaurant, 2, starts=-60, name=HEBREW, **told)
    make_party(restaurant, 3, starts=-45, name=LONG, **told)
    make_party(restaurant, 4, starts=45, name=TURNED, **told)
    make_party(restaurant, 5, starts=-30, name=SCRIPT, status=Status.SEATED, **told)
    user = make_staff(name="Otto " + "O" * 50)
    start = slot_of(timezone.now())
    blocking.block(
        restaurant=restaurant,
        date=tonight(restaurant),
        start=start,
        end=start + dt.timedelta(minutes=60),
        table_ids=(tables[5].pk,),
        user=user,
        by=make_by(user),
        reason=NOTE[:100],
    )
    for name in (LONG, HEBREW):
        waitlist.join_at_door(
            restaurant=restaurant, party=2, name=name, note=NOTE, user=user, by=make_by(user), key=new_key()
        )
        make_waiting(restaurant, name=name, note=NOTE)
    offer = make_party(restaurant, 7, starts=90, status=Status.HELD, source=Reservation.Source.WAITLIST)
    make_waiting(restaurant, name=LONG, note=NOTE, status=WaitlistEntry.Status.OFFERED, offer=offer)
    make_old_request(restaurant, name=LONG, note=NOTE, status=BookingRequest.Status.OPEN)
    make_member(restaurant, "host", name=LONG)
    return restaurant


def evening_pages(restaurant: Restaurant) -> list[str]:
    """Return the addresses of the pages that run the evening: of the house, and of a party that is late."""
    late = Reservation.objects.get(restaurant=restaurant, name=LONG, status=Status.CONFIRMED)
    sitting = Reservation.objects.get(restaurant=restaurant, name=LONG, status=Status.SEATED)
    table = tables_of(restaurant)[0]
    door = restaurant.waitlist.filter(kind=WaitlistEntry.Kind.DOOR).earliest("pk")
    here = restaurant.pk
    return [
        reverse("admin:index"),
        *(_of("restaurant", name, here) for name in OF_RESTAURANT),
        reverse("admin:reservations_restaurant_table", args=(here, table.pk)),
        *(reverse(f"admin:reservations_restaurant_door_{name}", args=(here, door.pk)) for name in ("seat", "leave")),
        reverse("admin:reservations_reservation_add") + f"?restaurant={here}",
        reverse("admin:reservations_block_add") + f"?restaurant={here}",
        *(_of("reservation", name, late.pk) for name in OF_RESERVATION),
        _of("reservation", "stay", sitting.pk),
        *(_of("historyevent", name, pk) for name, pk in (("restaurant", here), ("reservation", late.pk))),
    ]


def people_pages(restaurant: Restaurant) -> list[str]:
    """Return the addresses of the pages about who comes, waits, asks and works there, and about days that close."""
    guest = Guest.objects.filter(restaurant=restaurant).earliest("pk")
    other = make_guest(restaurant, name=HEBREW, email="other@example.org", notes=NOTE)
    entry = restaurant.waitlist.filter(status=WaitlistEntry.Status.OFFERED).earliest("pk")
    request = BookingRequest.objects.filter(restaurant=restaurant).earliest("pk")
    member = restaurant.memberships.earliest("pk")
    day = tonight(restaurant)
    close = f"?restaurant={restaurant.pk}"
    return [
        *(_of("guest", name, guest.pk) for name in ("change", "merge", "erase", "history")),
        _of("guest", "merge", guest.pk) + f"?other={other.pk}",
        reverse("admin:reservations_closure_close") + close,
        reverse("admin:reservations_closure_close") + f"{close}&starts_on={day}&ends_on={day}",
        *(_of("bookingrequest", name, request.pk) for name in ("change", "accept", "propose", "decline")),
        *(_of("waitlistentry", name, entry.pk) for name in ("change", "accept", "promote", "leave")),
        reverse("admin:reservations_membership_changelist"),
        *(_of("membership", name, member.pk) for name in ("change", "invite", "role", "remove")),
    ]


def _of(model: str, name: str, pk: int) -> str:
    return reverse(f"admin:reservations_{model}_{name}", args=(pk,))


def opened(page: Page, site: Site, restaurant: Restaurant) -> Iterator[str]:
    """Open each of these pages in turn, on a phone, and yield its address."""
    for address in (*evening_pages(restaurant), *people_pages(restaurant)):
        page.set_viewport_size({"width": 390, "height": 844})
        answer = page.goto(site.url + address, wait_until="load")
        assert answer is not None
        assert answer.status == 200, address
        yield address
