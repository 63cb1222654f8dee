"""What comes too often is answered 429 in the site's design, without a session and without SQL."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from reservations.models import Restaurant
from restaurant_site.caching import store
from restaurant_site.limits import counting
from tests.factories import make_restaurant, make_venue
from tests.pages import read

FIND = "/my-reservations/find/"
LOGIN = "/admin/login/"
TYPED = {"reference": "ABC", "email": "not an address"}


def ask(address: str = "192.0.2.1", client: Client | None = None, **typed: str) -> Any:
    """Send the form that looks a reservation up; what is typed is refused, and so asks for no row."""
    return (client or Client()).post(FIND, TYPED | typed, REMOTE_ADDR=address)


def fill(address: str) -> None:
    """Use up what an address may look up."""
    for _turn in range(20):
        assert counting.hit([counting.count_of("20/minute", "look-up", "address", address)]) is None


@pytest.mark.django_db
def test_the_twenty_first_of_an_address_is_refused_and_another_address_is_not() -> None:
    for turn in range(20):
        assert ask("192.0.2.1", reference=f"A{turn}", email=f"{turn}").status_code == 400
    refused = ask("192.0.2.1", reference="<b>Ref</b>", email="zoë@example.org")
    assert refused.status_code == 429
    assert refused["Cache-Control"] == "no-store"
    wait = int(refused["Retry-After"])
    assert 1 <= wait <= 120
    assert refused["RateLimit-Policy"] == '"look-up";q=20;w=60'
    assert refused["RateLimit"] == f'"look-up";r=0;t={wait}'
    page = read(refused)
    assert page.headings == ["That was a lot in a short time", "What you sent"]
    assert "Nothing was booked or changed. Please try again in" in page.text
    assert ("seconds" if wait < 60 else "minute") in page.text
    assert ask("192.0.2.2").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "most", "spellings"),
    [
        ("reference", 10, ("4X8KM2P0A", "4x8k m2p0a", "4X8-KM2-P0A", "４X8KM2P0A", "4X8KM2POA")),
        ("email", 5, ("zoë@", " ZOË@ ", "ｚoë@")),
    ],
)
def test_another_spelling_is_not_another_reference_or_address(name: str, most: int, spellings: tuple[str, ...]) -> None:
    other = "email" if name == "reference" else "reference"
    for turn in range(most):
        sent: dict[str, Any] = {name: spellings[turn % len(spellings)], other: f"x{turn}"}
        assert ask(f"192.0.2.{turn}", **sent).status_code == 400
    for spelling in spellings:
        sent = {name: spelling, other: "y"}
        assert ask("192.0.2.200", **sent).status_code == 429


@pytest.mark.django_db
def test_what_was_typed_is_kept_and_sent_again_by_one_button(settings: Settings) -> None:
    client = Client(enforce_csrf_checks=True)
    token = read(client.get(FIND)).form(FIND).values["csrfmiddlewaretoken"]
    fill("127.0.0.1")
    refused = ask("127.0.0.1", client, reference="<b>Ref</b>", email="zoë@", csrfmiddlewaretoken=token)
    assert refused.status_code == 429
    form = read(refused).form(FIND)
    assert (form.values["reference"], form.values["email"]) == ("<b>Ref</b>", "zoë@")
    caches["default"].clear()
    counting.forget()
    # The form's token is good: what comes back is the form's own error.
    again = client.post(FIND, form.pressed("Send it again"))
    assert again.status_code == 400
    assert read(again).form(FIND).values["reference"] == "<b>Ref</b>"


@pytest.mark.django_db
def test_a_password_is_never_shown_again() -> None:
    for _turn in range(30):
        assert Client().post(LOGIN, {"username": "a"}).status_code == 200
    refused = Client().post(LOGIN, {"username": "ada@example.org", "password": "hunter2-secret"})
    assert refused.status_code == 429
    assert b"hunter2-secret" not in refused.content
    assert b"ada@example.org" not in refused.content


@pytest.mark.django_db
def test_by_address_of_mail_and_by_reference_too() -> None:
    """However many addresses ask: nobody's inbox is filled, and no reference is tried out."""
    for turn in range(5):
        assert ask(f"192.0.2.{turn}", reference=f"A{turn}", email="Ada@example").status_code == 400
    assert ask("192.0.2.77", reference="B", email=" ada@EXAMPLE ").status_code == 429
    for turn in range(10):
        assert ask(f"198.51.100.{turn}", reference="KEEP", email=f"{turn}").status_code == 400
    assert ask("198.51.100.77", reference="keep", email="other").status_code == 429
    assert ask("198.51.100.77", reference="free", email="other").status_code == 400


@pytest.mark.django_db
def test_a_network_of_ipv6_counts_as_one() -> None:
    for turn in range(20):
        assert ask(f"2001:db8:1:2::{turn:x}", reference=f"A{turn}", email=f"{turn}").status_code == 400
    assert ask("2001:db8:1:2:ffff::1").status_code == 429
    assert ask("2001:db8:1:3::1").status_code == 400


@pytest.mark.django_db
def test_a_forged_header_helps_nobody(settings: Settings) -> None:
    """Behind one proxy its own entry counts, whatever the client wrote ahead of it."""
    settings.TRUSTED_HOPS = 1
    for turn in range(20):
        told = {"X-Forwarded-For": f"203.0.113.{turn}, 10.0.0.{turn}, 192.0.2.1:5{turn:03}"}
        data = TYPED | {"reference": f"A{turn}", "email": f"{turn}"}
        assert Client().post(FIND, data, headers=told).status_code == 400
    assert Client().post(FIND, TYPED, headers={"X-Forwarded-For": "8.8.8.8, 192.0.2.1"}).status_code == 429
    assert Client().post(FIND, TYPED, headers={"X-Forwarded-For": "192.0.2.1, 8.8.8.8"}).status_code == 400


