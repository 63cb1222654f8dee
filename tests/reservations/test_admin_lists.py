"""Every list and form of the admin answers, and a list of twice as many rows takes as many statements."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.history import trail
from reservations.jobs.beats import beat
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
    TurnTime,
)
from tests.factories import (
    days_ahead,
    make_closure,
    make_combination,
    make_details,
    make_limited,
    make_member,
    make_reservation,
    make_seated,
    make_service,
    make_special_day,
    make_staff,
    make_turn_time,
    make_user,
    make_venue,
    make_wish,
)
from tests.messages.rows import make_message
from tests.reservations.people import make_guest, make_old_request, make_waiting

pytestmark = pytest.mark.django_db

MODELS = sorted(model._meta.model_name or "" for model in apps.get_app_config("reservations").get_models())


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def crowd(restaurant: Restaurant, *, seed: int) -> None:
    """Add rows of every model to the restaurant."""
    tables = list(restaurant.tables.all())[-2:]
    make_combination(restaurant, tables)
    service = make_service(restaurant, name=f"Lunch {seed}", first_seating=dt.time(12), last_seating=dt.time(14))
    make_turn_time(restaurant, up_to=2, minutes=90, service=service)
    make_turn_time(restaurant, up_to=4, minutes=120)
    date = days_ahead(restaurant, 20 + seed)
    day = make_special_day(restaurant, date, is_closed=False)
    make_service(restaurant, name=f"Gala {seed}", special_day=day)
    make_closure(restaurant, date + dt.timedelta(days=300))
    OpeningPeriod.objects.create(restaurant=restaurant, day=1, opens=dt.time(9), closes=dt.time(17))
    RestaurantCuisine.objects.create(restaurant=restaurant, cuisine=f"cuisine_{seed}")
    wish = make_wish(restaurant, date=date)
    seated = make_seated(restaurant, tables, wish, created_by=make_user(), name=f"Guest {seed}", email="g@example.com")
    make_message(Message.Kind.CONFIRMATION, seated)
    make_member(restaurant)
    beat(f"job {seed}")
    ServiceDay.objects.create(restaurant=restaurant, date=date)
    make_waiting(restaurant, wish=wish, guest=make_guest(restaurant, email=f"g{seed}@example.com", tags=["regular"]))
    make_old_request(restaurant, status="open")
    Block.objects.create(
        restaurant=restaurant, service_date=date, starts_at=wish.start, ends_at=wish.start, table_ids=[tables[0].pk]
    )
    Brake.objects.create(restaurant=restaurant, service_date=date, ends_at=wish.start)
    Refusal.objects.create(
        restaurant=restaurant,
        service_date=date,
        starts_at=wish.start,
        party_size=2,
        reason="PACING_FULL",
        source=Reservation.Source.STAFF,
    )
    trail.note(restaurant.pk, [trail.Event("joined", "entry", seed)], trail.GUEST, timezone.now())
    happened = HistoryEvent.objects.filter(restaurant=restaurant).latest("pk")
    HistoryOutbox.objects.create(restaurant=restaurant, event=happened)
    brought = BookingImport.objects.create(restaurant=restaurant, file_name="old.csv", created_by=seated.created_by)
    BookingImport.objects.filter(pk=brought.pk).update(status=BookingImport.Status.DONE)
    ImportRow.objects.create(restaurant=restaurant, batch=brought, line=2, key="k", contact="c", status="refused")


def statements(client: Client, address: str) -> int:
    """Return how many statements a page takes; the session's own is left out, since the cache may spare it."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(address)
    assert response.status_code == 200
    return sum("django_session" not in query["sql"] for query in queries)


def test_every_model_is_registered() -> None:
    missing = [
        model.__name__
        for model in apps.get_app_config("reservations").get_models()
        if not admin.site.is_registered(model)
    ]
    assert missing == []


