"""The soak's judges see what they look for: each is shown what must not be, and what may be."""

from __future__ import annotations

import time

import pytest

from reservations.engine import booking
from reservations.models import Reservation, TableClaim
from tests import factories as make
from tests.soak.judging import LATE, SETTLED, Breakage, Heard, Ledger, Memory, Old, Prices
from tests.soak.verdict import lost

DATABASE = Breakage("PostgreSQL is killed", "database", 100, 110)
NODE = Breakage("a whole node is killed", "node", 200, 210)
REDIS = Breakage("the primary is killed", "nothing", 300, 310)
BROKEN = [DATABASE, NODE, REDIS]


def heard(status: int, at: float, *, method: str = "GET", comes_back: bool = True) -> Heard:
    return Heard("people look around", method, "/", status, comes_back, at, at + 0.1)


@pytest.mark.parametrize(
    ("one", "is_right"),
    [
        (heard(200, 50), True),
        (heard(404, 50), True),
        (heard(503, 105), True),
        (heard(503, 110 + SETTLED - 0.1), True),
        (heard(503, 110 + SETTLED + 0.1), False),
        (heard(503, 105, comes_back=False), False),
        (heard(500, 105), False),
        (heard(502, 105), False),
        (heard(0, 105), False),
        (heard(503, 50), False),
        # A form may have been under way in the node that died; whoever reads is answered by the other.
        (heard(503, 205, method="POST"), True),
        (heard(503, 205), False),
        # Redis is away for nobody.
        (heard(503, 305, method="POST"), False),
    ],
)
def test_an_answer_is_excused_by_what_was_broken_alone(one: Heard, *, is_right: bool) -> None:
    assert (Ledger([one]).faults(BROKEN) == []) is is_right


def test_an_old_price_is_wrong_after_five_seconds() -> None:
    assert [Old(0, 101, seconds, 1.0, "hit").is_wrong for seconds in (LATE - 0.1, LATE + 0.1)] == [False, True]


def test_an_old_price_is_seen_and_a_new_one_is_not() -> None:
    prices = Prices()
    prices.wrote(0, 101)
    prices.wrote(0, 102)
    later = time.monotonic() + 1
    # Asked for before the newer was answered; the newer; one that is not answered yet; the older.
    prices.read({0: (101, False)}, began=prices.answered[0][1][1] - 0.001, how="hit")
    prices.read({0: (102, True)}, began=later, how="hit")
    prices.read({0: (103, False)}, began=later, how="miss")
    assert prices.old == []
    prices.read({0: (101, False)}, began=later, how="hit")
    assert [(one.dish, one.shown) for one in prices.old] == [(0, 101)]
    assert prices.old[0].seconds == pytest.approx(1, abs=0.1)
    # A node that was slow may still write what nginx no longer waited for.
    prices.may_come(0, 101)
    prices.read({0: (101, False)}, began=later, how="hit")
    assert len(prices.old) == 1
    assert prices.torn == []
    prices.read({0: (102, False)}, began=later, how="hit")
    prices.read({}, began=later, how="hit")
    assert len(prices.torn) == 2
    assert len(prices.old) == 2


def test_memory_that_grows_is_seen() -> None:
    flat = [(float(at), pid, 100_000 + at % 7) for at in range(100) for pid in (1, 2)]
    assert not Memory(flat).grows()
    assert Memory([(at, pid, size + int(at) * 500) for at, pid, size in flat]).grows()
    # A new worker has less than an old one: that hides nobody's growth, and is none.
    assert not Memory(flat + [(float(at), 3, 60_000) for at in range(50, 60)]).grows()
    assert Memory(flat).eldest() == (99.0, 100_000, 100_001)
    assert Memory().halves() == (0, 0)


@pytest.mark.postgresql("the soak starts one of its own, and asks it past Django")
@pytest.mark.django_db(transaction=True)
def test_a_booking_that_is_lost_is_seen() -> None:
    import psycopg

    from tests.conftest import database_url

    venue = make.make_venue()
    first, second = (
        make.make_reservation(venue, details=make.make_details(email=f"{name}@example.org")) for name in "ab"
    )
    references, emails = [first.reference], ["b@example.org"]
    with psycopg.connect(database_url(), autocommit=True) as connection:
        assert lost(connection, references, emails) == []
        assert lost(connection, ["INVENTED0"], emails)
        assert lost(connection, references * 2, emails)
        assert lost(connection, references, ["c@example.org"])
        booking.cancel(reservation=second, by_guest=True)
        assert lost(connection, references, emails)
        TableClaim.objects.filter(reservation=first).first().delete()  # type: ignore[union-attr]
        assert lost(connection, references, [])
    assert Reservation.objects.count() == 2