def test_neither_session_nor_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not marked for the database: a statement would be an error."""

    def no_session(self: SessionBase, *_given: Any) -> Any:
        raise AssertionError("the session was asked for")

    monkeypatch.setattr(SessionBase, "_get_session", no_session)
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    for turn in range(21):
        refused = ask("192.0.2.1", client, reference=f"A{turn}", email=f"{turn}")
    assert refused.status_code == 429


@pytest.mark.django_db
def test_one_round_trip_for_what_is_answered_and_none_for_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("192.0.2.9")  # the script is known to Redis from here on
    trips: list[str] = []
    client_class = type(store.store("default").client)
    real = client_class._ask

    def counted(self: Any, write: bool, commands: Any) -> Any:
        # The heartbeat's own writes are not the request's.
        trips.extend(name for name in [commands[0][0]] if name.startswith("EVAL"))
        return real(self, write, commands)

    monkeypatch.setattr(client_class, "_ask", counted)
    for turn in range(20):
        assert ask("192.0.2.1", reference=f"A{turn}", email=f"{turn}").status_code == 400
    assert len(trips) == 20
    assert ask("192.0.2.1").status_code == 429
    trips.clear()
    for _turn in range(50):
        assert ask("192.0.2.1").status_code == 429
    assert trips == []


@pytest.mark.django_db
def test_what_one_limit_refuses_does_not_count_for_the_others(settings: Settings) -> None:
    """A flood from one address must not use up what the link may be asked by its guest."""
    settings.LIMITS_SCALE = 10
    place = make_venue()
    link = f"/restaurants/{place.slug}/reservations/none.none/"
    for _turn in range(6):
        assert Client().get(link, REMOTE_ADDR="192.0.2.1").status_code == 404
    for _turn in range(40):
        counting._full_until.clear()  # as another worker, which does not know yet
        assert Client().get(link, REMOTE_ADDR="192.0.2.1").status_code == 429
    for turn in range(18):
        assert Client().get(link, REMOTE_ADDR=f"198.51.100.{turn % 9}").status_code == 404
    assert Client().get(link, REMOTE_ADDR="198.51.100.99").status_code == 429
    # Others' links are as they were.
    other = f"/restaurants/{place.slug}/reservations/other.none/"
    assert Client().get(other, REMOTE_ADDR="192.0.2.1").status_code == 404


@pytest.mark.django_db
def test_scripts_get_an_answer_of_their_kind() -> None:
    place = make_venue()
    url = f"/restaurants/{place.slug}/times/"
    for _turn in range(600):
        counting.hit([counting.count_of("600/minute", "times", "address", "127.0.0.1")])
    page = Client().get(url)
    assert page.status_code == 429
    assert read(page).headings == ["That was a lot in a short time"]
    german = read(Client().get(f"/de{url}"))
    assert german.language == "de"
    part = Client().get(url, headers={"HX-Request": "true"})
    assert part.status_code == 429
    assert b"<html" not in part.content
    assert b'role="alert"' in part.content
    told = Client().get(url, headers={"Accept": "application/json"})
    assert told.status_code == 429
    assert told.json() == {"error": "too_many_requests", "retry_after": int(told["Retry-After"])}
    # htmx puts the part into its place by the page's own word.
    assert '"code": "429", "swap": true' in Client().get(f"/restaurants/{place.slug}/").content.decode()


@pytest.mark.django_db
def test_the_log_names_the_class_once_a_minute_and_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from restaurant_site.limits import middleware

    monkeypatch.setattr(middleware, "_told", middleware._Told())
    fill("192.0.2.1")
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        for _turn in range(5):
            assert ask("192.0.2.1", email="zoe@example.org").status_code == 429
    # Django's own line for each, with the address in the site, would hold tokens of links.
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["Too many requests of class look-up: refused 1 since the last such line"]
    assert "192.0.2.1" not in caplog.text
    assert "zoe@" not in caplog.text


@pytest.mark.django_db
def test_nothing_in_redis_names_an_address_or_a_person() -> None:
    ask("192.0.2.1", email="zoe@example.org", reference="ABCDEF")
    raw = store.store("default").client.get_client(write=True)
    keys = b" ".join(raw.scan_iter("limits:*"))
    assert keys.count(b"limits:{look-up:") == 3
    for secret in (b"192.0.2", b"zoe", b"ABCDEF", b"abcdef"):
        assert secret not in keys
    # None outlives two windows.
    assert all(0 < raw.ttl(key) <= 2 * 3600 for key in raw.scan_iter("limits:*"))


@pytest.mark.django_db
def test_what_is_not_limited_stays_so(settings: Settings) -> None:
    make_restaurant()
    place: Restaurant = make_restaurant()
    for _turn in range(200):
        counting.hit([counting.count_of("120/minute", "search", "address", "127.0.0.1")])
    assert Client().get("/?q=a").status_code == 429
    assert Client().get("/").status_code == 200
    assert Client().get(f"/restaurants/{place.slug}/").status_code == 200
    settings.LIMITS_SCALE = 0
    assert Client().get("/?q=a").status_code == 200
    settings.LIMITS_SCALE = 300
    counting.forget()
    assert Client().get("/?q=a").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["a\x00b", "x" * 100_000, "\u202eabc", "{}\n{}", "'; --"])
def test_hostile_values_are_counted_like_others(value: str) -> None:
    for turn in range(20):
        ask(f"192.0.2.{turn}", reference=f"{turn}", email=value)
    assert ask("198.51.100.1", reference="other", email=value).status_code == 429
