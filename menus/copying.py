"""The write rule that copies a menu, as a draft or to go live later."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.utils.translation import gettext as _

from menus import trail
from menus.locking import lock
from menus.menu_form import names_of, service_names, set_services
from menus.models import Dish, Menu, Section
from reservations.models import Restaurant, User
from restaurant_site.database import dialect
from restaurant_site.database.batches import rows_a_statement


class NameTakenError(Exception):
    """The restaurant has a menu of this name."""


def copy_menu(
    *,
    menu: Menu,
    restaurant: Restaurant,
    name: str,
    goes_live_at: dt.datetime | None,
    replaces: bool,
    user: User,
) -> Menu:
    """Return a copy with its sections, dishes, allergens and labels, for the same restaurant or another.

    Without a time to go live (UTC) it is a draft. replaces says that the menu
    is seen no longer once the copy is live; at the same restaurant alone. At
    another restaurant, services go by their names, and in another currency the
    prices are left out. Raises `NameTakenError`.
    """
    same = restaurant.pk == menu.restaurant_id
    with transaction.atomic():
        lock(restaurant.pk)
        if Menu.objects.filter(restaurant=restaurant, name=name).exists():
            raise NameTakenError
        copy = Menu.objects.create(
            restaurant=restaurant,
            name=name,
            title=menu.shown_name if menu.shown_name != name else "",
            note=menu.note,
            position=menu.position,
            is_published=goes_live_at is not None,
            goes_live_at=goes_live_at,
            replaces=menu if replaces and same else None,
            weekdays=menu.weekdays,
            valid_from=menu.valid_from,
            valid_until=menu.valid_until,
        )
        known = {name.casefold() for name in service_names(restaurant.pk)}
        set_services(copy, [name for name in names_of(menu) if same or name.casefold() in known])
        _copy_dishes(menu, copy, with_prices=restaurant.currency == menu.restaurant.currency)
        trail.record(user, [(copy, _("Copied from “%(menu)s”.") % {"menu": menu})], trail.ADDITION)
        trail.tell(user, restaurant.pk, [("copied", copy, {"from": menu.pk})])
    return copy


def _copy_dishes(menu: Menu, copy: Menu, *, with_prices: bool) -> None:
    dishes = []
    no_key = dialect.of(connection).no_key
    for section in Section.objects.filter(menu=menu).order_by("position", "pk"):
        # One by one: Azure SQL returns no keys from a bulk insert.
        new = Section.objects.create(
            restaurant_id=copy.restaurant_id,
            menu=copy,
            name=section.name,
            note=section.note,
            position=section.position,
        )
        # Locked: a photo that a colleague removes now would be deleted though the copy has it.
        rows = section.dishes.select_for_update(no_key=no_key).order_by("position", "pk")
        dishes += [_copied(dish, new, with_price=with_prices) for dish in rows]
    Dish.objects.bulk_create(dishes, batch_size=rows_a_statement(Dish))


def _copied(dish: Dish, section: Section, *, with_price: bool) -> Dish:
    """Return a copy without the source's reference, by which an import finds the one and only. It shares the photo."""
    return Dish(
        restaurant_id=section.restaurant_id,
        section=section,
        name=dish.name,
        description=dish.description,
        price=dish.price if with_price else None,
        price_note=dish.price_note,
        allergens=list(dish.allergens),
        diets=list(dish.diets),
        other_labels=list(dish.other_labels),
        is_available=dish.is_available,
        position=dish.position,
        photo_name=dish.photo_name,
        photo_width=dish.photo_width,
        photo_height=dish.photo_height,
        photo_alt=dish.photo_alt,
    )
