"""What is cached of a day: a hold ends it, its confirmation does not, and nothing is shown as free that is taken."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reservations import cached
from reservations.engine import booking
from reservations.engine.availability import Ask, times
from reservations.models import Reservation, Restaurant
from tests import clock
from tests import factories as make
from tests.pages import Page
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db(transaction=True)

NOON = dt.datetime(2027, 6, 16, 10, tzinfo=dt.UTC)
DATE = dt.date(2027, 6, 20)
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)
ONE_TIME = {"first_seating": dt.time(19), "last_seating": dt.time(19)}


@pytest.fixture
def place() -> Restaurant:
    """One table at one time of an evening, held for ten minutes."""
    return make.make_venue(tables=(2,), service=ONE_TIME, hold_minutes=10)


def is_free(restaurant: Restaurant, now: dt.datetime) -> bool:
    """Return what every cached read says of the date's one time; they agree."""
    (time,) = times(cached.day_plan(restaurant.pk, DATE), Ask(2), now)
    month = cached.month(restaurant.pk, DATE.replace(day=1), 2, None, False)
    near = cached.near(restaurant.pk, DATE - dt.timedelta(days=1), 2, None, False)
    found = {time.bookable, month[DATE.day - 1] == "open", DATE in near}
    assert len(found) == 1, (time, month, near)
    return found.pop()


def labels(page: Page) -> list[str]:
    """Return what the page's buttons say."""
    return [button.label for form in page.forms for button in form.buttons]


def hold(restaurant: Restaurant) -> Reservation:
    return make.make_hold(restaurant, date=DATE, at=dt.time(19))


def confirm(held: Reservation) -> None:
    booking.confirm(reservation=held, details=make.make_details())


def test_a_confirmation_leaves_what_is_cached_until_the_hold_would_have_ended(place: Restaurant) -> None:
    with clock.at(NOON):
        assert is_free(place, NOON)
        held = hold(place)
        assert not is_free(place, NOON)
        confirm(held)
        with CaptureQueriesContext(connection) as asked:
            assert not is_free(place, NOON)
        assert len(asked) == 0
    for later in (9 * MINUTE, 11 * MINUTE, dt.timedelta(hours=2)):
        with clock.at(NOON + later):
            assert not is_free(place, NOON + later), later


@pytest.mark.parametrize("apart", [MINUTE, -MINUTE, dt.timedelta()], ids=["node ahead", "node behind", "same"])
def test_a_confirmation_in_the_last_moment_is_seen_by_a_node_whose_clock_is_apart(
    place: Restaurant, apart: dt.timedelta
) -> None:
    with clock.at(NOON):
        held = hold(place)
    last = NOON + 9 * MINUTE + dt.timedelta(seconds=30)
    with clock.at(last, node_ahead=apart):
        # A node that is ahead takes the hold for lapsed, and keeps the time as free without an end.
        assert is_free(place, last + apart) is (apart > dt.timedelta())
        confirm(held)
        assert not is_free(place, last + apart)
    with clock.at(last + 5 * MINUTE, node_ahead=apart):
        assert not is_free(place, last + 5 * MINUTE + apart)


def test_a_day_that_was_shown_just_before_is_not_shown_beyond_the_holds_end(
    place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as an entry is ever fresh: a hold that is confirmed with two minutes left ends nothing.
    monkeypatch.setattr("restaurant_site.caching.through.random.uniform", lambda _least, most: most)
    with clock.at(NOON):
        held = hold(place)
    end = NOON + 10 * MINUTE
    with clock.at(end - 125 * SECOND):
        assert not is_free(place, end - 125 * SECOND)
        confirm(held)
    with clock.at(end + 3 * SECOND):
        assert not is_free(place, end + 3 * SECOND)


def test_a_hold_that_lapses_is_free_again_for_who_had_it_cached(place: Restaurant) -> None:
    with clock.at(NOON):
        hold(place)
        assert not is_free(place, NOON)
    later = NOON + 11 * MINUTE
    with clock.at(later):
        assert is_free(place, later)


def test_a_confirmation_that_changes_tables_ends_what_is_cached() -> None:
    place = make.make_venue(tables=(), service=ONE_TIME, hold_minutes=10)
    make.make_tables(place, [2])
    make.make_table(place, seats=2, is_step_free=True)
    with clock.at(NOON):
        held = hold(place)
        step_free = Ask(2, step_free=True)
        assert [time.bookable for time in times(cached.day_plan(place.pk, DATE), step_free, NOON)] == [True]
        booking.confirm(reservation=held, details=make.make_details(needs_step_free=True))
        assert [time.bookable for time in times(cached.day_plan(place.pk, DATE), step_free, NOON)] == [False]


def test_who_holds_the_last_table_may_press_another_time_of_a_full_day() -> None:
    place = make.make_venue(
        tables=(2,), service={"first_seating": dt.time(19), "last_seating": dt.time(20), "interval_minutes": 60}
    )
    diner, other = Diner(place), Diner(place)
    form = diner.times().form("/hold/")
    late = other.times().form("/hold/")
    held = diner.hold("19:00")
    # Both times are taken by the one hold, and every page knows it.
    assert diner.ask().status_code == 200
    assert cached.day_plan.seen(place.pk, held.service_date).value is not None
    again = diner.send(form, "20:00")
    assert again.status_code == 302, again.content.decode()
    assert cached.day_plan(place.pk, held.service_date)
    assert other.send(late, "20:00").status_code == 409
    # The same button, pressed twice: the first answer, though the day is full by it.
    assert diner.send(form, "20:00")["Location"] == again["Location"]
    assert Reservation.objects.filter(status="held").count() == 1


def test_what_is_shown_ends_with_the_deadline_of_a_time() -> None:
    place = make.make_venue(tables=(2,), service={**ONE_TIME, "lead_minutes": 60})
    at_seven = dt.datetime(2027, 6, 20, 17, tzinfo=dt.UTC)
    for before, there in (
        (61 * MINUTE, True),
        (60 * MINUTE + 9 * SECOND, True),
        (59 * MINUTE, False),
        (58 * MINUTE, False),
    ):
        with clock.at(at_seven - before):
            assert ("19:00" in labels(Diner(place).times(DATE))) is there, before


def test_what_is_shown_is_the_same_for_all_but_for_what_is_a_visitors_own(place: Restaurant) -> None:
    first, second = Diner(place), Diner(place)
    forms = [diner.times().form("/hold/") for diner in (first, second, second)]
    keys, tokens = ({form.values[name] for form in forms} for name in ("key", "csrfmiddlewaretoken"))
    assert len(keys) == 3
    # Masked anew in every answer.
    assert len(tokens) == 3
    with CaptureQueriesContext(connection) as asked:
        part = second.client.get(
            f"{second.base}/times/", {"date": str(make.days_ahead(place)), "party": "2"}, HTTP_HX_REQUEST="true"
        )
    assert len(asked) == 0
    assert part.content.count(b'name="key"') == 1
    assert b"<!-- own -->" not in part.content
    assert second.send(forms[2], "19:00").status_code == 302
    assert first.send(forms[0], "19:00").status_code == 409


def test_a_restaurant_that_is_changed_is_shown_anew(place: Restaurant) -> None:
    assert "19:00" in labels(Diner(place).times())
    place.services.update(first_seating=dt.time(20), last_seating=dt.time(20))
    shown = labels(Diner(place).times())
    assert "20:00" in shown
    assert "19:00" not in shown
