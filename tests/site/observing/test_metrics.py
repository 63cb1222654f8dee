"""``/metrics``: whose it is, and that its numbers are right with several workers, also where one is killed."""

from __future__ import annotations

import os
import re
import signal
from functools import partial
from pathlib import Path

import pytest

from reservations.models import Restaurant
from tests.conftest import Site
from tests.factories import make_venue
from tests.site import production
from tests.site.observing.reading import ask, objects, samples, settled, summed, total, until
from tests.site.production import SecureWire, hit
from tests.wire import Wire

ROUTE = "/restaurants/<slug:slug>/"


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(name="Haus")


def workers(site: Site) -> set[int]:
    return set(site.workers())


def is_replaced(site: Site, killed: int) -> bool:
    return len(workers(site) - {killed}) == 2


def is_buried(folder: Path, killed: int) -> bool:
    return not list(folder.glob(f"*_{killed}.db"))


def folder_of(site: Site) -> Path:
    """Return the folder that a worker has its files in."""
    maps = Path(f"/proc/{min(workers(site))}/maps").read_text()
    return Path(re.findall(r"\S*/site-metrics-[^/\s]+", maps)[0])


def test_only_who_has_the_token_finds_it(production_site: Site, venue: Restaurant) -> None:
    wire = SecureWire(production_site.url)
    missing = wire.get("/no-such-page/")
    for given in ("", "Bearer ", "Bearer wrong", f"Basic {production.METRICS_TOKEN}", "Bearer ü"):
        answer = wire.get("/metrics", Authorization=given.encode().decode("latin-1"))
        assert (answer.status, answer.page.title) == (404, missing.page.title)
    assert wire.ask("POST", "/metrics", b"", Authorization=f"Bearer {production.METRICS_TOKEN}").status in (403, 404)

    # By whatever name the machine is asked, without HTTPS, and kept by nobody.
    answer = ask(production_site, Host="169.254.1.2")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "Set-Cookie" not in answer.headers
    assert b"# TYPE site_request_seconds histogram" in answer.body


def test_every_request_counts_once_whichever_worker_answers(production_site: Site, venue: Restaurant) -> None:
    wire = SecureWire(production_site.url)
    path = f"/restaurants/{venue.slug}/"
    hit(wire, path)
    before = settled(production_site, route=ROUTE, cache="hit", status="2xx")
    # One that meets a slow Redis on a busy machine may be none.
    hits = sum(wire.get(path).headers["X-Cache"] == "hit" for _time in range(30))
    assert hits > 15
    wire.get(path + "x/")
    answer = ask(production_site)
    found = samples(answer.body.decode())
    until(lambda: total(production_site, "site_request_seconds_count", route=ROUTE, cache="hit") == before + hits)
    assert summed(found, "site_database_up") == 1
    assert summed(found, "site_redis_usable", alias="pages") == 1
    # The cache's own counts follow within a second.
    until(lambda: total(production_site, "site_cache_events_total", kind="page", event="hit") >= before + hits)
    # No label has a value of an address.
    assert venue.slug not in ask(production_site).body.decode()


def test_a_killed_workers_numbers_stay_and_its_files_go(production_site: Site, venue: Restaurant) -> None:
    wire = SecureWire(production_site.url)
    path = f"/restaurants/{venue.slug}/"
    for _time in range(20):
        wire.get(path)
    before = settled(production_site, route=ROUTE)
    assert before >= 20
    folder = folder_of(production_site)
    for _round in range(3):
        killed = min(workers(production_site))
        os.kill(killed, signal.SIGKILL)
        until(partial(is_replaced, production_site, killed), 15)
        until(partial(is_buried, folder, killed))
        assert total(production_site, "site_request_seconds_count", route=ROUTE) == before
    assert until(lambda: Wire(production_site.url).get("/healthz").status == 200)
    pids = {int(file.stem.rpartition("_")[2]) for file in folder.glob("*.db")}
    assert pids - {0} <= workers(production_site)
    memory = [of for name, of, _value in samples(ask(production_site).body.decode()) if "worker_memory" in name]
    assert {int(of["pid"]) for of in memory} <= workers(production_site)
    # And it goes on counting.
    wire.get(path)
    until(lambda: total(production_site, "site_request_seconds_count", route=ROUTE) == before + 1)


def test_a_request_has_one_id_from_ahead_of_the_cache_to_the_log(production_site: Site, venue: Restaurant) -> None:
    wire = SecureWire(production_site.url)
    path = f"/restaurants/{venue.slug}/"
    given = "0af7651916cd43dd8448eb211c80319c"
    begin = production_site.log.stat().st_size
    hit(wire, path)
    answers = {
        "made": wire.get(path),
        "given": wire.get(path, X_Request_ID=given),
        "traced": wire.get(path, traceparent=f"00-{given[::-1]}-b7ad6b7169203331-01"),
        "odd": wire.get(path, X_Request_ID="Max Mustermann\u00a0+49"),
        "around the proxy": Wire(production_site.url).get(path, X_Request_ID=given),
        "broken": wire.get("/failing/value/secret-word/"),
    }
    ids = {name: answer.headers["X-Request-ID"] for name, answer in answers.items()}
    assert answers["made"].headers["X-Cache"] == "hit"
    assert ids.pop("given") == given
    assert ids.pop("traced") == given[::-1]
    assert len(set(ids.values()) | {given}) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", id_) for id_ in ids.values())

    def lines() -> list[dict[str, object]]:
        text = production_site.log.read_bytes()[begin:].decode()
        found = objects(text[: text.rfind("\n") + 1])
        told = {line.get("request") for line in found if line["logger"] == "access"}
        return found if set(ids.values()) <= told else []

    found = until(lines)
    (access,) = (line for line in found if line["logger"] == "access" and line["request"] == ids["made"])
    assert access["route"] == ROUTE
    assert (access["method"], access["status"], access["cache"], access["statements"]) == ("GET", 200, "hit", 0)
    assert access["bytes"] == int(answers["made"].headers["Content-Length"])
    assert 0 < float(str(access["ms"])) < 1000
    (broken,) = (line for line in found if line["logger"] == "django.request" and line["request"] == ids["broken"])
    assert "ValueError" in str(broken["exception"])
    assert "secret-word" not in str(found)
    assert venue.slug not in str(found)


def test_gunicorns_own_error_has_the_id_of_its_request(production_site: Site) -> None:
    begin = production_site.log.stat().st_size
    sent = Wire(production_site.url).raw(
        f"GET /failing/stream/x/ HTTP/1.1\r\nHost: {production.HOST}\r\nX-Forwarded-Proto: https\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    (id_,) = re.findall(rb"(?i)x-request-id: (\S+)", sent)

    def errors() -> list[dict[str, object]]:
        text = production_site.log.read_bytes()[begin:].decode()
        return [line for line in objects(text[: text.rfind("\n") + 1]) if "Error handling request" in str(line)]

    assert [line["request"] for line in until(errors)] == [id_.decode()]
