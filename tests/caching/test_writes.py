"""Whatever way the ORM writes a row, the tags of what was cached from it are renewed: every cached model, every way."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.deletion import Collector
from django.utils import timezone

from menus.models import Dish, Menu, MenuService, Section
from reservations.models import (
    Area,
    Block,
    Brake,
    Closure,
    CombinationTable,
    OpeningPeriod,
    Reservation,
    Restaurant,
    RestaurantCuisine,
    Service,
    SpecialDay,
    Table,
    TableCombination,
    TurnTime,
)
from restaurant_site.caching.writes import CachedModel, cached_models
from tests import factories as make
from tests.caching.probes import renewed

pytestmark = pytest.mark.django_db(transaction=True)

DATE = dt.date(2027, 5, 14)


def reservation(restaurant: Restaurant) -> Reservation:
    table = restaurant.tables.first() or make.make_table(restaurant)
    return make.make_seated(restaurant, [table], make.make_wish(restaurant, date=DATE))


def block(restaurant: Restaurant) -> Block:
    start = make.make_wish(restaurant, date=DATE).start
    return Block.objects.create(restaurant=restaurant, service_date=DATE, starts_at=start, ends_at=start)


# One row of each cached model, and a field that may be changed without more ado.
ROWS: dict[type[CachedModel], tuple[Callable[[Restaurant], Any], str, Any]] = {
    Restaurant: (lambda restaurant: restaurant, "tagline", "x"),
    RestaurantCuisine: (lambda restaurant: restaurant.cuisines.create(cuisine="thai"), "cuisine", "lao"),
    Area: (lambda restaurant: make.make_area(restaurant), "position", 7),
    Table: (lambda restaurant: make.make_table(restaurant), "position", 7),
    TableCombination: (
        lambda restaurant: make.make_combination(restaurant, make.make_tables(restaurant, (2, 2))),
        "is_online",
        False,
    ),
    CombinationTable: (
        lambda restaurant: make.make_combination(restaurant, make.make_tables(restaurant, (2, 2))).members.first(),
        "table",
        None,
    ),
    OpeningPeriod: (lambda restaurant: restaurant.opening_periods.create(day=1), "day", 2),
    SpecialDay: (lambda restaurant: make.make_special_day(restaurant, DATE), "name", "x"),
    Closure: (lambda restaurant: make.make_closure(restaurant, DATE), "reason", "x"),
    Service: (lambda restaurant: make.make_service(restaurant), "name", "x"),
    TurnTime: (lambda restaurant: make.make_turn_time(restaurant, up_to=2, minutes=90), "minutes", 45),
    Reservation: (reservation, "note", "x"),
    Block: (block, "reason", "x"),
    Brake: (
        lambda restaurant: restaurant.brakes.create(service_date=DATE, ends_at=timezone.now()),
        "ends_at",
        timezone.now() + dt.timedelta(hours=1),
    ),
    Menu: (lambda restaurant: make.make_menu(restaurant), "note", "x"),
    MenuService: (lambda restaurant: make.make_menu_service(make.make_menu(restaurant), name="Lunch"), "name", "x"),
    Section: (lambda restaurant: make.make_menu(restaurant).sections.get(), "note", "x"),
    Dish: (lambda restaurant: make.make_menu(restaurant).sections.get().dishes.first(), "price", 9),
}


def test_every_cached_model_is_walked() -> None:
    assert set(ROWS) == set(cached_models())


def changed_value(row: Any, field: str, value: Any) -> Any:
    return make.make_table(row.restaurant) if field == "table" else value


def save(row: Any, field: str, value: Any) -> None:
    setattr(row, field, value)
    row.save()


def save_some(row: Any, field: str, value: Any) -> None:
    setattr(row, field, value)
    row.save(update_fields=[field])


def update(row: Any, field: str, value: Any) -> None:
    assert type(row).objects.filter(pk=row.pk).update(**{field: value}) == 1


def base_update(row: Any, field: str, value: Any) -> None:
    assert type(row)._base_manager.filter(pk=row.pk).update(**{field: value}) == 1


def bulk_update(row: Any, field: str, value: Any) -> None:
    setattr(row, field, value)
    type(row).objects.bulk_update([row], [field])


def update_or_create(row: Any, field: str, value: Any) -> None:
    type(row).objects.update_or_create(pk=row.pk, defaults={field: value})


def delete(row: Any, _field: str, _value: Any) -> None:
    clear(row)
    row.delete()


def query_delete(row: Any, _field: str, _value: Any) -> None:
    clear(row)
    type(row).objects.filter(pk=row.pk).delete()


def raw_delete(row: Any, _field: str, _value: Any) -> None:
    """Delete as Django does where it believes that nothing hangs on the rows."""
    clear(row)
    Dish.objects.filter(restaurant_id=row.restaurant_id).exclude(pk=row.pk if isinstance(row, Dish) else 0).delete()
    for relation in type(row)._meta.related_objects:
        relation.related_model._base_manager.filter(**{relation.field.name: row.pk})._raw_delete("default")
    type(row)._base_manager.filter(pk=row.pk)._raw_delete("default")


def recreate(row: Any, _field: str, _value: Any) -> None:
    """Insert the row as a new one, by bulk_create."""
    clear(row)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        # Past the queryset that renews.
        QuerySet(type(row)).filter(pk=row.pk)._raw_delete("default")
        type(row).objects.bulk_create([row])


def clear(row: Any) -> None:
    """Take the claims away, which keep their tables from being deleted."""
    Reservation.objects.filter(restaurant_id=getattr(row, "restaurant_id", row.pk)).exclude(pk=row.pk).delete()


WRITES = [
    save,
    save_some,
    update,
    base_update,
    bulk_update,
    update_or_create,
    delete,
    query_delete,
    raw_delete,
    recreate,
]


# A restaurant's children's children stand in the way of the raw way; the cascade is tested below.
CASES = [(model, write) for model in ROWS for write in WRITES if (model, write) != (Restaurant, raw_delete)]


@pytest.mark.parametrize(("model", "write"), CASES, ids=lambda case: case.__name__)
def test_every_write_renews_the_tags_of_its_row_and_no_others(
    model: type[CachedModel], write: Callable[..., None]
) -> None:
    restaurant, other = make.make_restaurant(), make.make_restaurant()
    make_row, field, value = ROWS[model]
    row, neighbour = make_row(restaurant), make_row(other)
    value = changed_value(row, field, value)
    own, others = set(row.own_tags()), set(neighbour.own_tags())
    assert own
    common = {"restaurants"}
    assert renewed(own | others, lambda: write(row, field, value)) - common >= own - common
    assert not renewed(others - own, lambda: None)
    untouched = others - own
    row = make_row(make.make_restaurant())
    assert renewed(untouched, lambda: write(row, field, changed_value(row, field, value))) == set()


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_an_update_of_nothing_renews_nothing(model: type[CachedModel]) -> None:
    restaurant = make.make_restaurant()
    make_row, field, value = ROWS[model]
    row = make_row(restaurant)
    value = changed_value(row, field, value)
    assert renewed(set(row.own_tags()), lambda: model.objects.filter(pk=-1).update(**{field: value})) == set()


# --- Rows that are written in passing ---------------------------------------------


def test_a_deleted_restaurant_takes_its_rows_and_their_tags_with_it() -> None:
    restaurant = make.make_venue()
    row = make.make_reservation(restaurant)
    Reservation.objects.filter(pk=row.pk).update(table_ids=[])
    row.claims.all().delete()
    make.make_menu(restaurant)
    tags = {f"restaurant:{restaurant.pk}", f"slug:{restaurant.slug}", f"menu:{restaurant.pk}", *row.own_tags()}
    assert renewed(tags, restaurant.delete) == tags


def test_set_null_renews_what_points_to_the_deleted_row() -> None:
    restaurant = make.make_venue()
    area = make.make_area(restaurant)
    make.make_table(restaurant, area=make.make_area(restaurant))
    user = make.make_user()
    row = make.make_reservation(restaurant)
    Reservation.objects.filter(pk=row.pk).update(area=area, created_by=user)
    service = row.service
    assert service is not None
    for deleted in (area, user, service):
        assert renewed(set(row.own_tags()), deleted.delete) == set(row.own_tags())
    row.refresh_from_db()
    assert (row.area, row.created_by, row.service) == (None, None, None)


def test_related_managers_renew() -> None:
    restaurant = make.make_restaurant()
    one, two, three = make.make_tables(restaurant, (2, 2, 2))
    combination = make.make_combination(restaurant, [one, two])
    tags = {f"restaurant:{restaurant.pk}"}
    for change in (
        lambda: combination.tables.add(three, through_defaults={"restaurant": restaurant}),
        lambda: combination.tables.remove(three),
        lambda: combination.tables.set([one], through_defaults={"restaurant": restaurant}),
        lambda: combination.tables.clear(),
        lambda: two.combinations.add(combination, through_defaults={"restaurant": restaurant}),
        lambda: two.combinations.clear(),
        lambda: restaurant.tables.all().update(position=F("position") + 1),
        lambda: restaurant.services.create(name="x", first_seating=dt.time(9), last_seating=dt.time(9)),
        lambda: restaurant.areas.get_or_create(name="Garden"),
    ):
        assert renewed(tags, change) == tags


@pytest.mark.parametrize("way", ["save", "update", "bulk_update"])
def test_a_row_that_moves_renews_where_it_was_and_where_it_is(way: str) -> None:
    here, there = make.make_restaurant(), make.make_restaurant()
    dish = make.make_menu(here).sections.get().dishes.first()
    section = make.make_menu(there).sections.get()
    assert dish is not None

    def move() -> None:
        if way == "update":
            Dish.objects.filter(name=dish.name, section=dish.section_id).update(section=section, restaurant=there)
            return
        dish.section, dish.restaurant = section, there
        if way == "save":
            dish.save()
        else:
            Dish.objects.bulk_update([dish], ["section", "restaurant"])

    tags = {f"menu:{here.pk}", f"menu:{there.pk}"}
    assert renewed(tags, move) == tags


def test_a_row_that_was_moved_by_another_meanwhile_renews_both() -> None:
    """The row in memory is older than the database: what is overwritten is what counts."""
    here, there = make.make_restaurant(), make.make_restaurant()
    dish = make.make_menu(here).sections.get().dishes.first()
    assert dish is not None
    section = make.make_menu(there).sections.get()
    Dish.objects.filter(pk=dish.pk).update(section=section, restaurant=there)
    tags = {f"menu:{here.pk}", f"menu:{there.pk}"}
    assert renewed(tags, dish.save) == tags


@pytest.mark.parametrize("way", ["in memory", "by another"])
def test_a_row_that_moved_before_it_is_deleted_renews_where_it_was(way: str) -> None:
    here, there = make.make_restaurant(), make.make_restaurant()
    dish = make.make_menu(here).sections.get().dishes.first()
    assert dish is not None
    section = make.make_menu(there).sections.get()
    if way == "in memory":
        dish.restaurant = there
    else:
        Dish.objects.filter(pk=dish.pk).update(section=section, restaurant=there)
    tag = f"menu:{(here if way == 'in memory' else there).pk}"
    assert renewed({tag}, dish.delete) == {tag}


def test_a_row_can_not_be_moved_between_its_loading_and_its_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = make.make_restaurant(), make.make_restaurant()
    dish = make.make_menu(here).sections.get().dishes.first()
    assert dish is not None
    section = make.make_menu(there).sections.get()
    collect = Collector.collect
    movers: list[threading.Thread] = []
    waited: list[bool] = []

    def move() -> None:
        try:
            Dish.objects.filter(pk=dish.pk).update(section=section, restaurant=there)
        finally:
            connection.close()

    def collected(self: Collector, *args: Any, **kwargs: Any) -> None:
        collect(self, *args, **kwargs)
        if not movers:
            movers.append(threading.Thread(target=move))
            movers[0].start()
            movers[0].join(0.5)
            waited.append(movers[0].is_alive())

    monkeypatch.setattr(Collector, "collect", collected)
    Dish.objects.filter(pk=dish.pk).delete()
    movers[0].join()
    assert waited == [True], "the row was deleted from where nobody renewed"


def test_a_reservation_that_changes_its_date_renews_both_days() -> None:
    row = make.make_reservation(make.make_venue())
    before, after = row.service_date, row.service_date + dt.timedelta(days=1)
    tags = {f"day:{row.restaurant_id}:{before}", f"day:{row.restaurant_id}:{after}"}

    def change() -> None:
        row.service_date = after
        row.save()

    assert renewed(tags, change) == tags


def test_a_row_that_looks_new_but_is_there_renews_where_it_was() -> None:
    here, there = make.make_restaurant(), make.make_restaurant()
    table = make.make_table(here)
    copy = Table(pk=table.pk, restaurant=there, area=make.make_area(there), name="copy", max_seats=2)
    tags = {f"restaurant:{here.pk}", f"restaurant:{there.pk}"}
    assert renewed(tags, copy.save) == tags


def test_what_must_not_move_does_not() -> None:
    table, other = make.make_table(make.make_restaurant()), make.make_restaurant()
    with pytest.raises(ValueError, match="restaurant_id of a table can't be changed"):
        Table.objects.filter(pk=table.pk).update(restaurant=other)
    table = Table.objects.get(pk=table.pk)
    table.restaurant = other
    with pytest.raises(ValueError, match="restaurant_id of a table can't be changed"):
        table.save()
    with pytest.raises(ValueError, match="service_date of a reservation can't be changed"):
        Reservation.objects.renewing("day:1:2027-01-01").update(service_date=DATE)
    with pytest.raises(NotImplementedError):
        Table.objects.bulk_create([table], update_conflicts=True, update_fields=["name"], unique_fields=["id"])
    with pytest.raises(NotImplementedError):
        Table.objects.bulk_create([table], None, False, True, ["name"], ["id"])


def test_an_update_over_a_join_renews() -> None:
    restaurant = make.make_restaurant(city="Ulm")
    dish = make.make_menu(restaurant).sections.get().dishes.first()
    assert dish is not None
    tags = {f"menu:{restaurant.pk}"}
    rows = Dish.objects.filter(section__menu__restaurant__city="Ulm").order_by("section__name")
    assert renewed(tags, lambda: rows.update(is_available=False)) == tags
    assert not Dish.objects.filter(restaurant=restaurant, is_available=True).exists()


def test_an_update_of_more_rows_than_an_in_list_takes() -> None:
    restaurant = make.make_restaurant()
    section = make.make_menu(restaurant).sections.get()
    Dish.objects.bulk_create(
        Dish(restaurant=restaurant, section=section, name=f"Dish {number}") for number in range(2100)
    )
    assert Dish.objects.filter(restaurant=restaurant).update(price=3) == 2102
    assert not Dish.objects.filter(restaurant=restaurant).exclude(price=3).exists()


def test_an_update_whose_tags_are_given_reads_nothing(django_assert_num_queries: Any) -> None:
    row = make.make_reservation(make.make_venue())
    rows = Reservation.objects.filter(pk=row.pk, status="confirmed")
    with transaction.atomic(), django_assert_num_queries(2):
        assert rows.renewing(*row.own_tags()).update(note="x") == 1
    assert renewed(set(row.own_tags()), lambda: rows.renewing(*row.own_tags()).update(note="y")) == set(row.own_tags())
    # Kept along the chain, whatever is added to it.
    assert rows.renewing("day:1:2027-01-01").filter(note="y").exclude(note="z")._renewed == ("day:1:2027-01-01",)
