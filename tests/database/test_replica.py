"""Reports and exports from a read replica: two real PostgreSQL servers, one following the other."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import Error, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reservations.models import Restaurant
from restaurant_site.database import replica, urls, waits
from restaurant_site.database.waits import Waits
from tests.conftest import database_url
from tests.database import aliases
from tests.database.standby import Standby, follow
from tests.factories import days_ahead, make_member, make_menu, make_reservation, make_venue
from tests.pages import read
from tests.site.checkouts import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql("a standby is made of its files")]

COPY = "From a copy of the database"


@pytest.fixture(scope="module")
def servers(django_db_setup: None) -> Iterator[Standby]:
    """Start a server that follows the tests' own, which must be one that they started."""
    if not str(connection.settings_dict["HOST"]).startswith("/"):
        pytest.skip("the tests' PostgreSQL was given by DATABASE_URL: a standby is made of one that they start")
    found = follow()
    yield found
    found.end()


@pytest.fixture
def standby(servers: Standby, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standby]:
    """Name the standby by the settings, as DATABASE_REPLICA_URL does."""
    monkeypatch.setattr(replica, "_again_at", 0.0)
    aliases.name(replica.ALIAS, urls.replica(servers.url, of=database_url()), monkeypatch)
    yield servers
    servers.thaw()
    aliases.forget(replica.ALIAS)


@pytest.fixture
def venue() -> Restaurant:
    found = make_venue(tables=[2] * 6)
    make_reservation(found)
    return found


@pytest.fixture
def staff(venue: Restaurant) -> Client:
    client = Client()
    client.force_login(make_member(venue, "manager"))
    return client


def follows(standby: Standby) -> None:
    """Wait until the standby has what was committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        (there,) = cursor.fetchone()
    eventually(lambda: standby.say(f"SELECT pg_last_wal_replay_lsn() >= '{there}'::pg_lsn") == "True", 20)


def report_of(staff: Client, venue: Restaurant) -> tuple[str, str]:
    """Return the parties that the report counts, and what it says of its age."""
    date = days_ahead(venue)
    page = read(staff.get(f"/admin/reservations/restaurant/{venue.pk}/reports/?first={date}&last={date}"))
    found = re.search(r"Parties (\d+)", page.text)
    assert found, page.text
    said = re.search(rf"{COPY}[^.]*\.", page.text)
    return found[1], said[0] if said else ""


def test_a_report_is_of_the_copy_and_says_how_old_it_is(standby: Standby, venue: Restaurant, staff: Client) -> None:
    follows(standby)
    with CaptureQueriesContext(connections[replica.ALIAS]) as there, CaptureQueriesContext(connection) as here:
        parties, said = report_of(staff, venue)
    assert parties == "1"
    assert re.search(r"until \d\d:\d\d:\d\d\.$", said)
    of = '"reservations_reservation"'
    assert any(of in query["sql"] for query in there)
    assert not any(of in query["sql"] for query in here)
    # What is written now is not in it until the copy has it; a page that promises sees it at once.
    standby.say("SELECT pg_wal_replay_pause()")
    try:
        eventually(lambda: standby.say("SELECT pg_get_wal_replay_pause_state()") == "paused", 20)
        make_reservation(venue)
        assert report_of(staff, venue) == ("1", said)
        menu = make_menu(venue, dishes=["Borscht"])
        assert "Borscht" in Client().get(f"/restaurants/{venue.slug}/menu/").content.decode()
        exported = staff.get(f"/admin/menus/menu/restaurant/{venue.pk}/export/")
        assert "Borscht" not in exported.content.decode()
        assert re.search(r"-as-of-\d{4}-\d\d-\d\d-\d{6}\.csv", exported["Content-Disposition"])
    finally:
        standby.say("SELECT pg_wal_replay_resume()")
    follows(standby)
    assert report_of(staff, venue)[0] == "2"
    assert "Borscht" in staff.get(exported.wsgi_request.path).content.decode()
    assert menu.pk


def test_nothing_is_written_there(standby: Standby) -> None:
    with pytest.raises(Error, match="read-only"), connections[replica.ALIAS].cursor() as cursor:
        cursor.execute("CREATE TABLE anything (id int)")


def test_a_copy_that_hangs_costs_one_reader_a_moment_and_nobody_else(
    standby: Standby, venue: Restaurant, staff: Client
) -> None:
    follows(standby)
    assert report_of(staff, venue)[1]
    connection.close()
    connections[replica.ALIAS].close()
    waits.bound(Waits(lock=0.5, statement=1, idle=15))
    standby.freeze()
    try:
        began = time.monotonic()
        assert report_of(staff, venue) == ("1", "")
        assert time.monotonic() - began < 6
        # Left alone from here on; and the database itself is not taken for silent.
        began = time.monotonic()
        assert report_of(staff, venue) == ("1", "")
        make_reservation(venue)
        assert report_of(staff, venue) == ("2", "")
        assert time.monotonic() - began < 3
    finally:
        standby.thaw()
        waits.bound(None)
        connection.close()


def test_a_server_that_is_no_replica_or_far_behind_is_not_read(
    standby: Standby, venue: Restaurant, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    follows(standby)
    with monkeypatch.context() as patch:
        patch.setattr(replica, "MOST_BEHIND", -replica.MOST_BEHIND)
        assert report_of(staff, venue) == ("1", "")
    monkeypatch.setattr(replica, "_again_at", 0.0)
    assert report_of(staff, venue)[1]
    call_command("check", databases=[replica.ALIAS], verbosity=0)
    # The database itself, by another address.
    monkeypatch.setattr(replica, "_again_at", 0.0)
    connections[replica.ALIAS].close()
    for name in ("HOST", "PORT"):
        monkeypatch.setitem(connections[replica.ALIAS].settings_dict, name, connection.settings_dict[name])
    assert report_of(staff, venue) == ("1", "")
    with pytest.raises(SystemCheckError, match="is no replica"):
        call_command("check", databases=[replica.ALIAS])
