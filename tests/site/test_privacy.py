"""The privacy pages say what is in force: each setting that they tell of is changed, and the page with it."""

from __future__ import annotations

import pytest
from django.core import checks
from django.test import Client
from pytest_django import Settings

from reservations.models import Restaurant
from tests.conftest import Site
from tests.factories import make_reservation, make_venue
from tests.pages import read
from tests.reservations.diner import Diner
from tests.site.production import SecureWire, hit

pytestmark = pytest.mark.django_db


@pytest.fixture
def venue() -> Restaurant:
    make_venue()
    return make_venue(slug="here", name="Zur Linde", email="linde@example.org", retention_days=730)


def text(client: Client, path: str = "/privacy/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return read(response).text


def test_what_a_restaurant_sets_stands_on_its_page(client: Client, venue: Restaurant) -> None:
    path = "/restaurants/here/privacy/"
    page = text(client, path)
    for said in ("Zur Linde", "linde@example.org", "730 days after your last visit", "A reminder 24 hours before"):
        assert said in page
    assert "day after a visit" not in page
    for unsaid in ("list of a service's guests", "whose button confirms", "confirmed by phone"):
        assert unsaid not in page
    Restaurant.objects.filter(pk=venue.pk).update(
        retention_days=30, reminder_hours=0, sends_thanks=True, takes_waitlist=False, takes_requests=False
    )
    Restaurant.objects.filter(pk=venue.pk).update(sheet_minutes=60, confirms_by_mail=True, no_shows_call=4)
    page = text(client, path)
    assert "30 days after your last visit" in page
    assert "A reminder" not in page
    assert "day after a visit" in page
    assert "list of a service's guests" in page
    assert "whose button confirms" in page
    assert "After 4 visits that nobody came to" in page
    assert "waitlist" not in page
    assert "large party" not in page


def test_what_the_site_sets_stands_on_every_page(client: Client, venue: Restaurant, settings: Settings) -> None:
    page = text(client)
    assert "PostgreSQL" in page
    assert "Cosmos" not in page
    assert "run by" not in page
    assert "How often an address asks" not in page
    for name in ("sessionid", "csrftoken", "browser", "visitor"):
        assert name in page
    settings.OPERATOR, settings.OPERATOR_EMAIL = "Tafel GmbH, Berlin", "privacy@example.org"
    settings.HISTORY_COPIED, settings.COSMOS_TTL_DAYS = True, 90
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_AGE = "__Host-session", 60 * 60 * 24 * 7
    settings.EMAIL_USE_TLS = True
    settings.LIMITS_SCALE = 100
    settings.CACHE_ENABLED = False
    page = text(client)
    assert "How often an address asks" in page
    for said in ("Tafel GmbH, Berlin", "privacy@example.org", "Cosmos DB", "90 days", "__Host-session", "encrypted"):
        assert said in page
    assert "Redis" not in page


def test_it_is_there_in_german_and_for_none_but_restaurants_that_are(client: Client, venue: Restaurant) -> None:
    for path in ("/de/privacy/", "/de/restaurants/here/privacy/"):
        response = client.get(path)
        assert response.status_code == 200
        assert read(response).language == "de"
    assert client.get("/restaurants/nowhere/privacy/").status_code == 404
    Restaurant.objects.filter(pk=venue.pk).update(is_published=False, link_key="a" * 24)
    assert client.get("/restaurants/here/privacy/").status_code == 404
    assert "noindex" in str(client.get(f"/restaurants/here_{'a' * 24}/privacy/").headers)


def test_every_page_leads_there_and_every_form_that_takes_a_contact(venue: Restaurant) -> None:
    diner = Diner(venue)
    for path in ("/", diner.base + "/", diner.base + "/times/", "/nothing/", "/my-reservations/"):
        assert read(diner.client.get(path)).links["Privacy"] == "/privacy/"
    make_reservation(venue)
    held = diner.hold("20:00")
    for path in (diner.details_url(held), f"{diner.base}/waitlist/", f"{diner.base}/request/"):
        links = read(diner.client.get(path, {"party": "2"})).links
        assert links["What is kept of this, why and for how long"] == "/restaurants/here/privacy/"


@pytest.mark.django_db(transaction=True)
def test_it_is_cached_and_a_change_of_the_restaurant_is_seen(production_site: Site, venue: Restaurant) -> None:
    wire = SecureWire(production_site.url)
    path = "/restaurants/here/privacy/"
    assert "730 days after your last visit" in hit(wire, path).page.text
    venue.retention_days = 45
    venue.save()
    assert "45 days after your last visit" in wire.get(path).page.text


def test_who_runs_the_site_is_to_be_named(settings: Settings) -> None:
    settings.OPERATOR, settings.OPERATOR_EMAIL = "", ""
    found = checks.run_checks(tags=["security"], include_deployment_checks=True)
    assert "restaurant_site.W003" in [message.id for message in found]
    settings.OPERATOR, settings.OPERATOR_EMAIL = "Tafel GmbH", "privacy@example.org"
    found = checks.run_checks(tags=["security"], include_deployment_checks=True)
    assert "restaurant_site.W003" not in [message.id for message in found]