@pytest.mark.parametrize("model", [*(f"reservations_{name}" for name in MODELS), "auth_group"])
def test_list_takes_as_many_statements_for_twice_the_rows(staff: Client, model: str) -> None:
    crowd(make_venue(timezone="Asia/Tokyo"), seed=0)
    crowd(make_venue(), seed=1)
    address = reverse(f"admin:{model}_changelist")
    statements(staff, address)
    before = statements(staff, address)
    for seed in range(2, 6):
        crowd(make_venue(), seed=seed)
    assert statements(staff, address) == before
    page = staff.get(address).content.decode()
    if model not in ("auth_group",):
        assert page.count('name="_selected_action"') != 1
        assert 'class="paginator"' in page


@pytest.mark.parametrize("model", MODELS)
def test_list_is_searched_and_filtered_by_restaurant(staff: Client, model: str) -> None:
    restaurant = make_venue()
    crowd(restaurant, seed=0)
    crowd(make_venue(), seed=1)
    address = reverse(f"admin:reservations_{model}_changelist")
    assert staff.get(address, {"q": "a’🥐b"}).status_code == 200
    if model in ("user", "restaurant", "jobbeat"):
        return
    response = staff.get(address, {"restaurant__id__exact": restaurant.pk})
    assert response.status_code == 200
    found = list(response.context["cl"].result_list)
    assert found
    assert {row.restaurant_id for row in found} == {restaurant.pk}
    assert restaurant.name in response.content.decode()


@pytest.mark.parametrize("value", ["abc", "999999999999999999999999", "0", "no-such-slug"])
def test_filter_for_a_restaurant_that_is_not_there_is_no_error(staff: Client, value: str) -> None:
    address = reverse("admin:reservations_reservation_changelist")
    response = staff.get(address, {"restaurant__id__exact": value}, follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "model",
    [
        "restaurant",
        "area",
        "table",
        "tablecombination",
        "service",
        "turntime",
        "openingperiod",
        "specialday",
        "closure",
    ],
)
def test_form_to_add_one_answers(staff: Client, model: str) -> None:
    restaurant = make_venue()
    address = reverse(f"admin:reservations_{model}_add")
    page = staff.get(address)
    assert page.status_code == 200
    if model != "restaurant":
        assert "Which restaurant?" in page.content.decode()
        page = staff.get(address, {"restaurant": restaurant.slug})
        assert page.status_code == 200
        assert restaurant.name in page.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_form_of_one_answers_with_its_history(staff: Client, model: str) -> None:
    crowd(make_venue(), seed=0)
    row = apps.get_model("reservations", model).objects.first()
    assert row is not None
    address = reverse(f"admin:reservations_{model}_change", args=(row.pk,))
    assert staff.get(address).status_code == 200
    history = staff.get(reverse(f"admin:reservations_{model}_history", args=(row.pk,)))
    assert history.status_code == 200
    assert ("Europe/Berlin" in history.content.decode()) == (model not in ("user", "jobbeat"))


