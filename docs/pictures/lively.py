"""Arrange the evening that the staff's pictures show, in the demo of the running site: see staff.py.

The demo has nobody late, nobody who sits too long and nobody who waits. Here
some are, around the present moment, in the house where a service is running and
most parties sit, on what is free there.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reservations.models import Restaurant, Table, User

ROOT = Path(__file__).resolve().parents[2]
_QUARTER = dt.timedelta(minutes=15)

# Who sits at one table after the other: quarters of an hour from now, and what is so of them.
_SITTINGS: tuple[tuple[tuple[int, int, str, dict[str, object]], ...], ...] = (
    ((-7, 0, "Margarethe Vogt", {"status": "seated"}), (0, 7, "Emre Yıldız", {"occasion": "birthday"})),
    ((-2, 5, "Priya Raman", {"dietary_needs": "no nuts"}),),
    ((-4, 3, "Jonas Lindqvist", {"status": "seated", "note": "by the window, please"}),),
    ((0, 7, "Beatriz Salgado", {"arrived": True}),),
    ((-3, 4, "Ada Fairweather", {"status": "seated", "dietary_needs": "vegan"}), (5, 12, "Noor van Dijk", {})),
    ((2, 9, "Kenji Morita", {"occasion": "anniversary"}),),
    ((-6, 1, "Tomasz Zieliński", {"status": "seated"}), (2, 9, "Grace Okafor", {"note": "two prams"})),
    ((4, 11, "Chiara Bellini", {}),),
    ((-1, 6, "Hannah Weiss", {"status": "seated"}),),
    ((6, 13, "Samuel Osei", {}),),
)


def start() -> None:
    """Set Django up on the database of the site that runs from this checkout."""
    from restaurant_site import development

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")
    # The driver of the browser runs a loop in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    development.start_servers(ROOT, ["pictures"])
    import django

    django.setup()


def arrange() -> int:
    """Return the number of the restaurant in whose evening most is going on; what lacks in it is arranged, once."""
    from django.utils import timezone

    from reservations.models import User
    from reservations.queries.floor import running

    now = timezone.now()
    restaurant = _liveliest(now)
    date = running(restaurant, now).date
    if not restaurant.waitlist.filter(service_date=date, kind="door").exists():
        user = User.objects.filter(is_superuser=True).earliest("pk")
        _parties(restaurant, date, now, user)
        _sit_down(restaurant, date, now, user)
        _block(restaurant, date, now, user)
        _waiting(restaurant, date, now, user)
    return restaurant.pk


def _liveliest(now: dt.datetime) -> Restaurant:
    """Return the demo's restaurant where a service is running, and most parties sit or are still to come."""
    from reservations.models import Restaurant
    from reservations.queries.floor import running
    from restaurant_site.demo.places import PLACES

    def life(restaurant: Restaurant) -> tuple[bool, int]:
        here = running(restaurant, now)
        tonight = restaurant.reservations.filter(service_date=here.date, status__in=("confirmed", "seated"))
        return here.service is not None, tonight.count()

    return max(Restaurant.objects.filter(slug__in=[place.slug for place in PLACES]).order_by("position"), key=life)


def _parties(restaurant: Restaurant, date: dt.date, now: dt.datetime, user: User) -> None:
    from reservations.engine import arriving
    from reservations.engine.booking import Wish
    from reservations.engine.tables import slot_of
    from reservations.history.trail import by_staff
    from reservations.models import Table
    from reservations.queries.floor import running
    from tests.factories import make_seated

    begin = slot_of(now)
    service = running(restaurant, now).service
    tables = list(Table.objects.filter(restaurant=restaurant).order_by("area", "position", "pk"))
    for sittings in _SITTINGS:
        table = next((one for one in tables if _is_free(one, begin, sittings[0][0], sittings[-1][1])), None)
        if table is None:
            continue
        tables.remove(table)
        for first, last, name, told in sittings:
            fields = {key: value for key, value in told.items() if key != "arrived"}
            if fields.get("status") == "seated":
                fields["seated_at"] = begin + first * _QUARTER
            party = make_seated(
                restaurant,
                [table],
                Wish(restaurant.pk, date, begin + first * _QUARTER, min(table.max_seats, 2 + len(name) % 3)),
                minutes=15 * (last - first),
                name=name,
                email="",
                phone="",
                idempotency_key=secrets.token_hex(32),
                service_id=service.id if service else None,
                service_name=service.name if service else "",
                **fields,
            )
            if "arrived" in told:
                arriving.arrive(reservation=party, by=by_staff(user))


def _sit_down(restaurant: Restaurant, date: dt.date, now: dt.datetime, user: User) -> None:
    """Seat two of three who are due now, and let the third have arrived."""
    from reservations.engine import arriving, floor
    from reservations.engine.tables import slot_of
    from reservations.history.trail import by_staff

    sitting = restaurant.reservations.filter(status="seated")
    kept = {pk for party in sitting for pk in party.table_ids}
    due = restaurant.reservations.filter(service_date=date, status="confirmed", starts_at=slot_of(now))
    free = [party for party in due.order_by("pk") if not kept & set(party.table_ids)]
    for number, party in enumerate(free):
        (arriving.arrive if number % 3 == 2 else floor.seat)(reservation=party, by=by_staff(user))


def _is_free(table: Table, begin: dt.datetime, first: int, last: int) -> bool:
    """Return whether nobody has a table from the first to the last quarter of an hour from a moment."""
    from reservations.models import TableClaim

    slots = [begin + quarter * _QUARTER for quarter in range(first, last)]
    return not TableClaim.objects.filter(table=table, slot_start__in=slots).exists()


def _block(restaurant: Restaurant, date: dt.date, now: dt.datetime, user: User) -> None:
    """Block the first table that is free for two hours."""
    from reservations.engine import blocking
    from reservations.engine.errors import Refused
    from reservations.engine.tables import slot_of
    from reservations.history.trail import by_staff

    start = slot_of(now)
    for table in restaurant.tables.order_by("-pk"):
        try:
            blocking.block(
                restaurant=restaurant,
                date=date,
                start=start,
                end=start + 8 * _QUARTER,
                table_ids=(table.pk,),
                user=user,
                by=by_staff(user),
                reason="Wobbles",
            )
        except Refused:
            continue
        return


def _waiting(restaurant: Restaurant, date: dt.date, now: dt.datetime, user: User) -> None:
    from reservations.engine import waitlist
    from reservations.engine.tables import next_slot
    from reservations.history.trail import by_staff
    from reservations.models import WaitlistEntry

    for name, party in (("Odile Marchand", 2), ("Yusuf Adeyemi", 4)):
        waitlist.join_at_door(
            restaurant=restaurant, party=party, name=name, user=user, by=by_staff(user), key=secrets.token_urlsafe(16)
        )
    for name, party in (("Ines Carvalho", 2), ("Theo Lindqvist", 3)):
        WaitlistEntry.objects.create(
            restaurant=restaurant,
            service_date=date,
            earliest=next_slot(now) + 4 * _QUARTER,
            latest=next_slot(now) + 10 * _QUARTER,
            party_size=party,
            name=name,
            email=f"{name.split()[0].lower()}@example.org",
            idempotency_key=secrets.token_hex(32),
        )
