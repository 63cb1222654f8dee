"""``manage.py load_demo``: what it promises to whoever starts the demo, today, again, and on a later day."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum
from django.test import Client, TestCase, override_settings

from menus.models import Dish, Menu
from reservations.auditing.audit import audit
from reservations.engine.availability import Ask, times
from reservations.engine.slots import claimed_slots
from reservations.models import (
    CombinationTable,
    OpeningPeriod,
    Reservation,
    Restaurant,
    Service,
    SpecialDay,
    Table,
    TableClaim,
    TableCombination,
    TurnTime,
    User,
)
from reservations.models.reservation import COUNTED
from reservations.queries.day import day_plan
from restaurant_site.demo.places import PLACES
from restaurant_site.demo.staff import ensure_staff
from tests.factories import make_seated, make_wish

# A Thursday: the fortnight around it has every weekday and a special day.
TODAY = dt.date(2026, 12, 3)
NOON = dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC)
SLUGS = [place.slug for place in PLACES]
Status = Reservation.Status


def load(today: dt.date = TODAY) -> str:
    """Load the demo as of noon (UTC) of a date; return what the command printed."""
    output = io.StringIO()
    call_command("load_demo", "--today", today.isoformat(), stdout=output, stderr=output)
    return output.getvalue()


def snapshot(**filters: Any) -> list[dict[str, Any]]:
    """Return reservations with all that is in them."""
    return [dict(row) for row in Reservation.objects.filter(**filters).order_by("pk").values()]


class TestLoadedDemo(TestCase):
    """One load for all of these; each test's changes are rolled back."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Load the demo into an empty database."""
        cls.output = load()
        cls.restaurants = {row.slug: row for row in Restaurant.objects.filter(slug__in=SLUGS)}

    output: str
    restaurants: dict[str, Restaurant]

    def test_each_role_has_an_account_that_sees_its_own_restaurants(self) -> None:
        expected = {"host": SLUGS[:1], "manager": SLUGS[:3], "owner": SLUGS}
        for role, slugs in expected.items():
            client = Client()
            assert client.login(username=f"{role}@example.com", password=f"{role}-of-the-demo")
            listed = client.get("/admin/reservations/restaurant/").context["cl"].result_list
            assert {restaurant.slug for restaurant in listed} == set(slugs)

    def test_six_kinds_of_place_in_six_zones_come_first(self) -> None:
        first = list(Restaurant.objects.order_by("position", "name", "pk")[:7])
        assert [row.slug for row in first[:6]] == SLUGS
        assert first[6].position > 6
        assert len({row.timezone for row in first[:6]}) == 6
        assert len({row.currency for row in first[:6]}) == 6
        assert min(float(row.latitude or 0) for row in first[:6]) < -20
        assert any(service.last_seating < service.first_seating for service in Service.objects.all())
        counter = self.restaurants["hasseki"]
        assert counter.tables.aggregate(seats=Sum("max_seats"))["seats"] == 8
        tavern = self.restaurants["zum-stillen-ochsen"]
        assert tavern.areas.count() == 4
        assert tavern.combinations.count() > 5

    def test_what_it_wrote_passes_the_rules_of_the_forms(self) -> None:
        for restaurant in self.restaurants.values():
            restaurant.full_clean()
            assert len(restaurant.tagline) <= 100
        for model in (OpeningPeriod, Service, SpecialDay, Table, TableCombination, CombinationTable, TurnTime):
            for row in model._default_manager.filter(restaurant__slug__in=SLUGS):
                row.full_clean()
        for dish in Dish.objects.filter(restaurant__slug__in=SLUGS):
            dish.full_clean()

    def test_menus_are_full_and_their_labels_agree(self) -> None:
        animal = {"crustaceans", "eggs", "fish", "milk", "molluscs"}
        for restaurant in self.restaurants.values():
            dishes = list(Dish.objects.filter(restaurant=restaurant))
            assert len(dishes) >= 30
            assert any(not dish.is_available for dish in dishes)
            assert any(dish.price is None and dish.price_note for dish in dishes)
            for dish in dishes:
                assert dish.price is not None or dish.price_note
                if "vegan" in dish.diets:
                    assert not animal & set(dish.allergens), dish
                if "vegetarian" in dish.diets:
                    assert not (animal - {"eggs", "milk"}) & set(dish.allergens), dish
        yen = Dish.objects.filter(restaurant__slug="hasseki", price__isnull=False).values_list("price", flat=True)
        assert all(price is not None and price == price.to_integral_value() for price in yen)

    def test_no_table_is_taken_twice_and_claims_say_what_reservations_say(self) -> None:
        slots: dict[int, set[tuple[int, dt.datetime]]] = defaultdict(set)
        for pk, table_id, slot in TableClaim.objects.values_list("reservation", "table", "slot_start"):
            slots[pk].add((table_id, slot))
        taken: set[tuple[int, dt.datetime]] = set()
        for row in Reservation.objects.filter(status__in=COUNTED):
            minutes = int((row.ends_at - row.starts_at).total_seconds() // 60)
            wanted = {(table, slot) for table in row.table_ids for slot in claimed_slots(row.starts_at, minutes)}
            assert wanted
            assert slots.pop(row.pk) == wanted
            assert not taken & wanted
            taken |= wanted
        assert not slots
        assert not Reservation.objects.exclude(status__in=COUNTED).exclude(table_ids=[]).exists()

    def test_covers_are_within_pacing_and_parties_fit_their_tables(self) -> None:
        services = {row.pk: row for row in Service.objects.all()}
        rows = Reservation.objects.filter(status__in=COUNTED)
        limits = 0
        for source, column in ((None, "max_covers"), ("online", "max_online_covers")):
            of_source = rows.filter(source=source) if source else rows
            for found in of_source.order_by().values("service", "starts_at").annotate(covers=Sum("party_size")):
                limit = getattr(services[found["service"]], column)
                assert limit is None or found["covers"] <= limit
                limits += limit is not None
        assert limits > 100
        # Kept with each, or the audit could not tell.
        for row in rows.select_related("service"):
            assert row.service is not None
            assert (row.pacing_limit, row.online_pacing_limit) == (
                row.service.max_covers,
                row.service.max_online_covers,
            )
        assert [finding.name for finding in audit(now=NOON) if finding.violations] == []
        single = {row.pk: row for row in Table.objects.all()}
        combined: dict[frozenset[int], TableCombination] = {}
        for combination in TableCombination.objects.prefetch_related("members"):
            combined[frozenset(member.table_id for member in combination.members.all())] = combination
        for row in rows:
            if len(row.table_ids) == 1:
                table = single[row.table_ids[0]]
                assert table.min_seats <= row.party_size <= table.max_seats
                assert table.is_online or row.source == "staff"
            else:
                fitting = combined[frozenset(row.table_ids)]
                assert fitting.min_party <= row.party_size <= fitting.max_party

    def test_the_fortnight_is_believable(self) -> None:
        assert Reservation.objects.filter(starts_at__gt=NOON, status__in=("finished", "seated", "no_show")).count() == 0
        assert Reservation.objects.filter(starts_at__lte=NOON, status="confirmed").count() == 0
        assert not Reservation.objects.filter(status="seated", ends_at__lte=NOON).exists()
        by_status = Counter(Reservation.objects.values_list("status", flat=True))
        past = by_status["finished"] + by_status["no_show"]
        assert 0.01 < by_status["no_show"] / past < 0.08
        assert 0.02 < by_status["cancelled"] / Reservation.objects.count() < 0.12
        for row in Reservation.objects.all():
            assert row.confirmed_at is not None
            assert row.created_at == row.confirmed_at <= min(NOON, row.starts_at)
            assert row.cancelled_at is None or row.created_at <= row.cancelled_at <= min(NOON, row.starts_at)
            assert row.children < row.party_size
            assert row.high_chairs <= row.children
            assert not row.email or row.email.split("@")[1] in ("example.com", "example.org", "example.net")
            assert row.email.isascii()
            if row.phone:
                number = phonenumbers.parse(row.phone)
                assert phonenumbers.is_possible_number(number)
                assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == row.phone
        tavern = Reservation.objects.filter(restaurant__slug="zum-stillen-ochsen", status__in=COUNTED)
        covers = {
            found["service_date"].weekday(): found["covers"]
            for found in tavern.order_by().values("service_date").annotate(covers=Sum("party_size"))
        }
        assert covers[5] > 1.5 * covers[1]
        assert Reservation.objects.values("name").distinct().count() > 400

    def test_each_day_has_reservations_a_time_for_two_and_one_that_is_full(self) -> None:
        for slug, restaurant in self.restaurants.items():
            for offset in range(-7, 8):
                date = TODAY + dt.timedelta(days=offset)
                plan = day_plan(restaurant.pk, date)
                rows = Reservation.objects.filter(restaurant=restaurant, service_date=date)
                if plan.closed or not plan.services:
                    assert not rows.exists()
                    continue
                assert rows.exists(), (slug, date)
                if offset > 0:
                    found = times(plan, Ask(party=2), NOON)
                    assert any(time.bookable for time in found), (slug, date)
                    assert any(time.reason in ("PACING_FULL", "TABLES_TAKEN") for time in found), (slug, date)

    def test_loading_it_again_changes_nothing(self) -> None:
        models = (Restaurant, Dish, TableClaim, SpecialDay, Service)
        before = snapshot()
        counts = [model._default_manager.count() for model in models]
        output = load()
        assert snapshot() == before
        assert counts == [
            model._default_manager.count() for model in (Restaurant, Dish, TableClaim, SpecialDay, Service)
        ]
        assert "0 restaurants, 0 canteens, 0 dishes added" in output

    def test_a_later_day_rolls_it_forward(self) -> None:
        before = {row["id"]: row for row in snapshot()}
        later = TODAY + dt.timedelta(days=3)
        noon = NOON + dt.timedelta(days=3)
        load(later)
        after = {row["id"]: row for row in snapshot()}
        for pk, row in before.items():
            changed = {name for name, value in row.items() if after[pk][name] != value}
            assert changed <= {"status", "table_ids", "seated_at", "finished_at"}
            assert not changed or row["starts_at"] <= noon
        assert not Reservation.objects.filter(starts_at__lte=noon, status="confirmed").exists()
        assert not Reservation.objects.filter(ends_at__lte=noon, status="seated").exists()
        added = {row["service_date"] for pk, row in after.items() if pk not in before}
        assert added == {TODAY + dt.timedelta(days=days) for days in (8, 9, 10)}
        gone = Reservation.objects.filter(status=Status.NO_SHOW, claims__isnull=False)
        assert not gone.exists()

    def test_real_reservations_are_respected_and_left_alone(self) -> None:
        restaurant = self.restaurants["la-manana-larga"]
        date = TODAY + dt.timedelta(days=9)
        tables = list(restaurant.tables.filter(max_seats=2))
        real = make_seated(
            restaurant, tables, make_wish(restaurant, date=date, at=dt.time(10), party=8), minutes=240, source="staff"
        )
        earlier = make_seated(
            restaurant, [tables[0]], make_wish(restaurant, date=date, at=dt.time(15), party=2), minutes=60
        )
        before = snapshot(pk__in=[real.pk, earlier.pk])
        load(TODAY + dt.timedelta(days=2))
        assert Reservation.objects.filter(restaurant=restaurant, service_date=date).count() > 10
        load(TODAY + dt.timedelta(days=12))
        # A real guest's stays confirmed: whether they came is for staff to say.
        assert snapshot(pk__in=[real.pk, earlier.pk]) == before
        assert TableClaim.objects.filter(reservation=real).count() == len(tables) * 16

    def test_what_staff_edited_stays(self) -> None:
        restaurant = self.restaurants["last-ferry"]
        Restaurant.objects.filter(pk=restaurant.pk).update(name="First Train", booking_window_days=3)
        restaurant.special_days.all().delete()
        Menu.objects.filter(restaurant=restaurant).delete()
        real = Restaurant.objects.filter(source_ref__startswith="osm:", online_booking="on").earliest("pk")
        Restaurant.objects.filter(pk=real.pk).update(name="Renamed", online_booking="off")
        load(TODAY + dt.timedelta(days=1))
        restaurant.refresh_from_db()
        real.refresh_from_db()
        assert (restaurant.name, restaurant.booking_window_days) == ("First Train", 3)
        assert not restaurant.special_days.exists()
        assert not Menu.objects.filter(restaurant=restaurant).exists()
        assert (real.name, real.online_booking) == ("Renamed", "off")

    def test_a_closed_day_gets_no_reservations(self) -> None:
        restaurant = self.restaurants["zum-stillen-ochsen"]
        date = TODAY + dt.timedelta(days=8)
        restaurant.closures.create(starts_on=date, ends_on=date)
        load(TODAY + dt.timedelta(days=1))
        assert not Reservation.objects.filter(restaurant=restaurant, service_date=date).exists()

    def test_the_sample_of_real_data_is_imported(self) -> None:
        places = Restaurant.objects.filter(source_ref__startswith="osm:")
        assert places.count() >= 40
        assert places.filter(online_booking="on").annotate(count=Count("services")).filter(count=0).count() == 0
        assert not places.filter(tables=None).exists()
        unknown = places.filter(online_booking="hours_unknown")
        assert unknown.count() == 3
        assert all(row.is_published and row.hours_text for row in unknown)
        assert places.values("country").distinct().count() > 15
        canteens = Restaurant.objects.filter(source_ref__startswith="eat-api:")
        assert canteens.count() == 3
        for canteen in canteens:
            assert canteen.services.exists()
            assert Dish.objects.filter(restaurant=canteen, section__menu__is_published=True).count() > 35
        assert "48 restaurants, 3 canteens" in self.output

    def test_pages_show_it(self) -> None:
        client = Client()
        home = client.get("/").content.decode()
        assert home.index("Zum Stillen Ochsen") < home.index("Saltbush &amp; Ember") < home.index("Mensa")
        assert "¥19,800" in client.get("/restaurants/hasseki/menu/").content.decode()

    def test_the_summary_names_each_restaurant(self) -> None:
        assert all(row.name in self.output for row in self.restaurants.values())


@pytest.mark.django_db
def test_production_refuses_unless_forced() -> None:
    with override_settings(PRODUCTION=True), pytest.raises(CommandError, match="--force"):
        call_command("load_demo")
    assert not Restaurant.objects.exists()


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="2026-02-30"):
        call_command("load_demo", "--today", "2026-02-30")
    for far in ("0001-01-01", "9999-12-31"):
        with pytest.raises(CommandError, match="too far away"):
            call_command("load_demo", "--today", far)


