"""Azure Cosmos DB as its emulator speaks it: what is made there, how long things last, and what an outage costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.cosmos import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError
from django.conf import settings as current
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from reservations.history import cosmos as module
from reservations.history.chaining import copy_events
from reservations.history.happened import Unavailable
from reservations.history.store import _cosmos, store
from reservations.models import HistoryEvent, HistoryOutbox, Reservation
from tests.factories import make_reservation, make_restaurant, make_staff, make_venue
from tests.history.conftest import copy_to
from tests.history.emulator import Emulator
from tests.history.rows import event, happen, happened

pytestmark = [
    pytest.mark.audit,
    pytest.mark.django_db(transaction=True),
    # azure-cosmos verifies no certificate on 127.0.0.1, and urllib3 says so.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

AWAY = "The history's store can't be reached"


def refusal(status: int) -> Exception:
    """Return what azure-cosmos raises for an answer of this status."""
    made: Any = CosmosHttpResponseError
    error: Exception = made(status_code=status, message="refused")
    return error


def container() -> ContainerProxy:
    """Return the container that the settings name, by a client of the test's own."""
    client = CosmosClient(current.COSMOS_URL, current.COSMOS_KEY)
    return client.get_database_client(current.COSMOS_DATABASE).get_container_client(current.COSMOS_CONTAINER)


def items(restaurant_id: int) -> list[dict[str, Any]]:
    text = "SELECT * FROM c WHERE c.restaurant = @restaurant"
    parameters: list[dict[str, object]] = [{"name": "@restaurant", "value": str(restaurant_id)}]
    return list(container().query_items(text, parameters=parameters, partition_key=str(restaurant_id)))


@pytest.mark.usefixtures("cosmos")
class TestContainer:
    def test_an_item_is_an_event_under_its_own_number(self) -> None:
        place = make_restaurant()
        [row] = happen(place, event("held", party_size=[None, 2]))
        assert copy_events() == 1
        [item] = items(place.pk)
        assert (item["id"], item["restaurant"]) == (str(row.pk), str(place.pk))
        assert (item["kind"], item["changes"], item["digest"]) == ("held", {"party_size": [None, 2]}, row.digest)
        assert container().read()["partitionKey"]["paths"] == ["/restaurant"]

    def test_by_default_nothing_ends(self) -> None:
        store().add(())
        assert container().read().get("defaultTtl") is None

    def test_time_to_live_is_the_settings(self, settings: Settings) -> None:
        settings.COSMOS_TTL_DAYS = 30
        store().add(())
        assert container().read()["defaultTtl"] == 30 * 24 * 60 * 60

    @pytest.mark.parametrize(("before", "after", "seconds"), [(0, 7, 604_800), (7, 1, 86_400), (7, 0, None)])
    def test_a_change_of_it_is_made_by_the_next_process(
        self, settings: Settings, before: int, after: int, seconds: int | None
    ) -> None:
        settings.COSMOS_TTL_DAYS = before
        store().add(())
        indexing = container().read()["indexingPolicy"]
        settings.COSMOS_TTL_DAYS = after
        store().add(())
        found = container().read()
        assert found.get("defaultTtl") == seconds
        # The emulator empties a container that is replaced; the service does not.
        assert found["indexingPolicy"] == indexing

    def test_where_it_may_not_be_changed_events_are_copied_all_the_same(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        store().add(())
        settings.COSMOS_TTL_DAYS = 7

        def refuse(*_args: object, **_options: object) -> None:
            raise refusal(403)

        monkeypatch.setattr("azure.cosmos.DatabaseProxy.replace_container", refuse)
        place = make_restaurant()
        store().add(happened(place, event()))
        assert len(items(place.pk)) == 1
        assert "time to live" in caplog.text

    def test_what_is_not_there_yet_is_unavailable_to_readers(self) -> None:
        with pytest.raises(Unavailable):
            store().recent(1, 10)


@pytest.fixture
def failing(settings: Settings) -> Iterator[Emulator]:
    """Return an emulator that the test stops."""
    with Emulator() as running:
        copy_to(settings, running)
        yield running


def test_an_outage_costs_no_booking_and_no_event(failing: Emulator, client: Client) -> None:
    place = make_venue()
    first = make_reservation(place)
    happen(place, event("held", first.pk), date=first.service_date)
    assert copy_events() >= 1
    client.force_login(make_staff())
    pages = [
        reverse("admin:reservations_historyevent_restaurant", args=(place.pk,)),
        reverse("admin:reservations_historyevent_reservation", args=(first.pk,)),
    ]
    for page in pages:
        assert AWAY not in client.get(page).content.decode()

    failing.stop()
    second = make_reservation(place)
    assert second.status == Reservation.Status.CONFIRMED
    rows = happen(place, event("confirmed", first.pk), event("held", second.pk), date=first.service_date)
    assert copy_events() == 0
    waiting = dict(HistoryOutbox.objects.values_list("event_id", "attempts"))
    assert {row.pk for row in rows} <= set(waiting)
    assert set(waiting.values()) == {1}
    for page in pages:
        html = client.get(page).content.decode()
        assert AWAY in html
        assert "Confirmed" in html
        assert "Table held" in html

    # Back, and empty: the container is made again, and what was lost is copied once more.
    failing.start()
    _cosmos.cache_clear()
    assert copy_events() == len(waiting)
    assert not HistoryOutbox.objects.exists()
    call_command("copy_history")
    assert len(store().digests(place.pk)) == HistoryEvent.objects.filter(restaurant=place).count()
    for page in pages:
        assert AWAY not in client.get(page).content.decode()


def test_a_store_that_hangs_is_waited_for_once(failing: Emulator) -> None:
    place = make_restaurant()
    store().add(happened(place, event()))
    failing.freeze()
    spent = []
    for _question in range(5):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            store().recent(place.pk, 10)
        spent.append(time.monotonic() - started)
    assert spent[0] < 2 * module.WHOLE_SECONDS
    assert max(spent[1:]) < 0.1


def test_after_a_pause_it_is_asked_again(failing: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.5)
    place = make_restaurant()
    store().add(happened(place, event()))
    failing.stop()
    with pytest.raises(Unavailable):
        store().recent(place.pk, 10)
    failing.start()
    time.sleep(0.5)
    # The container is gone with the server; adding makes it, in the same process.
    events = happened(place, event())
    store().add(events)
    assert store().recent(place.pk, 10) == tuple(events)


@pytest.mark.usefixtures("cosmos")
def test_a_key_that_is_none_is_an_outage(settings: Settings) -> None:
    settings.COSMOS_KEY = "no base64"
    with pytest.raises(Unavailable):
        store().recent(1, 10)


def test_what_the_service_refuses_is_told_from_an_outage(cosmos: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_restaurant()
    good, bad = happen(place, event("held"), event("large"))
    upsert = ContainerProxy.upsert_item

    def refuse(self: ContainerProxy, body: dict[str, Any], **options: Any) -> Any:
        if body["id"] == str(bad.pk):
            raise refusal(413)
        return upsert(self, body, **options)

    monkeypatch.setattr(ContainerProxy, "upsert_item", refuse)
    assert copy_events() == 1
    assert [item["id"] for item in items(place.pk)] == [str(good.pk)]
    assert [row.event_id for row in HistoryOutbox.objects.all()] == [bad.pk]
