"""What the transaction of a write makes of its tags: one row, savepoints, callbacks, and too many of them."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction

from reservations.models import (
    Restaurant,
)
from restaurant_site.caching import outbox
from restaurant_site.caching.keys import ALL
from restaurant_site.caching.models import Invalidation
from tests import factories as make
from tests.caching.probes import renewed, tokens

pytestmark = pytest.mark.django_db(transaction=True)


# --- The transaction ----------------------------------------------------------------


def test_one_row_of_the_outbox_carries_all_tags_of_a_transaction() -> None:
    one, two = make.make_restaurant(), make.make_restaurant()
    Invalidation.objects.all().delete()
    with transaction.atomic():
        for restaurant in (one, two, one):
            restaurant.save()
        make.make_menu(two)
    (row,) = Invalidation.objects.all()
    wanted = {"restaurants", f"menu:{two.pk}"} | {
        f"{name}:{r}" for o in (one, two) for name, r in (("restaurant", o.pk), ("slug", o.slug))
    }
    assert set(row.tags.split()) == wanted


def failing(row: Restaurant) -> None:
    """Save in a transaction, or savepoint, that is rolled back."""
    with transaction.atomic():
        row.save()
        transaction.set_rollback(True)


def test_what_is_rolled_back_renews_nothing() -> None:
    restaurant = make.make_restaurant()
    Invalidation.objects.all().delete()

    assert renewed(set(restaurant.own_tags()), lambda: failing(restaurant)) == set()
    assert not Invalidation.objects.exists()


@pytest.mark.parametrize("then_outside", [True, False])
def test_a_savepoint_that_is_rolled_back_takes_its_tags_along(then_outside: bool) -> None:
    """And the same tags, written again in what is left of the transaction, are renewed all the same."""
    restaurant, other = make.make_restaurant(), make.make_restaurant()
    Invalidation.objects.all().delete()

    def write() -> None:
        with transaction.atomic():
            other.save()
            failing(restaurant)
            if then_outside:
                restaurant.save()

    own = {f"restaurant:{restaurant.pk}", f"restaurant:{other.pk}"}
    assert renewed(own, write) == (own if then_outside else {f"restaurant:{other.pk}"})
    (row,) = Invalidation.objects.all()
    assert (f"restaurant:{restaurant.pk}" in row.tags.split()) is then_outside


def test_a_savepoint_that_is_kept_adds_its_tags() -> None:
    one, two = make.make_restaurant(), make.make_restaurant()

    def write() -> None:
        with transaction.atomic():
            with transaction.atomic():
                one.save()
            two.save()

    own = {f"restaurant:{one.pk}", f"restaurant:{two.pk}"}
    assert renewed(own, write) == own


def test_tokens_come_before_every_other_callback_and_whatever_those_do() -> None:
    restaurant = make.make_restaurant()
    seen: list[bool] = []
    before: dict[str, bytes | None] = {}

    def look() -> None:
        seen.append(tokens("restaurants") != before)
        raise RuntimeError("a callback that fails")

    def write() -> None:
        before.update(tokens("restaurants"))
        with transaction.atomic():
            transaction.on_commit(look)
            transaction.on_commit(look, robust=True)
            restaurant.save()

    with pytest.raises(RuntimeError, match="a callback that fails"):
        write()
    assert seen == [True]
    assert tokens("restaurants") != before


def test_very_many_tags_become_the_one_of_everything() -> None:
    Invalidation.objects.all().delete()
    with transaction.atomic():
        for number in range(outbox.MOST_TAGS + 2):
            outbox.changed(f"menu:{number}")
    (row,) = Invalidation.objects.all()
    assert ALL in row.tags.split()
    assert len(row.tags) < 20 * outbox.MOST_TAGS
    assert renewed({ALL, "menu:9999"}, lambda: outbox.changed(*(f"menu:{n}" for n in range(1000)))) == {ALL}


def test_raw_sql_says_itself_what_it_changed() -> None:
    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE menus_dish SET price = 1")
            outbox.changed("menu:7")

    assert renewed({"menu:7", "menu:8"}, write) == {"menu:7"}
    for text in ("", "Menu 7", "menu:7 menu:8", "menu:*", "x" * 300, "menu:7\n"):
        with pytest.raises(ValueError, match="is no tag"):
            outbox.changed(text)


def test_the_checks_find_models_that_write_unseen() -> None:
    assert [message for message in run_checks() if (message.id or "").startswith("caching")] == []
