"""Rows for tests: keyword functions that fill in whatever a test does not care about.

`make_venue` is a restaurant that takes bookings. `make_hold`,
`make_reservation`, `make_entry`, `make_request`, `make_block` and
`make_walk_in` go through the write rules; `make_seated` writes a reservation
and its claims without asking them, for crowds and odd states.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from menus.models import Dish, Menu, MenuService, Section
from reservations import access
from reservations.engine import blocking, booking, floor, requests, waitlist
from reservations.engine.booking import Details, Wish
from reservations.engine.slots import claimed_slots
from reservations.history.trail import By, by_staff
from reservations.models import (
    Area,
    Block,
    BookingRequest,
    Closure,
    CombinationTable,
    Guest,
    Membership,
    Reservation,
    Restaurant,
    Service,
    SpecialDay,
    Table,
    TableClaim,
    TableCombination,
    TurnTime,
    User,
    WaitlistEntry,
    contact_key,
)

_numbers = itertools.count(1)


def make_user(*, email: str | None = None, password: str | None = None, **fields: Any) -> User:
    """Return a saved user; without a password one that can only be signed in by `client.force_login`."""
    return User.objects.create_user(email or f"user{next(_numbers)}@example.org", password, **fields)


def make_staff(**fields: Any) -> User:
    """Return a user with every right."""
    return make_user(**{"is_staff": True, "is_superuser": True, **fields})


def make_member(restaurant: Restaurant, role: str = "host", **fields: Any) -> User:
    """Return a member of the restaurant's staff."""
    user = make_user(**{"is_staff": True, **fields})
    Membership.objects.create(user=user, restaurant=restaurant, role=role)
    return user


def make_limited(*codenames: str) -> User:
    """Return staff of every restaurant that is there, who may do exactly this, whatever roles may do.

    Until the test ends no role grants anything else: for tests of what one page asks for.
    """
    access.LEAST.clear()
    access.LEAST.update({f"{app}.{name}": access.Role.HOST for name in codenames for app in ("reservations", "menus")})
    user = make_user(is_staff=True)
    for restaurant in Restaurant.objects.all():
        Membership.objects.create(user=user, restaurant=restaurant)
    return user


def make_restaurant(**fields: Any) -> Restaurant:
    """Return a published restaurant in Berlin, without tables or services."""
    number = next(_numbers)
    return Restaurant.objects.create(
        **{
            "name": f"Restaurant {number}",
            "slug": f"restaurant-{number}",
            "street": "Hauptstraße 1",
            "postcode": "10827",
            "city": "Berlin",
            "country": "DE",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "phone": "+49 30 1234567",
            "email": "table@example.org",
            **fields,
        }
    )


def make_area(restaurant: Restaurant, **fields: Any) -> Area:
    """Return an area of the restaurant."""
    return Area.objects.create(restaurant=restaurant, **{"name": f"Area {next(_numbers)}", **fields})


def make_table(restaurant: Restaurant, *, area: Area | None = None, seats: int = 4, **fields: Any) -> Table:
    """Return a table for one to so many, in the given area or the restaurant's first."""
    area = area or restaurant.areas.first() or make_area(restaurant, name="Dining room")
    return Table.objects.create(
        restaurant=restaurant, area=area, max_seats=seats, **{"name": f"T{next(_numbers)}", **fields}
    )


def make_tables(
    restaurant: Restaurant, seats: Iterable[int], *, area: Area | None = None, **fields: Any
) -> list[Table]:
    """Return one table for each number of seats."""
    return [make_table(restaurant, area=area, seats=number, **fields) for number in seats]


def make_combination(restaurant: Restaurant, tables: Sequence[Table], **fields: Any) -> TableCombination:
    """Return a combination of tables, for parties that no member seats alone up to all their seats."""
    combination = TableCombination.objects.create(
        restaurant=restaurant,
        **{
            "name": f"Combination {next(_numbers)}",
            "min_party": max(table.max_seats for table in tables) + 1,
            "max_party": sum(table.max_seats for table in tables),
            **fields,
        },
    )
    for table in tables:
        CombinationTable.objects.create(restaurant=restaurant, combination=combination, table=table)
    return combination


def make_service(restaurant: Restaurant, **fields: Any) -> Service:
    """Return a dinner of every day, seated every half hour from 18:00 to 22:00."""
    return Service.objects.create(
        restaurant=restaurant,
        **{
            "name": "Dinner",
            "first_seating": dt.time(18),
            "last_seating": dt.time(22),
            "interval_minutes": 30,
            **fields,
        },
    )


