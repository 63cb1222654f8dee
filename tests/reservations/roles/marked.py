"""A restaurant with a row of every kind, each carrying a word that nobody else may ever read."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from menus.models import MenuService
from reservations.history import trail
from reservations.models import (
    Block,
    BookingImport,
    Brake,
    HistoryEvent,
    HistoryOutbox,
    ImportRow,
    Message,
    OpeningPeriod,
    Refusal,
    Reservation,
    Restaurant,
    RestaurantCuisine,
    ServiceDay,
)
from tests.factories import (
    days_ahead,
    make_area,
    make_closure,
    make_combination,
    make_member,
    make_menu,
    make_service,
    make_special_day,
    make_turn_time,
    make_user,
    make_wish,
)
from tests.messages.rows import make_message
from tests.reservations.evening import make_house, make_party
from tests.reservations.people import make_guest, make_old_request, make_visit, make_waiting

MARK = "ZZQMARKED"
SEARCHED = MARK[:5]
"""What finds the mark, and is not it: pages say again what was searched for."""

OWN = {"reservations": "restaurant", "menus": "restaurant"}
_numbers = itertools.count(1)


@functools.cache
def tenant_models() -> tuple[type[Model], ...]:
    """Return the models whose rows belong to a restaurant, and the restaurant itself, in an order that stays."""
    models = [model for app in OWN for model in apps.get_app_config(app).get_models()]
    of_restaurants = (model for model in models if model is Restaurant or _has_place(model))
    return tuple(sorted(of_restaurants, key=lambda m: m._meta.label))


def _has_place(model: type[Model]) -> bool:
    return any(field.name == "restaurant" and field.related_model is Restaurant for field in model._meta.get_fields())


def rows_of(restaurant: Restaurant) -> dict[str, list[dict[str, Any]]]:
    """Return all that is stored of a restaurant, by model, to compare it with what is stored later."""
    return {model._meta.label_lower: list(_of(model, restaurant).order_by("pk").values()) for model in tenant_models()}


def row_of(model: type[Model], restaurant: Restaurant) -> Model:
    """Return one of a restaurant's rows."""
    found: Model | None = _of(model, restaurant).order_by("pk").first()
    assert found is not None, f"make_marked (tests/reservations/roles/marked.py) makes no {model._meta.label}"
    return found


def _of(model: type[Model], restaurant: Restaurant) -> Any:
    name = "pk" if model is Restaurant else "restaurant"
    return model._default_manager.filter(**{name: restaurant.pk})


def make_marked(mark: str = MARK, private: str = "") -> Restaurant:
    """Return a restaurant, with an evening that goes on now and rows of every model, all of whose texts are marked.

    private, if given, marks instead what no visitor may read: people, and reasons for staff alone.
    """
    private = private or mark
    restaurant = make_house(name=mark, slug=f"{mark.lower()}-{next(_numbers)}", tagline=mark, description=mark)
    restaurant.areas.update(name=mark)
    make_area(restaurant, name=f"{mark} 2")
    tables = list(restaurant.tables.order_by("pk"))
    for number, table in enumerate(tables):
        table.name = f"{mark} {number}"
        table.save()
    restaurant.services.update(name=mark)
    make_combination(restaurant, tables[1:], name=mark)
    date = days_ahead(restaurant, 20)
    _people(restaurant, private, date)
    lunch = make_service(restaurant, name=mark, first_seating=dt.time(12), last_seating=dt.time(14))
    make_turn_time(restaurant, up_to=2, minutes=90, service=lunch)
    day = make_special_day(restaurant, date, is_closed=False, name=mark)
    make_service(restaurant, name=mark, special_day=day)
    make_closure(restaurant, date + dt.timedelta(days=300), reason=mark)
    OpeningPeriod.objects.create(restaurant=restaurant, day=1, opens=dt.time(9), closes=dt.time(17))
    RestaurantCuisine.objects.create(restaurant=restaurant, cuisine=mark.lower())
    staff = make_member(restaurant, email=f"{private}{next(_numbers)}@example.org", name=private)
    menu = make_menu(restaurant, name=mark, dishes=[mark])
    menu.sections.update(name=mark)
    MenuService.objects.create(restaurant=restaurant, menu=menu, service=lunch, name=mark)
    when = make_wish(restaurant, date=date).start
    Block.objects.create(
        restaurant=restaurant,
        service_date=date,
        starts_at=when,
        ends_at=when + dt.timedelta(hours=1),
        table_ids=[tables[0].pk],
        reason=private,
        created_by=staff,
    )
    Brake.objects.create(restaurant=restaurant, service_date=date, service=lunch, ends_at=when, created_by=staff)
    batch = BookingImport.objects.create(restaurant=restaurant, file_name=private, header=[private], status="done")
    row = {"batch": batch, "line": 2, "key": "k", "contact": "c", "told": {"name": private}, "status": "refused"}
    ImportRow.objects.create(restaurant=restaurant, **row)
    ServiceDay.objects.get_or_create(restaurant=restaurant, date=date)
    return restaurant


def _people(restaurant: Restaurant, mark: str, date: dt.date) -> None:
    guest = make_guest(restaurant, email=f"{mark.lower()}@example.org", name=mark, notes=mark, tags=[mark])
    make_guest(restaurant, phone="+49309999999", name=mark)
    make_visit(guest, -3)
    party = make_party(restaurant, 1, starts=-15, name=mark, note=mark, guest=guest, created_by=make_user(name=mark))
    make_message(Message.Kind.CONFIRMATION, party, recipient=f"{mark.lower()}@example.org", status="failed", error=mark)
    make_waiting(restaurant, name=mark, note=mark, guest=guest)
    make_waiting(restaurant, name=mark, kind="door", wish=make_wish(restaurant, date=party.service_date))
    make_old_request(restaurant, status="open", name=mark, note=mark, expires_at=timezone.now() + dt.timedelta(days=1))
    Refusal.objects.create(
        restaurant=restaurant,
        service_date=date,
        starts_at=party.starts_at,
        party_size=2,
        reason="PACING_FULL",
        source=Reservation.Source.STAFF,
    )
    trail.note(restaurant.pk, [trail.Event("changed", "reservation", party.pk)], trail.GUEST, timezone.now())
    happened = HistoryEvent.objects.filter(restaurant=restaurant).latest("pk")
    HistoryOutbox.objects.create(restaurant=restaurant, event=happened)
