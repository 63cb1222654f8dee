"""The page of other times that whoever was refused gets: made once for everybody, with what is one visitor's own."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reservations.models import Refusal, Reservation, Restaurant
from tests import factories as make
from tests.pages import Form, read
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db(transaction=True)

_OWN = re.compile(r'name="(csrfmiddlewaretoken|key)" value="([^"]+)"')


@pytest.fixture
def place() -> Restaurant:
    return make.make_venue(tables=(2,))


def wanting(restaurant: Restaurant, **client: Any) -> tuple[Diner, Form]:
    """Return a diner with the page of times, on which everything is free."""
    diner = Diner(restaurant, **client)
    return diner, diner.times().form("/hold/")


def refused(diner: Diner, form: Form) -> Any:
    response = diner.send(form, "19:00")
    assert response.status_code == 409
    return response


def kept() -> int:
    """Return how many fragments Redis has."""
    raw = caches["default"].client.get_client()  # type: ignore[attr-defined]
    return len(list(raw.scan_iter("*:f:*")))


def common(response: Any) -> str:
    return _OWN.sub("", response.content.decode())


def own(response: Any) -> dict[str, str]:
    return dict(_OWN.findall(response.content.decode()))


def test_it_is_one_page_for_all_but_what_is_a_visitors_own(place: Restaurant) -> None:
    (first, form), (second, other) = wanting(place), wanting(place)
    Diner(place).book("19:00")
    pages = refused(first, form), refused(second, other)
    assert common(pages[0]) == common(pages[1])
    keys, tokens = ({own(page)[name] for page in pages} for name in ("key", "csrfmiddlewaretoken"))
    assert (len(keys), len(tokens)) == (2, 2)
    assert "<!-- own -->" not in pages[1].content.decode()
    assert [page.headers["Cache-Control"] for page in pages] == [pages[0].headers["Cache-Control"]] * 2
    assert "no-store" in pages[0].headers["Cache-Control"]


def test_its_buttons_hold_a_table_for_whoever_presses_them(place: Restaurant) -> None:
    visitors = [wanting(place, enforce_csrf_checks=True) for _number in range(2)]
    Diner(place).book("19:00")
    forms = [read(refused(diner, form)).form("/hold/") for diner, form in visitors]
    (first, second) = (diner for diner, _form in visitors)
    assert first.send(forms[0], "21:00").status_code == 302
    assert second.send(forms[1], "21:00").status_code == 409
    assert Reservation.objects.filter(status="held").count() == 1
    # Another's token lets nobody in.
    assert first.client.post(forms[1].action, forms[1].pressed("22:00")).status_code == 403


def test_it_says_what_is_so_now(place: Restaurant) -> None:
    diner, form = wanting(place)
    Diner(place).book("19:00")

    def shown() -> tuple[str, list[str]]:
        page = read(refused(diner, form))
        buttons = [button for one in page.forms for button in one.buttons if not button.disabled]
        return page.text, [button.label.split()[0] for button in buttons]

    text, free = shown()
    assert "Rose's & Son" not in text
    assert "22:00" in free
    place.name = "Rose's & Son"
    place.save()
    assert "Rose's & Son" in shown()[0]
    Diner(place).book("21:00")
    assert "22:00" not in shown()[1]


def test_it_is_in_the_language_of_the_address(place: Restaurant) -> None:
    diner, form = wanting(place)
    Diner(place).book("19:00")
    assert read(refused(diner, form)).language == "en"
    response = diner.client.post(f"/de{form.button('19:00').action}", form.pressed("19:00"))
    page = read(response)
    assert (response.status_code, page.language, page.headings[0]) == (409, "de", "Tisch reservieren")


def test_the_next_refusal_is_a_question_and_a_row(place: Restaurant) -> None:
    visitors = [wanting(place) for _number in range(3)]
    Diner(place).book("19:00")
    for diner, form in visitors[:2]:
        refused(diner, form)
    with CaptureQueriesContext(connection) as queries:
        refused(*visitors[2])
    assert len(queries) <= 3, [query["sql"] for query in queries]
    assert Refusal.objects.count() == 3


def test_a_time_that_is_none_of_the_day_is_not_kept(place: Restaurant) -> None:
    diner, form = wanting(place)
    sent = form.pressed("19:00")
    before = kept()
    for minute in (1, 2, 3):
        odd = dt.datetime.fromisoformat(sent["start"]) + dt.timedelta(minutes=minute)
        response = diner.client.post(form.action, sent | {"start": odd.isoformat()})
        assert response.status_code == 409
    # The search beside it is the same for all.
    assert kept() - before <= 2
    Diner(place).book("19:00")
    before = kept()
    refused(diner, form)
    assert kept() > before


def test_a_full_evening_does_not_fill_the_log(place: Restaurant, caplog: pytest.LogCaptureFixture) -> None:
    diner, form = wanting(place)
    Diner(place).book("19:00")
    with caplog.at_level(logging.WARNING, "django.request"):
        refused(diner, form)
        assert not caplog.records
        # What is odd has its line.
        assert diner.client.post(f"{diner.base}/nothing/").status_code == 404
    assert [record.name for record in caplog.records] == ["django.request"]
