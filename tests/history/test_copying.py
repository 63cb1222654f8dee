"""The copy of the history: what waits, what is copied, and what an outage or a bad event leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from reservations.history import chaining, reading
from reservations.history.cached import recent_activity
from reservations.history.chaining import chain_others, copy_events
from reservations.models import HistoryEvent, HistoryOutbox, Restaurant
from tests.concurrency.crew import Crew
from tests.factories import make_restaurant
from tests.history.memory import MemoryStore
from tests.history.rows import event, happen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crew(transactional_db: None) -> Iterator[Crew]:
    with Crew(4) as threads:
        yield threads


def waiting() -> list[tuple[int, int]]:
    """Return what is still to be copied: the number of each event, and how often it was tried."""
    return list(HistoryOutbox.objects.order_by("event_id").values_list("event_id", "attempts"))


def test_what_happened_is_copied_once(copy: MemoryStore, place: Restaurant) -> None:
    rows = [*happen(place, event("held"), event("confirmed")), *happen(make_restaurant(), event("held"))]
    assert len(waiting()) == 3
    assert copy_events() == 3
    assert sorted(copy.kept) == [row.pk for row in rows]
    assert {one.id: one.digest for one in copy.kept.values()} == {row.pk: row.digest for row in rows}
    assert waiting() == []
    assert copy_events() == 0


def test_nothing_waits_where_nothing_is_copied(place: Restaurant) -> None:
    happen(place, event())
    assert (waiting(), copy_events()) == ([], 0)


def test_what_has_no_place_in_its_chain_waits_for_it(copy: MemoryStore, place: Restaurant) -> None:
    [loose] = happen(place, event("joined"), date=None)
    [dated] = happen(place, event("held"))
    assert copy_events() == 1
    assert set(copy.kept) == {dated.pk}
    assert waiting() == [(loose.pk, 0)]
    assert (chain_others(), copy_events()) == (1, 1)
    assert copy.kept[loose.pk].position == 1
    assert copy.kept[loose.pk].digest


def test_an_outage_leaves_everything_in_place(copy: MemoryStore, place: Restaurant) -> None:
    rows = happen(place, event(), event(), event())
    copy.away = True
    assert (copy_events(), copy_events()) == (0, 0)
    assert waiting() == [(row.pk, 2) for row in rows]
    # It gave up after the first question of each pass.
    assert copy.questions == 2
    copy.away = False
    assert copy_events() == 3
    assert waiting() == []


def test_an_event_that_is_refused_holds_no_other_up(
    copy: MemoryStore, place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaining, "COPIED_AT_ONCE", 2)
    rows = happen(place, *[event(number=number) for number in range(7)])
    # As many as are copied at once, and the oldest.
    copy.refuses = {rows[0].pk, rows[1].pk}
    copied = copy_events()
    assert waiting()[:2] == [(rows[0].pk, 1), (rows[1].pk, 1)]
    assert copied + copy_events() == 5
    assert set(copy.kept) == {row.pk for row in rows[2:]}
    assert [pk for pk, _attempts in waiting()] == [rows[0].pk, rows[1].pk]
    later = happen(place, event("later"))
    assert copy_events() == 1
    assert later[0].pk in copy.kept
    copy.refuses = set()
    assert copy_events() == 2
    assert len(copy.kept) == 8


def test_attempts_are_counted_only_so_far(copy: MemoryStore, place: Restaurant) -> None:
    happen(place, event())
    copy.away = True
    HistoryOutbox.objects.update(attempts=32_767)
    assert copy_events() == 0
    assert [attempts for _pk, attempts in waiting()] == [32_767]


def test_any_number_of_loops_copy(crew: Crew, copy: MemoryStore, place: Restaurant) -> None:
    for turn in range(5):
        happen(place, *[event(number=turn)] * 30)
    # Some events are copied twice, to no effect.
    assert sum(crew.race([copy_events] * 4)) >= 150
    assert len(copy.kept) == HistoryEvent.objects.count() == 150
    assert waiting() == []


def test_a_run_with_much_to_do_leaves_the_loop_time_for_its_other_jobs(
    copy: MemoryStore, place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaining, "RUN_SECONDS", 0.0)
    monkeypatch.setattr(chaining, "CHAINED_AT_ONCE", 2)
    monkeypatch.setattr(chaining, "COPIED_AT_ONCE", 2)
    happen(place, *[event()] * 5, date=None)
    assert [chain_others() for _run in range(4)] == [2, 2, 1, 0]
    assert [copy_events() for _run in range(4)] == [2, 2, 1, 0]
    # Whoever asks for the whole copy gets it.
    copy.kept.clear()
    happen(place, *[event()] * 5, date=None)
    call_command("copy_history")
    assert len(copy.kept) == 10


class TestReading:
    """What staff are shown comes from the store, as soon as it has happened."""

    def test_what_is_not_copied_yet_is_shown_in_its_place(self, copy: MemoryStore, place: Restaurant) -> None:
        happen(place, event("held"))
        copy_events()
        happen(place, event("confirmed"))
        happen(place, event("joined", 5, subject="entry"), date=None)
        for _pass in range(2):
            assert [one.kind for one in recent_activity(place.pk).events] == ["joined", "confirmed", "held"]
            assert [one.kind for one in reading.of_subject(place.pk, "reservation", 1).events] == ["held", "confirmed"]
            chain_others()
            copy_events()

    def test_the_store_is_asked_where_redis_has_nothing(self, copy: MemoryStore, place: Restaurant) -> None:
        happen(place, event("held"))
        copy_events()
        before = copy.questions
        answers = [recent_activity(place.pk) for _time in range(5)]
        assert copy.questions == before + 1
        assert len(set(map(str, answers))) == 1
        # A write ends what is cached, and so does the copying of it.
        happen(place, event("confirmed"))
        assert [one.kind for one in recent_activity(place.pk).events] == ["confirmed", "held"]
        asked = copy.questions
        copy_events()
        copied = copy.questions
        assert recent_activity(place.pk).events[0].kind == "confirmed"
        assert copied == asked + 1
        assert copy.questions == copied + 1

    def test_another_restaurant_s_events_end_nothing(self, copy: MemoryStore, place: Restaurant) -> None:
        recent_activity(place.pk)
        before = copy.questions
        happen(make_restaurant(), event())
        recent_activity(place.pk)
        assert copy.questions == before

    def test_an_outage_shows_the_table_and_says_so(self, copy: MemoryStore, place: Restaurant) -> None:
        happen(place, event("held"))
        copy_events()
        copy.kept.clear()
        copy.away = True
        found = recent_activity(place.pk)
        assert ([one.kind for one in found.events], found.store_away) == (["held"], True)
        # It is not kept: when the store is back, it is asked.
        copy.away = False
        found = recent_activity(place.pk)
        assert (found.events, found.store_away) == ((), False)

    def test_so_many_are_recent(self, copy: MemoryStore, place: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("reservations.history.cached.RECENT", 3)
        happen(place, *[event(number=number) for number in range(4)])
        copy_events()
        happen(place, event(number=9))
        assert [one.number for one in recent_activity(place.pk).events] == [9, 3, 2]