def make_turn_time(restaurant: Restaurant, *, up_to: int, minutes: int, service: Service | None = None) -> TurnTime:
    """Return the minutes for which parties up to so many covers hold a table."""
    return TurnTime.objects.create(restaurant=restaurant, service=service, up_to=up_to, minutes=minutes)


def make_special_day(restaurant: Restaurant, date: dt.date, **fields: Any) -> SpecialDay:
    """Return a special day, closed unless told."""
    return SpecialDay.objects.create(restaurant=restaurant, date=date, **fields)


def make_closure(restaurant: Restaurant, first: dt.date, last: dt.date | None = None, **fields: Any) -> Closure:
    """Return a closure from the first to the last date, both included."""
    return Closure.objects.create(restaurant=restaurant, starts_on=first, ends_on=last or first, **fields)


def make_venue(
    *, tables: Iterable[int] = (2, 2, 4, 4, 6), service: dict[str, Any] | None = None, **fields: Any
) -> Restaurant:
    """Return a bookable restaurant: a table for each number of seats, and dinner as `make_service` has it.

    service overrides fields of the service, the others those of the restaurant.
    """
    restaurant = make_restaurant(**fields)
    make_tables(restaurant, tables)
    make_service(restaurant, **(service or {}))
    return restaurant


def make_menu(restaurant: Restaurant, *, dishes: Iterable[str] = ("Soup", "Bread"), **fields: Any) -> Menu:
    """Return a menu of one section with dishes of these names."""
    menu = Menu.objects.create(restaurant=restaurant, **{"name": f"Menu {next(_numbers)}", **fields})
    section = Section.objects.create(restaurant=restaurant, menu=menu, name="Starters")
    for position, name in enumerate(dishes):
        make_dish(section, name=name, position=position)
    return menu


def make_menu_service(menu: Menu, service: Service | None = None, *, name: str = "") -> MenuService:
    """Limit a menu to a service, or to those of a name."""
    return MenuService.objects.create(
        restaurant_id=menu.restaurant_id, menu=menu, service=service, name=name or (service.name if service else "")
    )


def make_dish(section: Section, **fields: Any) -> Dish:
    """Return a dish of the section."""
    return Dish.objects.create(
        restaurant_id=section.restaurant_id,
        section=section,
        **{"name": f"Dish {next(_numbers)}", "price": "7.50", **fields},
    )


def days_ahead(restaurant: Restaurant, days: int = 7) -> dt.date:
    """Return the date so many days after the restaurant's local today."""
    return timezone.now().astimezone(restaurant.zone).date() + dt.timedelta(days=days)


def utc(restaurant: Restaurant, date: dt.date, clock: dt.time) -> dt.datetime:
    """Return the UTC moment of a wall time at the restaurant."""
    return dt.datetime.combine(date, clock, tzinfo=restaurant.zone).astimezone(dt.UTC)


def make_wish(
    restaurant: Restaurant,
    *,
    date: dt.date | None = None,
    at: dt.time = dt.time(19),
    party: int = 2,
    area: Area | None = None,
    step_free: bool = False,
    days_after: int = 0,
) -> Wish:
    """Return a wish for a wall time of a service date, by default 19:00 in a week.

    days_after is 1 for a time after midnight of the service date.
    """
    date = date or days_ahead(restaurant)
    return Wish(
        restaurant_id=restaurant.pk,
        date=date,
        start=utc(restaurant, date + dt.timedelta(days=days_after), at),
        party=party,
        area_id=area.pk if area else None,
        step_free=step_free,
    )


def new_key() -> str:
    """Return an idempotency key that no other form has."""
    return f"key{next(_numbers):08}"


def make_details(**fields: Any) -> Details:
    """Return what a guest tells."""
    return Details(**{"name": "Ada Guest", "email": "ada@example.org", "phone": "+49 30 7654321", **fields})


def make_hold(
    restaurant: Restaurant,
    *,
    browser: str | None = None,
    key: str | None = None,
    lapsed: bool = False,
    wish: Wish | None = None,
    **fields: Any,
) -> Reservation:
    """Return a hold made by the write rule; fields are those of `make_wish`. Raises `Refused` as the rule does.

    Each comes from a browser of its own unless one is named, since a browser has
    one hold at a time. lapsed moves its end a minute into the past, with the row
    as yet saying ``held``.
    """
    found = booking.hold(
        wish=wish or make_wish(restaurant, **fields),
        browser=browser or f"{next(_numbers):064x}",
        key=key or f"key{next(_numbers)}",
    )
    if lapsed:
        found.held_until = timezone.now() - dt.timedelta(minutes=1)
        found.save(update_fields=["held_until"])
    return found