@pytest.mark.django_db
def test_staff_login_is_made_once_and_kept_privately(tmp_path: Path) -> None:
    file = tmp_path / "var" / "staff-login.txt"
    email, password = ensure_staff(file=file)
    assert ensure_staff(file=file) == (email, password)
    assert file.stat().st_mode & 0o777 == 0o600
    assert Client().login(username=email, password=password)
    assert User.objects.get().is_superuser


@pytest.mark.django_db
def test_staff_login_whose_file_is_gone_gets_a_new_password(tmp_path: Path) -> None:
    file = tmp_path / "staff-login.txt"
    email, first = ensure_staff(file=file)
    file.unlink()
    _email, second = ensure_staff(file=file)
    assert second != first
    assert Client().login(username=email, password=second)
    assert not Client().login(username=email, password=first)


@pytest.mark.django_db
def test_staff_login_of_a_new_database_keeps_the_password(tmp_path: Path) -> None:
    file = tmp_path / "staff-login.txt"
    email, password = ensure_staff(file=file)
    User.objects.all().delete()
    assert ensure_staff(file=file) == (email, password)
    assert Client().login(username=email, password=password)


@pytest.mark.django_db
def test_a_password_that_staff_changed_is_theirs(tmp_path: Path) -> None:
    file = tmp_path / "staff-login.txt"
    email, _password = ensure_staff(file=file)
    user = User.objects.get()
    user.set_password("something of their own")
    user.save()
    assert ensure_staff(file=file) == (email, None)
    assert Client().login(username=email, password="something of their own")


@pytest.mark.django_db
@override_settings(PRODUCTION=True)
def test_production_gets_no_demo_staff(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        ensure_staff(file=tmp_path / "staff-login.txt")
    assert not User.objects.exists()
