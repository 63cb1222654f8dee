"""What goes to the database with the COMMIT: all of it or nothing, and its errors where the transaction ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from reservations.models import Restaurant, ServiceDay
from reservations.queries.prepared import last_trip
from restaurant_site.database import dialect
from tests import factories as make

pytestmark = pytest.mark.postgresql("the driver's pipeline")

FIRST, SECOND = dt.date(2027, 6, 20), dt.date(2027, 6, 21)


@pytest.fixture
def place() -> Restaurant:
    return make.make_restaurant()


def write(place: Restaurant, *dates: dt.date) -> None:
    """Insert rows of service days, without waiting for an answer where the driver can."""
    for date in dates:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO reservations_serviceday (restaurant_id, date) VALUES (%s, %s)", [place.pk, date]
            )


def write_last(place: Restaurant, *dates: dt.date, then: Callable[[], None] = lambda: None) -> None:
    """Write them with the COMMIT, before which something happens."""
    with transaction.atomic():
        with last_trip():
            write(place, *dates)
        then()


def days(place: Restaurant) -> list[dt.date]:
    return list(ServiceDay.objects.filter(restaurant=place).order_by("date").values_list("date", flat=True))


@pytest.mark.django_db(transaction=True)
def test_it_is_there_once_the_transaction_has_ended(place: Restaurant) -> None:
    done: list[str] = []
    with transaction.atomic():
        transaction.on_commit(lambda: done.extend(str(date) for date in days(place)))
        with last_trip():
            write(place, FIRST, SECOND)
        assert dialect.pipelines(connection)
        assert connection.connection.info.pipeline_status
    # Callbacks come behind the commit, on a connection like any other.
    assert done == [str(FIRST), str(SECOND)]
    assert not connection.connection.info.pipeline_status
    assert days(place) == [FIRST, SECOND]


@pytest.mark.django_db(transaction=True)
def test_an_error_comes_with_the_end_and_nothing_is_written(place: Restaurant) -> None:
    with pytest.raises(IntegrityError):
        write_last(place, FIRST, SECOND, FIRST)
    assert days(place) == []
    assert not connection.in_atomic_block
    assert not connection.connection.info.pipeline_status
    write_last(place, FIRST)
    assert days(place) == [FIRST]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dates", [(FIRST,), (FIRST, FIRST)], ids=["good", "bad"])
def test_who_raises_behind_it_takes_it_back(place: Restaurant, dates: tuple[dt.date, ...]) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_last(place, *dates, then=fail)
    assert days(place) == []
    assert not connection.connection.info.pipeline_status


@pytest.mark.django_db
def test_within_another_transaction_it_is_a_trip_like_any_other(place: Restaurant) -> None:
    with transaction.atomic():
        with last_trip():
            write(place, FIRST)
        assert not connection.connection.info.pipeline_status
        assert days(place) == [FIRST]
    with pytest.raises(IntegrityError), transaction.atomic(), last_trip():
        write(place, FIRST)
    assert days(place) == [FIRST]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_before_the_end_is_an_error_and_the_next_is_new(place: Restaurant) -> None:
    def cut() -> None:
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        finally:
            other.close()

    with pytest.raises(OperationalError):
        write_last(place, FIRST, then=cut)
    connection.close()
    assert days(place) == []


@pytest.mark.django_db(transaction=True)
def test_who_closes_the_connection_behind_it_takes_it_back_and_the_next_commits(place: Restaurant) -> None:
    write_last(place, FIRST, then=connection.close)
    assert days(place) == []
    with transaction.atomic():
        write(place, SECOND)
    assert days(place) == [SECOND]