def make_reservation(restaurant: Restaurant, *, details: Details | None = None, **fields: Any) -> Reservation:
    """Return a confirmed reservation made by the write rules; fields are those of `make_hold`."""
    return booking.confirm(reservation=make_hold(restaurant, **fields), details=details or make_details())


def make_seated(
    restaurant: Restaurant, tables: Sequence[Table], wish: Wish, *, minutes: int = 120, **fields: Any
) -> Reservation:
    """Write a confirmed reservation with its claims at these tables, past the write rules.

    Where two hold one table at one time the database raises IntegrityError.
    """
    reservation = Reservation.objects.create(
        restaurant=restaurant,
        service_date=wish.date,
        starts_at=wish.start,
        ends_at=wish.start + dt.timedelta(minutes=minutes),
        party_size=wish.party,
        table_ids=[table.pk for table in tables],
        **{
            "status": Reservation.Status.CONFIRMED,
            "service_name": "Dinner",
            "name": "Ada Guest",
            "email": "ada@example.org",
            "idempotency_key": f"seated{next(_numbers)}",
            **fields,
        },
    )
    TableClaim.objects.bulk_create(
        TableClaim(restaurant=restaurant, reservation=reservation, table=table, slot_start=slot)
        for table in tables
        for slot in claimed_slots(wish.start, minutes)
    )
    return reservation


def make_by(user: User | None = None) -> By:
    """Return a member of staff as the one who does something, by default somebody new."""
    return by_staff(user or make_staff())


def make_guest(restaurant: Restaurant, *, email: str | None = None, phone: str = "", **fields: Any) -> Guest:
    """Return a guest that the restaurant knows, by default by an e-mail of their own."""
    if email is None:
        email = "" if phone else f"guest{next(_numbers)}@example.org"
    return Guest.objects.create(
        restaurant=restaurant,
        email=email,
        phone=phone,
        key=contact_key(email, phone),
        **{"name": f"Guest {next(_numbers)}", **fields},
    )


def make_entry(
    restaurant: Restaurant,
    *,
    wish: Wish | None = None,
    until: dt.time | None = None,
    details: Details | None = None,
    key: str | None = None,
    browser: str | None = None,
    language: str = "",
    **fields: Any,
) -> WaitlistEntry:
    """Return an entry of the waitlist, from a wish's time to until (the same time, where that is not given).

    fields are those of `make_wish`. Raises `Refused` as the rule does.
    """
    wish = wish or make_wish(restaurant, **fields)
    number = next(_numbers)
    return waitlist.join(
        wish=wish,
        latest=utc(restaurant, wish.date, until) if until else wish.start,
        details=details or make_details(name=f"Waiting {number}", email=f"waiting{number}@example.org", phone=""),
        browser=browser or f"{number:064x}",
        key=key or new_key(),
        language=language,
    )


def make_request(
    restaurant: Restaurant,
    *,
    wish: Wish | None = None,
    details: Details | None = None,
    key: str | None = None,
    browser: str | None = None,
    language: str = "",
    **fields: Any,
) -> BookingRequest:
    """Return a request of a large party, twelve by default; fields are those of `make_wish`."""
    return requests.ask(
        restaurant=restaurant,
        wish=wish or make_wish(restaurant, **{"party": 12, **fields}),
        details=details or make_details(),
        browser=browser or f"{next(_numbers):064x}",
        key=key or new_key(),
        language=language,
    )


def make_block(
    restaurant: Restaurant,
    tables: Sequence[Table],
    *,
    date: dt.date | None = None,
    at: dt.time = dt.time(18),
    minutes: int = 360,
    user: User | None = None,
    **fields: Any,
) -> Block:
    """Return a block of tables from a wall time on, by default from 18:00 to midnight in a week."""
    date, user = date or days_ahead(restaurant), user or make_staff()
    start = utc(restaurant, date, at)
    return blocking.block(
        restaurant=restaurant,
        date=date,
        start=start,
        end=start + dt.timedelta(minutes=minutes),
        table_ids=tuple(table.pk for table in tables),
        user=user,
        by=by_staff(user),
        **fields,
    )


def make_walk_in(
    restaurant: Restaurant,
    *,
    party: int = 2,
    tables: Sequence[Table] = (),
    user: User | None = None,
    key: str | None = None,
    **fields: Any,
) -> Reservation:
    """Return a party seated at the door now; fields are those of `floor.walk_in`. Raises `Refused` as the rule does."""
    user = user or make_staff()
    return floor.walk_in(
        restaurant=restaurant,
        party=party,
        user=user,
        by=by_staff(user),
        key=key or new_key(),
        table_ids=tuple(table.pk for table in tables),
        **fields,
    )
