"""A form of the admin that is sent after the session was lost: what was typed comes back after signing in."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from menus.models import Dish
from reservations.models import Guest, Restaurant, User
from restaurant_site import signed_out
from restaurant_site.refilling import refill
from tests.factories import make_member, make_restaurant, make_service, make_venue
from tests.reservations.people import make_guest

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"


@pytest.fixture
def place() -> Restaurant:
    return make_venue()


@pytest.fixture
def host(place: Restaurant) -> User:
    return make_member(place, "manager", email="host@example.org", password=PASSWORD)


def carried(page: str) -> str:
    [found] = re.findall(r'name="typed" value="([^"]*)"', page)
    return html.unescape(found)


def sign_in(client: Client, page: str, **fields: str) -> Any:
    [where] = re.findall(r'name="next" value="([^"]*)"', page)
    typed = {"username": "host@example.org", "password": PASSWORD, "next": html.unescape(where), "typed": carried(page)}
    return client.post(LOGIN, {**typed, **fields})


def test_a_guest_s_form_comes_back_as_it_was_typed(client: Client, host: User, place: Restaurant) -> None:
    guest = make_guest(place, email="ada@example.org", name="Ada", notes="old")
    address = reverse("admin:reservations_guest_change", args=(guest.pk,))
    form = {
        "name": "Ada <b>Grün</b> ש״ל",
        "email": "ada@example.org",
        "notes": "two\nlines & </textarea>",
        "_save": "x",
    }
    asked = client.post(address, {**form, "password": "never this", "file": SimpleUploadedFile("a.txt", b"secret")})
    page = asked.content.decode()
    assert asked.status_code == 200
    assert "Sign in, and what you typed is put back" in page
    assert "never this" not in str(signing.loads(carried(page), salt=signed_out._SALT))
    # A slip of the password loses nothing.
    page = sign_in(client, page, password="wrong").content.decode()
    answer = sign_in(client, page)
    assert answer["Location"] == address
    # Another page that happens to be asked for first takes nothing.
    assert "You were signed out" not in client.get(reverse("admin:index")).content.decode()
    page = client.get(address).content.decode()
    assert Guest.objects.get().notes == "old"
    assert "What you typed is back, and nothing has been saved" in page
    assert 'value="Ada &lt;b&gt;Grün&lt;/b&gt; ש״ל"' in page
    assert "two\nlines &amp; &lt;/textarea&gt;</textarea>" in page
    assert "<b>Grün" not in page
    # Once, and then the form is what is stored.
    assert "You were signed out" not in client.get(address).content.decode()
    assert client.post(address, form).status_code == 302
    assert Guest.objects.get().name == "Ada <b>Grün</b> ש״ל"


def test_ticks_choices_and_lines_come_back(client: Client, host: User, place: Restaurant) -> None:
    service = make_service(place, name="Lunch")
    address = reverse("admin:reservations_service_change", args=(service.pk,))
    form = {
        "name": "Brunch",
        "weekdays": ["5", "6"],
        "turn_times-TOTAL_FORMS": "3",
        "turn_times-0-up_to": "2",
        "turn_times-0-minutes": "75",
        "turn_times-1-up_to": "8",
    }
    sign_in(client, client.post(address, form).content.decode())
    page = client.get(address).content.decode()
    ticked = re.findall(r'name="weekdays" value="(\d)"[^>]* checked', page)
    assert ticked == ["5", "6"]
    assert re.search(r'name="turn_times-0-minutes"[^>]* value="75"|value="75"[^>]* name="turn_times-0-minutes"', page)
    # A line that a script had added is told of.
    assert "Not put back:<ul><li>turn_times-1-up_to: 8</li></ul>" in page


def test_a_button_is_asked_again_and_not_done(client: Client, host: User, place: Restaurant) -> None:
    guest, other = make_guest(place, email="a@example.org"), make_guest(place, email="b@example.org")
    address = reverse("admin:reservations_guest_erase", args=(guest.pk,))
    assert sign_in(client, client.post(address, {"seen": "1"}).content.decode())["Location"] == address
    assert client.get(address).status_code == 200
    assert not Guest.objects.exclude(erased_at=None).exists()
    assert other.pk


def test_too_much_is_said_to_be(client: Client, host: User) -> None:
    address = reverse("admin:reservations_reservation_add")
    for form in ({"note": "n" * 70_000}, {f"field{number}": "1" for number in range(600)}):
        page = client.post(address, form).content.decode()
        assert "more text than can be kept" in page
        assert 'name="typed"' not in page


def test_what_this_site_did_not_sign_is_not_put_anywhere(client: Client, host: User, place: Restaurant) -> None:
    address = reverse("admin:reservations_guest_changelist")
    for typed in ("x", "x" * 5000, "\x00", signing.dumps({"path": address}, salt="another")):
        client.logout()
        answer = client.post(
            LOGIN, {"username": "host@example.org", "password": PASSWORD, "next": address, "typed": typed}
        )
        assert answer.status_code == 302
        assert "You were signed out" not in client.get(address).content.decode()


def test_who_may_not_see_the_form_does_not_after_signing_in(client: Client, host: User) -> None:
    stranger = make_guest(make_restaurant(), email="x@example.org", name="Xenia Stranger")
    address = reverse("admin:reservations_guest_change", args=(stranger.pk,))
    sign_in(client, client.post(address, {"name": "Forged"}).content.decode())
    page = client.get(address, follow=True).content.decode()
    assert "Xenia" not in page
    assert "Forged" not in page
    assert Guest.objects.get().name == "Xenia Stranger"


def test_what_waits_too_long_is_forgotten(client: Client, host: User, place: Restaurant) -> None:
    guest = make_guest(place, email="ada@example.org", name="Ada")
    address = reverse("admin:reservations_guest_change", args=(guest.pk,))
    sign_in(client, client.post(address, {"name": "Typed"}).content.decode())
    session = client.session
    session["typed"] = {**session["typed"], "until": 1}
    session.save()
    client.get(reverse("admin:index"))
    assert "typed" not in client.session
    assert "Typed" not in client.get(address).content.decode()


def test_a_page_with_a_token_of_before_says_so_and_shows_the_form_again(host: User, place: Restaurant) -> None:
    """The session was lost, and somebody signed in on another page of the browser meanwhile."""
    guest = make_guest(place, email="ada@example.org", name="Ada")
    address = reverse("admin:reservations_guest_change", args=(guest.pk,))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(host)
    refused = strict.post(address, {"name": "Typed", "csrfmiddlewaretoken": "of before"})
    assert refused.status_code == 403
    assert f'href="{address}"' in refused.content.decode()
    assert 'value="Typed"' in strict.get(address).content.decode()
    assert Guest.objects.get().name == "Ada"


def test_pages_of_scripts_are_left_alone(client: Client, host: User) -> None:
    answer = client.post(reverse("admin:reservations_guest_changelist"), {"a": "b"}, headers={"HX-Request": "true"})
    assert answer.status_code == 302
    assert Dish.objects.count() == 0


@pytest.mark.parametrize(
    "page",
    [
        "<p>no form</p>",
        '<form method="get"><input name="a" value="old"></form>',
        '<form method="post"><input type="hidden" name="a" value="old"></form>',
        '<form method="post"><input disabled name="a" value="old"><input name="b"></form>',
    ],
)
def test_other_forms_stay_as_they_are(page: str) -> None:
    filled = refill(f'<div id="content">{page}</div>', [("a", "new")], "Note", "Rest")
    assert page in filled.replace(
        '<ul class="messagelist"><li class="warning">Note Rest<ul><li>a: new</li></ul></li></ul>', ""
    )
    assert "a: new" in filled


def test_the_rest_of_a_page_is_copied_letter_by_letter() -> None:
    page = (
        '<!DOCTYPE html><!-- a --><p CLASS=x title="&amp;">&lt;&#39;é</p><script src="a.js"></script>'
        '<form method="POST"><select name=s><option>one<option value="2" selected>two</select>'
        '<textarea name="t">\nold</textarea><input name=a><input type=checkbox name=c checked></form>'
    )
    filled = refill(page, [("s", "2"), ("t", "new"), ("a", 'q"'), ("s", "9")], "Note", "Rest")
    assert filled.startswith(
        '<!DOCTYPE html><!-- a --><p CLASS=x title="&amp;">&lt;&#39;é</p><script src="a.js"></script>'
    )
    assert '<option value="2" selected="">two' in filled
    assert '<textarea name="t">\nnew</textarea>' in filled
    assert '<input name="a" value="q&quot;">' in filled
    assert "checked" not in filled
    assert "<li>s: 9</li>" in filled