@pytest.mark.parametrize(
    "model", ["reservation", "tableclaim", "serviceday", "refusal", "combinationtable", "message", "jobbeat"]
)
def test_rows_of_the_write_rules_can_only_be_read(staff: Client, model: str) -> None:
    crowd(make_venue(), seed=0)
    kind = apps.get_model("reservations", model)
    row = kind.objects.first()
    assert row is not None
    before = kind.objects.filter(pk=row.pk).values().get()
    forged = {"name": "Forged", "status": "cancelled", "table": "", "reason": "X", "date": "2027-01-01", "_save": "1"}
    assert staff.post(reverse(f"admin:reservations_{model}_change", args=(row.pk,)), forged).status_code == 403
    assert staff.post(reverse(f"admin:reservations_{model}_delete", args=(row.pk,)), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    staff.post(reverse(f"admin:reservations_{model}_changelist"), action)
    if model != "reservation":
        assert staff.get(reverse(f"admin:reservations_{model}_add")).status_code == 403
    assert kind.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_permissions_are_refused(client: Client, model: str) -> None:
    crowd(make_venue(), seed=0)
    client.force_login(make_user(is_staff=True))
    row = apps.get_model("reservations", model).objects.first()
    assert row is not None
    for page in ("changelist", "add"):
        assert client.get(reverse(f"admin:reservations_{model}_{page}")).status_code == 403, page
    for page in ("change", "delete", "history"):
        # A row that is not the user's to see is not there, and the admin says so on its start page.
        response = client.get(reverse(f"admin:reservations_{model}_{page}", args=(row.pk,)))
        assert response.status_code == 403 or response["Location"] == reverse("admin:index"), page


def test_staff_who_may_only_look_see_no_way_to_change(client: Client) -> None:
    crowd(make_venue(), seed=0)
    client.force_login(make_limited("view_reservation"))
    reservation = Reservation.objects.get()
    page = client.get(reverse("admin:reservations_reservation_change", args=(reservation.pk,))).content.decode()
    assert reservation.reference in page
    assert "/cancel/" not in page
    cancel = reverse("admin:reservations_reservation_cancel", args=(reservation.pk,))
    assert client.get(cancel).status_code == 403
    assert client.post(cancel).status_code == 403
    assert client.get(reverse("admin:reservations_reservation_add")).status_code == 403


@pytest.fixture
def tokyo() -> Restaurant:
    return make_venue(timezone="Asia/Tokyo", country="JP")


def test_times_are_shown_in_the_restaurants_own_zone(staff: Client, tokyo: Restaurant) -> None:
    reservation = make_reservation(tokyo, at=dt.time(19, 30))
    # Shown too, and 10:30 there when the test runs at 01:30 UTC.
    start = reservation.starts_at
    Reservation.objects.update(created_at=start, confirmed_at=start)
    for address in (
        reverse("admin:reservations_reservation_changelist"),
        reverse("admin:reservations_reservation_change", args=(reservation.pk,)),
        reverse("admin:reservations_tableclaim_changelist"),
    ):
        page = staff.get(address).content.decode()
        assert "19:30 JST" in page, address
        assert "UTC" not in page
        assert "10:30" not in page


def test_service_of_the_evening_before_is_named(staff: Client) -> None:
    restaurant = make_venue(service={"first_seating": dt.time(20), "last_seating": dt.time(1)})
    date = days_ahead(restaurant)
    make_reservation(restaurant, date=date, at=dt.time(0, 30), days_after=1)
    page = staff.get(reverse("admin:reservations_reservation_changelist")).content.decode()
    assert f"(service of {date:%a} {date.day} {date:%b %Y})" in page


@pytest.mark.parametrize(
    ("model", "filters"),
    [
        ("reservation", {"exceeded": "yes", "status__exact": "held", "source__exact": "staff"}),
        ("reservation", {"exceeded": "no"}),
        ("reservation", {"day": "today", "_facets": "True"}),
        ("reservation", {"day": "nonsense"}),
        ("refusal", {"reason": "CLOSED", "_facets": "True"}),
        ("service", {"special": "yes"}),
        ("turntime", {"own": "no"}),
        ("restaurant", {"online_booking__exact": "hours_unknown", "country": "DE"}),
        ("reservation", {"service_date__year": "99999"}),
        ("reservation", {"service_date__day": "31", "service_date__month": "2", "service_date__year": "2027"}),
        ("reservation", {"o": "99.-1.x", "p": "abc"}),
    ],
)
def test_no_filter_breaks_the_list(staff: Client, model: str, filters: dict[str, str]) -> None:
    crowd(make_venue(), seed=0)
    assert staff.get(reverse(f"admin:reservations_{model}_changelist"), filters, follow=True).status_code == 200


def test_a_year_of_no_calendar_breaks_no_list(staff: Client) -> None:
    for model, date in (("block", "service_date"), ("specialday", "date"), ("reservation", "service_date")):
        address = reverse(f"admin:reservations_{model}_changelist")
        for year in ("9223372036854775808", "9" * 100, "0", "x"):
            assert staff.get(address, {f"{date}__year": year}, follow=True).status_code == 200


def test_counts_beside_the_choices_are_of_each(staff: Client) -> None:
    crowd(make_venue(), seed=0)
    address = reverse("admin:reservations_service_changelist")
    # Also where one of them is chosen.
    for chosen in ({}, {"special": "yes"}):
        changelist = staff.get(address, {**chosen, "_facets": "True"}).context["cl"]
        (kinds,) = [spec for spec in changelist.filter_specs if getattr(spec, "parameter_name", "") == "special"]
        shown = [str(choice["display"]) for choice in kinds.choices(changelist)]
        assert [re.findall(r"\((\d+)\)$", text) for text in shown] == [[], ["1"], ["2"]]
        assert len(changelist.result_list) == (1 if chosen else 3)


def test_filters_tell_the_two_kinds_apart(staff: Client) -> None:
    crowd(make_venue(), seed=0)
    services = reverse("admin:reservations_service_changelist")
    assert [row.name for row in staff.get(services, {"special": "yes"}).context["cl"].result_list] == ["Gala 0"]
    assert len(staff.get(services, {"special": "no"}).context["cl"].result_list) == 2
    reservations = reverse("admin:reservations_reservation_changelist")
    Reservation.objects.update(pacing_exceeded_by=make_user())
    assert len(staff.get(reservations, {"exceeded": "yes"}).context["cl"].result_list) == 1
    assert not staff.get(reservations, {"exceeded": "no"}).context["cl"].result_list


def test_day_filter_goes_by_each_restaurants_calendar(staff: Client) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        restaurant = make_venue(timezone=zone)
        for days in (-1, 0, 1, 8):
            wish = make_wish(restaurant, date=days_ahead(restaurant, days))
            make_seated(restaurant, [restaurant.tables.all()[0]], wish, name=f"day{days}")
    address = reverse("admin:reservations_reservation_changelist")
    for span, expected in {
        "today": {"day0"},
        "tomorrow": {"day1"},
        "week": {"day0", "day1"},
        "past": {"day-1"},
    }.items():
        found = list(staff.get(address, {"day": span}).context["cl"].result_list)
        assert {row.name for row in found} == expected
        assert len(found) == 3 * len(expected)


@pytest.mark.parametrize("typed", ["030 765 43 21", "+49 30 7654321", "7654321", "ADA@example.org", "ada lovelace"])
def test_reservations_are_found_by_what_guests_say(staff: Client, typed: str) -> None:
    restaurant = make_venue()
    reservation = make_reservation(restaurant, details=make_details(name="Ada Lovelace"))
    Reservation.objects.filter(pk=reservation.pk).update(phone="+49307654321")
    crowd(restaurant, seed=0)
    for text in (typed, reservation.reference.lower()):
        found = staff.get(reverse("admin:reservations_reservation_changelist"), {"q": text}).context["cl"].result_list
        assert list(found) == [reservation]


def test_restaurants_are_searched_for_by_name_and_city(staff: Client) -> None:
    wanted = make_venue(name="Zur Linde", city="Görlitz")
    make_venue(name="Zur Eiche", city="Görlitz")
    answer = staff.get(
        reverse("admin:autocomplete"),
        {"term": "linde görlitz", "app_label": "reservations", "model_name": "area", "field_name": "restaurant"},
    )
    assert answer.json()["results"] == [{"id": str(wanted.pk), "text": "Zur Linde · Görlitz"}]


def test_turn_time_list_names_its_service(staff: Client) -> None:
    restaurant = make_venue()
    make_turn_time(restaurant, up_to=2, minutes=75, service=make_service(restaurant, name="Brunch"))
    assert TurnTime.objects.count() == 1
    assert "Brunch" in staff.get(reverse("admin:reservations_turntime_changelist")).content.decode()
