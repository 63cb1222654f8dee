"""What operators and staff have: commands, the page in the admin, and the probes."""

from __future__ import annotations

import json
import time
from io import StringIO
from typing import Any

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client, override_settings

from restaurant_site.caching import outbox, stats
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.store import Store
from tests import factories as make
from tests.caching.probes import renewed, tagline
from tests.conftest import Site
from tests.pages import read
from tests.redis_server import RedisServer
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

CACHE = "/admin/caching/invalidation/"


def run(name: str, *arguments: str, **options: Any) -> str:
    output = StringIO()
    call_command(name, *arguments, stdout=output, stderr=StringIO(), **options)
    return output.getvalue()


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make.make_staff())
    return client


# --- cache_stats ------------------------------------------------------------------


def test_the_counts_of_all_processes_are_summed_in_redis() -> None:
    stats.send()
    before = stats.totals()["data"]
    restaurant = make.make_restaurant()
    for _time in range(4):
        tagline(restaurant.pk)
    stats.send()
    for _time in range(3):
        tagline(restaurant.pk)
    stats.send()
    after = stats.totals()["data"]
    assert (after["hit"] - before["hit"], after["miss"] - before["miss"]) == (6, 1)
    assert stats.totals(hours=1)["data"]["fills"] >= 1


def test_counts_are_kept_while_redis_is_away(own_redis: RedisServer) -> None:
    stats.send()
    stats.count("data", "hit", 5)
    own_redis.kill()
    stats.send()
    own_redis.start()
    stats.send()
    assert stats.totals()["data"]["hit"] == 5


def test_counts_do_not_wait_for_a_frozen_redis_one_by_one(own_redis: RedisServer) -> None:
    """The thread that sends them also tells Redis what other processes could not."""
    stats.send()
    for event in stats.EVENTS:
        stats.count("data", event)
    own_redis.freeze()
    began = time.monotonic()
    stats.send()
    assert time.monotonic() - began < 1
    own_redis.thaw()


def test_cache_stats_shows_classes_servers_and_the_outbox() -> None:
    restaurant = make.make_restaurant()
    tagline(restaurant.pk)
    tagline(restaurant.pk)
    stats.send()
    shown = run("cache_stats", "--hours", "1")
    assert [line.split()[0] for line in shown.splitlines()[1:5]] == list(stats.CLASSES)
    assert "Redis of default, pages, sessions (one server): in use" in shown
    assert "waiting for Redis" in shown
    told = json.loads(run("cache_stats", "--json"))
    assert {line["kind"] for line in told["classes"]} == set(stats.CLASSES)
    assert told["waiting"] == Invalidation.objects.filter(confirmed_at=None).count() > 0


@pytest.mark.parametrize("hours", ["0", "-1", "25"])
def test_cache_stats_refuses_hours_that_are_not_kept(hours: str) -> None:
    with pytest.raises(CommandError, match="use a number from 1 to 24"):
        run("cache_stats", f"--hours={hours}")


