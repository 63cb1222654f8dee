"""An invented restaurant becomes rows, once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from menus.models import Dish, Menu, Section
from reservations.models import (
    Area,
    Closure,
    CombinationTable,
    OpeningPeriod,
    Restaurant,
    RestaurantCuisine,
    Service,
    SpecialDay,
    Table,
    TableCombination,
    TurnTime,
)
from restaurant_site.database.batches import rows_a_statement
from restaurant_site.demo.spec import DemoPlace, DemoService, clock, days


def build(place: DemoPlace, *, position: int, today: dt.date) -> Restaurant:
    """Create a restaurant with its tables, services, special days and menus, all or nothing.

    today is its local date, from which special days and closures are counted.
    Raises IntegrityError where the slug exists.
    """
    with transaction.atomic():
        restaurant = Restaurant.objects.create(position=position, **place.fields)
        RestaurantCuisine.objects.bulk_create(
            RestaurantCuisine(restaurant=restaurant, cuisine=cuisine) for cuisine in place.cuisines
        )
        OpeningPeriod.objects.bulk_create(
            OpeningPeriod(restaurant=restaurant, day=day, opens=clock(opens), closes=clock(closes))
            for weekdays, opens, closes in place.hours
            for day in days(weekdays)
        )
        _build_tables(restaurant, place)
        _build_services(restaurant, place, today)
        _build_menus(restaurant, place)
    return restaurant


def _build_tables(restaurant: Restaurant, place: DemoPlace) -> None:
    tables: dict[str, Table] = {}
    for area_position, spec in enumerate(place.areas):
        area = Area.objects.create(restaurant=restaurant, name=spec.name, position=area_position)
        for table in spec.tables:
            x, y, shape = place.plan.get(table.name, (None, None, ""))
            tables[table.name] = Table.objects.create(
                restaurant=restaurant,
                area=area,
                name=table.name,
                min_seats=table.least,
                max_seats=table.most,
                is_online=table.online,
                is_step_free=table.step_free,
                position=len(tables),
                plan_x=x,
                plan_y=y,
                plan_shape=shape,
            )
    for spec_of in place.combinations:
        combination = TableCombination.objects.create(
            restaurant=restaurant,
            name=spec_of.name,
            min_party=spec_of.least,
            max_party=spec_of.most,
            is_online=spec_of.online,
        )
        CombinationTable.objects.bulk_create(
            CombinationTable(restaurant=restaurant, combination=combination, table=tables[name])
            for name in spec_of.tables.split(" + ")
        )


def _build_services(restaurant: Restaurant, place: DemoPlace, today: dt.date) -> None:
    _build_turns(restaurant, None, place.turns)
    for service in place.services:
        _build_service(restaurant, service, today, None)
    taken = set()
    for special in place.special_days:
        date = special.date(today)
        # One counted from today may fall on one of the year's.
        if date in taken:
            continue
        taken.add(date)
        row = SpecialDay.objects.create(
            restaurant=restaurant,
            date=date,
            name=special.name,
            is_closed=not special.services,
            hours=special.hours,
        )
        for service in special.services:
            _build_service(restaurant, service, today, row)
    Closure.objects.bulk_create(
        Closure(
            restaurant=restaurant,
            starts_on=today + dt.timedelta(days=closure.after),
            ends_on=today + dt.timedelta(days=closure.after + closure.length - 1),
            reason=closure.reason,
        )
        for closure in place.closures
    )


def _build_service(restaurant: Restaurant, spec: DemoService, today: dt.date, special: SpecialDay | None) -> None:
    first, last = spec.valid or (None, None)
    service = Service.objects.create(
        restaurant=restaurant,
        special_day=special,
        name=spec.name,
        weekdays=sum(1 << day for day in days(spec.weekdays)),
        first_seating=clock(spec.first),
        last_seating=clock(spec.last),
        interval_minutes=spec.interval,
        valid_from=None if first is None else today + dt.timedelta(days=first),
        valid_until=None if last is None else today + dt.timedelta(days=last),
        **spec.rules,
    )
    _build_turns(restaurant, service, spec.turns)


def _build_turns(restaurant: Restaurant, service: Service | None, turns: tuple[tuple[int, int], ...]) -> None:
    TurnTime.objects.bulk_create(
        TurnTime(restaurant=restaurant, service=service, up_to=up_to, minutes=minutes) for up_to, minutes in turns
    )


def _build_menus(restaurant: Restaurant, place: DemoPlace) -> None:
    dishes = []
    for menu_position, menu_spec in enumerate(place.menus):
        menu = Menu.objects.create(
            restaurant=restaurant, name=menu_spec.name, note=menu_spec.note, position=menu_position
        )
        for section_position, section_spec in enumerate(menu_spec.sections):
            section = Section.objects.create(
                restaurant=restaurant,
                menu=menu,
                name=section_spec.name,
                note=section_spec.note,
                position=section_position,
            )
            dishes += [
                Dish(
                    restaurant=restaurant,
                    section=section,
                    name=spec.name,
                    description=spec.text,
                    price=spec.price,
                    price_note=spec.note,
                    allergens=list(spec.allergens),
                    diets=list(spec.diets),
                    is_available=spec.available,
                    position=position,
                )
                for position, spec in enumerate(section_spec.dishes)
            ]
    Dish.objects.bulk_create(dishes, batch_size=rows_a_statement(Dish))
