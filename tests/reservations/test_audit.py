"""`manage.py audit_reservations`: each check sees exactly what breaks it, and a clean house passes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from reservations.auditing.audit import CHECKS
from reservations.engine import changing, floor
from reservations.engine.errors import Reason
from reservations.engine.slots import SLOT
from reservations.history.trail import by_staff
from reservations.models import (
    Block,
    BookingRequest,
    Guest,
    HistoryEvent,
    Message,
    Reservation,
    TableClaim,
    WaitlistEntry,
)
from tests import factories as make
from tests.reservations.audited import House, Status, audited, make_guest, make_house, past, tell
from tests.reservations.rows import refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house()


def test_a_clean_house_passes_and_every_check_has_looked_at_something(house: House) -> None:
    answer = audited()
    assert answer.violated == {}
    assert answer.out.count("\n") == len(CHECKS)
    assert {name for name in CHECKS if not answer.rows(name)} == set()


def test_an_empty_database_passes() -> None:
    assert audited().violated == {}


def change(row: Any, **values: Any) -> None:
    """Change a row past every rule."""
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def first_claim(**filters: Any) -> TableClaim:
    return TableClaim.objects.filter(**filters).order_by("slot_start")[0]


def add_claim(house: House, table: int, slot: dt.datetime, **owner: Any) -> None:
    TableClaim.objects.create(restaurant=house.restaurant, table=house.tables[table], slot_start=slot, **owner)


def two_past_parties(house: House) -> None:
    for status in (Status.CONFIRMED, Status.SEATED):
        row = past(house.restaurant, house.tables[3], status=status, hours_ago=50)
        TableClaim.objects.filter(reservation=row).delete()
        tell(row)


def a_party_that_kept_tables_after_leaving(house: House) -> None:
    change(house.confirmed, status=Status.FINISHED)
    house.confirmed.refresh_from_db()
    tell(house.confirmed)


def reservation_at(status: str, **fields: Any) -> Callable[[House], None]:
    """Return the break that gives the confirmed reservation another status, with an event that says so."""

    def breaks(house: House) -> None:
        change(house.confirmed, status=status, **fields)
        house.confirmed.refresh_from_db()
        tell(house.confirmed)

    return breaks


def a_guest_from_elsewhere(house: House) -> None:
    change(house.confirmed, guest=make_guest(make.make_restaurant(), "other@example.org"))


def an_area_from_elsewhere(house: House) -> None:
    change(house.tables[0], area=make.make_area(make.make_restaurant()))


BREAKS: list[tuple[str, str, Callable[[House], Any]]] = [
    ("overlaps", "seated reservation", two_past_parties),
    ("claims", "lacks the claim of table", lambda house: first_claim(reservation=house.confirmed).delete()),
    ("claims", "lacks the claim of table", lambda house: first_claim(reservation=house.hold).delete()),
    ("claims", "lacks the claim of table", lambda house: first_claim(block=house.block).delete()),
    (
        "claims",
        "which is none of its tables",
        lambda house: add_claim(house, 4, house.confirmed.starts_at, reservation=house.confirmed),
    ),
    (
        "claims",
        "outside its time",
        lambda house: add_claim(house, 4, house.confirmed.starts_at - SLOT, reservation=house.confirmed),
    ),
    (
        "claims",
        "outside its time",
        lambda house: add_claim(house, 4, house.seated.ends_at, reservation=house.seated),
    ),
    ("claims", "which has not begun", a_party_that_kept_tables_after_leaving),
    ("claims", "has tables", lambda house: change(house.cancelled, table_ids=[house.tables[0].pk])),
    ("claims", "has no table", lambda house: change(house.seated, table_ids=[])),
    ("claims", "has no table", lambda house: change(house.seated, table_ids=7)),
    ("claims", "has no table", lambda house: change(house.seated, table_ids=[[1], "1"])),
    ("owners", ", expired", lambda house: change(house.hold, status=Status.EXPIRED, table_ids=[])),
    ("owners", ", released", lambda house: change(house.hold, status=Status.RELEASED, table_ids=[])),
    ("owners", ", no_show", reservation_at(Status.NO_SHOW, table_ids=[])),
    ("owners", ", cancelled", reservation_at(Status.CANCELLED, table_ids=[])),
    ("owners", ", lifted", lambda house: change(house.block, lifted_at=timezone.now(), table_ids=[])),
    ("pacing", "2 covers, at most 1", lambda house: change(house.confirmed, pacing_limit=1)),
    ("pacing", "2 covers online, at most 1", lambda house: change(house.confirmed, online_pacing_limit=1)),
    ("chains", "is not what was written", lambda _house: change(HistoryEvent.objects.all()[0], source="web")),
    (
        "chains",
        "2 follows 0",
        lambda house: HistoryEvent.objects.filter(chain=house.hold.service_date.isoformat(), position=1).delete(),
    ),
    ("events", "the history says cancelled", lambda house: tell(house.confirmed, "cancelled")),
    ("events", "the history says held", lambda house: tell(house.confirmed, "held")),
    ("events", "is no_show", lambda house: change(house.seated, status=Status.NO_SHOW, table_ids=[])),
    ("offers", "it has no reservation", lambda house: change(house.entry, offer=None)),
    ("offers", "is confirmed", lambda house: change(house.entry, offer=house.confirmed)),
    ("proposals", "it has no reservation", lambda house: change(house.request, reservation=None)),
    ("proposals", "is cancelled", lambda house: change(house.request, reservation=house.cancelled)),
    ("messages", "is about nothing", lambda house: change(house.message, reservation=None)),
    ("lapsed", "is held, but only until", lambda house: change(house.hold, held_until=ago(61))),
    ("lapsed", "is held, but without an end", lambda house: change(house.hold, held_until=None)),
    ("guests", "into", lambda house: change(house.guests[0], merged_into=house.guests[0])),
    ("guests", "into", lambda house: change(house.guests[2], merged_into=house.guests[0])),
    ("restaurants", "its guest", a_guest_from_elsewhere),
    ("restaurants", "its area", an_area_from_elsewhere),
]


def ago(minutes: int) -> dt.datetime:
    return timezone.now() - dt.timedelta(minutes=minutes)


@pytest.mark.parametrize(("name", "says", "breaks"), BREAKS, ids=[f"{name} {says}" for name, says, _b in BREAKS])
def test_what_is_broken_is_named(house: House, name: str, says: str, breaks: Callable[[House], Any]) -> None:
    breaks(house)
    answer = audited()
    assert list(answer.violated) == [name], answer.out
    assert answer.code == 1
    assert says in answer.out


@contextmanager
def without(constraint_name: str) -> Iterator[None]:
    """Take a constraint of the claims away; the rows that it would have refused are gone before it is back."""
    constraint = next(one for one in TableClaim._meta.constraints if one.name == constraint_name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(TableClaim, constraint)
    try:
        yield
    finally:
        TableClaim.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(TableClaim, constraint)


def test_a_table_that_is_claimed_twice_is_named(house: House) -> None:
    with without("tableclaim_table_slot_unique"):
        twin = first_claim(reservation=house.confirmed)
        twin.pk = None
        twin.save(force_insert=True)
        answer = audited()
    assert answer.violated == {"claimed-twice": 1}
    assert f"table {twin.table_id} at" in answer.out


def test_a_claim_of_nobody_and_one_of_two_are_named(house: House) -> None:
    with without("tableclaim_one_owner"):
        add_claim(house, 4, house.block.starts_at)
        claim = first_claim(block=house.block)
        change(claim, reservation=house.confirmed)
        answer = audited()
        assert answer.violated["owners"] == 2
    assert "is of nobody" in answer.out
    assert f"and block {house.block.pk}, in force" in answer.out


def test_two_that_are_still_to_come_at_one_table_are_named(house: House) -> None:
    change(house.block, table_ids=house.confirmed.table_ids)
    answer = audited()
    assert "overlaps" in answer.violated
    assert f"block {house.block.pk}" in answer.out
    assert f"confirmed reservation {house.confirmed.reference}" in answer.out


def test_parties_that_only_seem_to_have_met_are_not_named(house: House) -> None:
    early = past(house.restaurant, house.tables[2], status=Status.FINISHED, hours_ago=50)
    # The first left after an hour, and the next party came at once.
    change(early, finished_at=early.starts_at + dt.timedelta(hours=1))
    TableClaim.objects.filter(reservation=early, slot_start__gte=early.starts_at + dt.timedelta(hours=1)).delete()
    later = past(house.restaurant, house.tables[2], status=Status.FINISHED, hours_ago=49)
    # A third sat elsewhere first, and came to this table once the second had gone.
    moved = past(house.restaurant, house.tables[3], status=Status.FINISHED, hours_ago=48)
    change(moved, table_ids=[house.tables[2].pk])
    for row in (early, later, moved):
        tell(row)
    assert audited().violated == {"overlaps": 1}
    tell(moved, "moved")
    assert audited().violated == {}
    # Whoever has no such excuse is named.
    change(early, finished_at=None)
    assert audited().violated == {"overlaps": 1}
    # It sat on beyond its time, and got more of it after the next party's.
    tell(early, "extended", {"held_until": [None, "2027"]})
    assert audited().violated == {"overlaps": 1}
    tell(early, "extended", {"ends_at": ["2026", "2027"]})
    assert audited().violated == {}


def test_staff_may_move_a_party_to_a_time_at_which_nobody_more_can_book_online(house: House) -> None:
    restaurant = make.make_venue(service={"max_covers": 4, "max_online_covers": 2})
    first, second = (make.make_reservation(restaurant, at=at) for at in (dt.time(19), dt.time(20)))
    with refused(Reason.PACING_FULL):
        changing.change(reservation=second, wish=make.make_wish(restaurant))
    changing.change(reservation=second, wish=make.make_wish(restaurant), by=by_staff(make.make_staff()), online=False)
    assert second.starts_at == first.starts_at
    assert audited().violated == {}


def test_a_party_that_has_just_left_keeps_the_slot_that_runs(house: House) -> None:
    staff = make.make_staff()
    party = floor.walk_in(restaurant=house.restaurant, party=2, user=staff, by=by_staff(staff), key=make.new_key())
    floor.finish(reservation=party, by=by_staff(staff))
    assert audited().violated == {}
    # The next one is free.
    TableClaim.objects.create(
        restaurant=house.restaurant, reservation=party, table_id=party.table_ids[0], slot_start=party.ends_at
    )
    change(party, ends_at=party.ends_at + dt.timedelta(minutes=15))
    assert audited().violated == {"claims": 1}


def test_a_party_that_left_before_its_time_keeps_the_first_slot(house: House) -> None:
    end = house.confirmed.starts_at + SLOT
    TableClaim.objects.filter(reservation=house.confirmed, slot_start__gte=end).delete()
    reservation_at(Status.FINISHED, ends_at=end)(house)
    assert audited().violated == {}


def test_parties_around_midnight_and_across_batches_are_compared(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    two_past_parties(house)
    rows = Reservation.objects.filter(table_ids=[house.tables[3].pk]).order_by("pk")
    change(rows[1], service_date=rows[1].service_date + dt.timedelta(days=1))
    HistoryEvent.objects.filter(subject_number=rows[1].pk).delete()
    tell(rows[1])
    assert audited().violated == {"overlaps": 1}
    monkeypatch.setattr("reservations.auditing.overlaps._ROWS_AT_ONCE", 1)
    monkeypatch.setattr("reservations.auditing.claims._AT_ONCE", 2)
    assert audited().violated == {"overlaps": 1}


def test_who_exceeded_pacing_knowingly_or_was_under_no_limit_does_not_count(house: House) -> None:
    change(house.confirmed, pacing_limit=1, pacing_exceeded_by=make.make_staff())
    assert audited().violated == {}
    change(house.confirmed, pacing_exceeded_by=None)
    assert audited().violated == {"pacing": 1}
    other = make.make_reservation(house.restaurant, at=dt.time(20))
    tell(other)
    # The largest limit counts, and none is larger than any.
    change(other, pacing_limit=4)
    assert audited().violated == {}
    change(other, pacing_limit=3)
    assert audited().violated == {"pacing": 1}
    change(other, pacing_limit=None)
    assert audited().violated == {}
    # Staff's own bookings don't count against the limit of those online.
    change(house.confirmed, online_pacing_limit=3)
    change(other, online_pacing_limit=3)
    assert audited().violated == {"pacing": 1}
    change(other, source=Reservation.Source.STAFF)
    assert audited().violated == {}
    change(other, source=Reservation.Source.WAITLIST)
    assert audited().violated == {"pacing": 1}


def test_a_reservation_without_history_is_named(house: House) -> None:
    HistoryEvent.objects.all().delete()
    assert audited().violated == {"events": Reservation.objects.exclude(status=Status.HELD).count()}


def test_a_table_of_another_restaurant_is_named(house: House) -> None:
    change(house.seated, table_ids=[make.make_table(make.make_restaurant()).pk])
    answer = audited()
    assert answer.violated == {"claims": 1}
    assert "is not the restaurant's" in answer.out


def test_only_what_is_asked_for_is_looked_at(house: House) -> None:
    other = make_house()
    change(other.hold, held_until=ago(120))
    first_claim(reservation=house.confirmed).delete()
    assert audited().violated == {"claims": 1, "lapsed": 1}
    assert audited("--restaurant", other.restaurant.slug).violated == {"lapsed": 1}
    assert audited("--restaurant", house.restaurant.slug).violated == {"claims": 1}
    day = house.confirmed.service_date
    assert audited("--to", (day - dt.timedelta(days=1)).isoformat()).violated == {}
    assert audited("--from", day.isoformat(), "--to", day.isoformat()).violated == {"claims": 1, "lapsed": 1}
    assert audited("--from", (day + dt.timedelta(days=1)).isoformat()).violated == {}


def test_the_first_twenty_are_told_and_all_are_counted(house: House) -> None:
    for number in range(25):
        Message.objects.create(
            restaurant=house.restaurant, kind=Message.Kind.LINK, due_at=ago(0), created_at=ago(number)
        )
    answer = audited()
    assert answer.violated == {"messages": 25}
    assert answer.out.count("is about nothing") == 20
    assert "25 in all" in answer.out


def test_json_is_for_a_program(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    change(house.entry, offer=None)
    with pytest.raises(CommandError, match=r"Violated: offers \(1\)\."):
        call_command("audit_reservations", "--json")
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert list(found) == list(CHECKS)
    assert found["offers"]["violations"] == len(found["offers"]["told"]) == 1
    assert found["claims"] == {
        "name": "claims",
        "text": CHECKS["claims"][0],
        "rows": Reservation.objects.count() + Block.objects.count(),
        "violations": 0,
        "told": [],
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--restaurant", "nowhere"], "There is no restaurant 'nowhere'."),
        (["--from", "yesterday"], "--from: 'yesterday' is not a date such as 2026-12-01."),
        (["--from", "2026-12-02", "--to", "2026-12-01"], "--to 2026-12-01 is before --from 2026-12-02."),
    ],
)
def test_bad_input_gets_one_line(options: list[str], says: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("audit_reservations", *options)
    assert says in str(error.value)


def test_nothing_is_written_and_no_day_is_locked(house: House) -> None:
    before = [
        list(model.objects.order_by("pk").values()) for model in (Reservation, TableClaim, WaitlistEntry, Guest, Block)
    ]
    audited()
    assert before == [
        list(model.objects.order_by("pk").values()) for model in (Reservation, TableClaim, WaitlistEntry, Guest, Block)
    ]
    assert BookingRequest.objects.get().status == BookingRequest.Status.PROPOSED