def test_without_redis_cache_stats_says_so(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    own_redis.kill()
    shown = run("cache_stats")
    assert "(one server): not used. " in shown
    assert "Ended: menu:7\nRedis does not answer." in run("purge_cache", "--tag", "menu:7")
    assert "waiting for Redis" in shown
    assert "Exception ignored" not in caplog.text


# --- purge_cache ------------------------------------------------------------------


def test_purge_cache_ends_a_tag() -> None:
    tags = {"menu:7", "menu:8", "all"}
    assert renewed(tags, lambda: run("purge_cache", "--tag", "menu:7")) == {"menu:7"}
    assert renewed(tags, lambda: run("purge_cache", "--all")) >= {"all"}


@pytest.mark.parametrize("arguments", [[], ["--tag", "Menu 7"], ["--tag", "menu:7;flushall"], ["--tag", ""]])
def test_purge_cache_says_what_a_tag_is(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"such as menu:7|Say what to end"):
        run("purge_cache", *arguments)


# --- warm_cache -------------------------------------------------------------------


def test_warm_cache_fills_every_page_that_visitors_then_get(site: Site) -> None:
    one, two = make.make_venue(), make.make_venue()
    make.make_menu(one)
    # As a web worker does; else one renews what was written again, two seconds later.
    Invalidation.objects.update(confirmed_at=Now())
    host = site.url.removeprefix("http://")
    shown = run("warm_cache", "--host", host, "--per-second", "500")
    assert f"17 pages of {host}" in shown
    assert "17 miss" in shown
    wire = Wire(site.url)
    for language in ("", "/de", "/ja"):
        for path in ("/", f"/restaurants/{one.slug}/", f"/restaurants/{one.slug}/menu/", f"/restaurants/{two.slug}/"):
            assert wire.get(language + path).headers["X-Cache"] == "hit"
    assert wire.get("/sitemap-1.xml").headers["X-Cache"] == "hit"
    assert "17 hit" in run("warm_cache", "--host", host, "--per-second", "500")


def test_warm_cache_keeps_to_its_rate() -> None:
    import time

    make.make_restaurant()
    began = time.monotonic()
    run("warm_cache", "--host", "localhost", "--per-second", "20", "--most", "1")
    assert time.monotonic() - began > 7 / 20


def test_warm_cache_refuses_what_can_not_work(own_redis: RedisServer) -> None:
    make.make_restaurant()
    for rate in ("0", "-1", "nan", "inf", "1e-310"):
        with pytest.raises(CommandError, match="use a number from"):
            run("warm_cache", f"--per-second={rate}")
    with pytest.raises(CommandError, match="--most: use a number above 0"):
        run("warm_cache", "--most=-5")
    with pytest.raises(CommandError, match="ALLOWED_HOSTS"):
        run("warm_cache", "--host", "evil.example")
    with override_settings(ALLOWED_HOSTS=["*"]), pytest.raises(CommandError, match="--host"):
        run("warm_cache")
    own_redis.kill()
    with pytest.raises(CommandError, match="Redis is not used"):
        run("warm_cache")


# --- The page in the admin --------------------------------------------------------


def test_staff_see_what_the_cache_does(staff: Client) -> None:
    make.make_restaurant()
    tagline(0)
    stats.send()
    assert "/admin/caching/invalidation/" in read(staff.get("/admin/")).links.values()
    response = staff.get(CACHE)
    assert response.status_code == 200
    text = read(response).text
    for words in (
        "Hit rate",
        "Fill time",
        "fragment",
        "session",
        "Redis of default, pages, sessions",
        "in use",
        "restaurants",
    ):
        assert words in text
    assert staff.get(CACHE, {"q": "restaurants"}).status_code == 200


def test_staff_end_a_tag_in_the_admin(staff: Client) -> None:
    def end() -> None:
        assert staff.post(CACHE, {"tag": " menu:7 "}).status_code == 302

    assert renewed({"menu:7", "menu:8"}, end) == {"menu:7"}
    assert "Ended: menu:7" in read(staff.get(CACHE)).text


@pytest.mark.parametrize("tag", ["", "Menu 7", "x" * 300, "<script>", "menu:*", "\x00"])
def test_what_is_no_tag_is_refused_and_kept_in_its_field(staff: Client, tag: str) -> None:
    response = staff.post(CACHE, {"tag": tag})
    assert response.status_code == 200
    page = read(response)
    assert (
        "A tag is made of words" in page.text
        or "This field is required" in page.text
        or "at most 200" in page.text
        or "Null characters" in page.text
    )
    if tag == "<script>":
        assert 'value="&lt;script&gt;"' in response.content.decode()


def test_who_may_not_see_or_end_does_not() -> None:
    from django.contrib.auth.models import Permission

    assert Client().get(CACHE).status_code == 302
    user = make.make_user(is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get(CACHE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_invalidation"))
    page = read(client.get(CACHE))
    assert "Hit rate" in page.text
    assert "End what is cached" not in page.text
    assert client.post(CACHE, {"tag": "menu:7"}).status_code == 403
    for path in ("add/", "1/delete/"):
        assert client.get(CACHE + path).status_code in (302, 403, 404)


# --- Probes -----------------------------------------------------------------------


def test_readyz_tells_the_cache_from_the_database(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Client().get("/readyz", headers={"host": "169.254.1.2"})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "cache": "ok",
            "redis": {"cache": "single", "sessions": "single"},
        },
    )
    own_redis.kill()
    caches["default"].get("notices")
    tagline(0)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["cache"]) == (200, "degraded", "away")
    assert Client().get("/healthz").status_code == 200


# --- Two words of the whole -----------------------------------------------------------


def test_a_worker_marks_and_sweeps_by_itself(site: Site) -> None:
    """Rows of a process that does not are taken over, marked, and deleted a minute later."""
    import time

    make.make_restaurant()
    assert Invalidation.objects.filter(confirmed_at=None).exists()
    give_up = time.monotonic() + 15
    while Invalidation.objects.filter(confirmed_at=None).exists() and time.monotonic() < give_up:
        time.sleep(0.2)
    assert not Invalidation.objects.filter(confirmed_at=None).exists()
    assert Invalidation.objects.exists()
    assert outbox.KEPT_SECONDS == 60


def test_every_process_answers_with_x_cache(site: Site) -> None:
    make.make_restaurant()
    wire = Wire(site.url)
    for path in ("/", "/healthz", "/static/css/base.css", "/nowhere/", "/admin/login/", "/my-reservations/"):
        assert wire.get(path).headers["X-Cache"] in ("hit", "miss", "stale", "bypass"), path
    assert Store("default").gate.beat()
