"""The second factor: set up, asked for, lost and replaced."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from reservations.models import Guest, Restaurant, User
from restaurant_site.accounts.models import RecoveryCode
from tests.factories import make_member, make_staff, make_venue
from tests.reservations.people import guest_page, make_guest
from tests.reservations.roles.walking import patterns
from tests.site.accounts.phones import PASSWORD, code_of, give_code, set_up_phone, shown, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("required")]

INDEX = "/admin/"
SET_UP, STEP, OWN = "/admin/codes/set-up/", "/admin/code/", "/admin/codes/"
EMAIL = "owner@example.org"


@pytest.fixture
def place() -> Restaurant:
    return make_venue()


@pytest.fixture
def owner(place: Restaurant) -> User:
    return make_member(place, "owner", email=EMAIL, password=PASSWORD)


@pytest.fixture
def key(client: Client, owner: User) -> str:
    """Give the owner a phone, and sign out."""
    sign_in(client, EMAIL)
    found, _codes = set_up_phone(client)
    client.logout()
    return found


def test_an_owner_sets_up_a_phone_once_and_is_asked_for_its_code_from_then_on(client: Client, owner: User) -> None:
    sign_in(client, EMAIL)
    answer = client.get(INDEX)
    assert answer["Location"].startswith(f"{SET_UP}?next=")
    # A password may be changed meanwhile, and nothing else be seen.
    assert client.get(reverse("admin:password_change")).status_code == 200
    assert client.get(OWN)["Location"].startswith(SET_UP)
    page = client.get(answer["Location"])
    assert "no-store" in page["Cache-Control"]
    wrong = client.post(SET_UP, shown(page) | {"code": "000000"})
    assert "The app shows another code" in wrong.content.decode()
    before = client.session.session_key
    key, recovery = set_up_phone(client, onward=INDEX)
    assert client.session.session_key != before
    assert client.get(INDEX).status_code == 200
    client.logout()
    sign_in(client, EMAIL)
    assert client.get(INDEX)["Location"].startswith(f"{STEP}?next=")
    before = client.session.session_key
    code = code_of(key)
    assert give_code(client, code, onward=OWN)["Location"] == OWN
    # What was known of the session before the step is worth nothing after it.
    assert client.session.session_key != before
    assert client.get(INDEX).status_code == 200
    assert "10 recovery codes are left" in client.get(OWN).content.decode()
    # A code is good once, and so is a recovery code.
    client.logout()
    sign_in(client, EMAIL)
    assert "was not taken" in give_code(client, code).content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        assert give_code(client, recovery[0].upper()).status_code == 302
        client.logout()
        sign_in(client, EMAIL)
        assert give_code(client, recovery[0]).status_code == 200
        assert not client.get(INDEX).content
    assert RecoveryCode.objects.count() == 9
    assert not RecoveryCode.objects.filter(digest__in=recovery).exists()


def test_guessing_gets_slower_and_the_right_code_is_not_looked_at_meanwhile(client: Client, key: str) -> None:
    sign_in(client, EMAIL)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert "in a second" in give_code(client, "000000").content.decode()
        held = give_code(client, code_of(key))
        assert held.status_code == 429
        assert held["Retry-After"] == "1"
        clock.shift(2)
        # A recovery code counts with the phone's: who guesses has one number of tries.
        assert "in 2 seconds" in give_code(client, "aaaaa-aaaaa").content.decode()
        clock.shift(3)
        assert give_code(client, code_of(key)).status_code == 302


def test_a_password_that_is_set_lets_the_next_code_be_looked_at(client: Client, key: str, owner: User) -> None:
    TOTPDevice.objects.update(throttling_failure_count=20, throttling_failure_timestamp=timezone.now())
    sign_in(client, EMAIL)
    assert give_code(client, code_of(key)).status_code == 429
    user = User.objects.get(pk=owner.pk)
    user.set_password(PASSWORD + "!")
    user.save()
    sign_in(client, EMAIL, PASSWORD + "!")
    assert give_code(client, code_of(key)).status_code == 302


OPEN = {
    "login",
    "logout",
    "jsi18n",
    "admin_password_reset",
    "password_reset_done",
    "password_reset_confirm",
    "password_reset_complete",
    "second_step",
    "reservations_restaurant_pulse",
}


def test_nothing_of_the_admin_is_reached_before_the_code(client: Client, key: str) -> None:
    """Every address of the resolver, with numbers in it, in both languages, by each way of asking."""
    sign_in(client, EMAIL)
    asked = 0
    for name, route in patterns():
        if name in OPEN:
            continue
        address = "/" + "".join(
            (part.partition(">")[2] and f"1{part.partition('>')[2]}") or part for part in route.split("<")
        )
        address = address.replace("(?P1", "x").replace(".*)$", "").replace("^", "").replace("\\", "").replace("$", "")
        for prefix, ask in (("", client.get), ("/de", client.get), ("", client.post)):
            answer = ask(prefix + address, headers={"HX-Request": "true"} if "/de" in prefix else {})
            if answer.status_code == 404:
                continue
            asked += 1
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(f"{prefix}{STEP}?"), (address, answer["Location"])
    assert asked > 400


def test_the_walk_would_notice(client: Client, key: str, settings: Settings) -> None:
    settings.SECOND_FACTOR = "off"
    sign_in(client, EMAIL)
    assert client.get(INDEX).status_code == 200


def test_what_was_typed_before_the_session_was_lost_survives_both_steps(
    client: Client, key: str, place: Restaurant
) -> None:
    guest = make_guest(place, email="ada@example.org", name="Ada")
    address = guest_page("change", guest)
    page = client.post(address, {"name": "Ada Grün"})
    [typed] = re.findall(r'name="typed" value="([^"]*)"', page.content.decode())
    fields = {"username": EMAIL, "password": PASSWORD, "next": address, "typed": html.unescape(typed)}
    assert client.post(reverse("admin:login"), fields)["Location"] == address
    step = client.get(address)
    assert step["Location"].startswith(STEP)
    assert client.get(step["Location"]).status_code == 200
    assert give_code(client, code_of(key), onward=address)["Location"] == address
    assert 'value="Ada Grün"' in client.get(address).content.decode()
    assert Guest.objects.get().name == "Ada"


def test_a_form_that_is_sent_between_the_steps_waits(client: Client, key: str, place: Restaurant) -> None:
    guest = make_guest(place, email="ada@example.org", name="Ada")
    address = guest_page("change", guest)
    sign_in(client, EMAIL)
    assert client.post(address, {"name": "Between"})["Location"].startswith(STEP)
    give_code(client, code_of(key))
    assert Guest.objects.get().name == "Ada"
    assert 'value="Between"' in client.get(address).content.decode()


def test_hosts_are_asked_where_their_restaurant_wants_it(client: Client, place: Restaurant) -> None:
    client.force_login(make_member(place, "host"))
    assert client.get(INDEX).status_code == 200
    Restaurant.objects.update(hosts_use_codes=True)
    assert client.get(INDEX)["Location"].startswith(SET_UP)
    client.force_login(make_staff())
    assert client.get(INDEX)["Location"].startswith(SET_UP)


def test_a_host_may_use_codes_and_give_them_up_and_an_owner_may_not(
    client: Client, place: Restaurant, owner: User
) -> None:
    host = Client()
    host.force_login(make_member(place, "host"))
    other = Client()
    other.force_login(User.objects.exclude(pk=owner.pk).get())
    key, recovery = set_up_phone(host)
    # Another session of the same person ends with the new factor.
    assert other.get(INDEX)["Location"].startswith("/admin/login/")
    assert host.get(INDEX).status_code == 200
    new = host.post(OWN, {"code": code_of(key), "act": "recovery"}).content.decode()
    assert recovery[0] not in new
    assert "Write these down" in new
    assert "was not taken" in host.post(OWN, {"code": recovery[0], "act": "remove"}).content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        assert host.post(OWN, {"code": code_of(key), "act": "remove"}).status_code == 302
    assert "with your password alone" in host.get(OWN).content.decode()
    assert not TOTPDevice.objects.exists()
    client.force_login(owner)
    key, _recovery = set_up_phone(client)
    client.post(OWN, {"code": code_of(key), "act": "remove"})
    assert TOTPDevice.objects.filter(user=owner).exists()


def test_another_phone_needs_a_code_of_the_present_one(client: Client, key: str) -> None:
    sign_in(client, EMAIL)
    assert client.get(SET_UP)["Location"].startswith(STEP)
    give_code(client, code_of(key))
    page = client.get(SET_UP)
    values = shown(page)
    new = page.content.decode().partition("Key: <code>")[2].partition("</code>")[0]
    missing = client.post(SET_UP, values | {"code": code_of(new)})
    assert "This field is required" in missing.content.decode()
    wrong = client.post(SET_UP, values | {"code": code_of(new), "current": "000000"})
    assert "was not taken" in wrong.content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        done = client.post(SET_UP, values | {"code": code_of(new), "current": code_of(key)})
        assert "Write these down" in done.content.decode()
        client.logout()
        sign_in(client, EMAIL)
        assert "was not taken" in give_code(client, code_of(key)).content.decode()
    told = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert told == ["Second factor set up.", "Second factor replaced."]


def test_a_key_that_this_site_did_not_show_is_not_taken(client: Client, owner: User) -> None:
    client.force_login(owner)
    other = Client()
    other.force_login(make_staff())
    theirs = shown(other.get(SET_UP))
    for key in (theirs["key"], "", "x" * 4000, "\x00", "a:b:c"):
        assert client.post(SET_UP, {"key": key, "code": "123456"}).status_code == 200
    assert not TOTPDevice.objects.exists()


@pytest.mark.parametrize("code", ["", "\x00", "x" * 4000, "١٢٣٤٥٦", "9" * 30, "-1", "<b>", "1e5", "²²²²²²"])
def test_odd_codes_are_wrong_codes(client: Client, key: str, code: str) -> None:
    sign_in(client, EMAIL)
    assert give_code(client, code).status_code == 200
    assert client.get(INDEX).status_code == 302


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"])
def test_the_second_step_leads_nowhere_else(client: Client, key: str, onward: str) -> None:
    sign_in(client, EMAIL)
    assert give_code(client, code_of(key), onward=onward)["Location"] == INDEX


def test_a_lost_phone_is_taken_off_by_a_superuser_or_a_command(client: Client, key: str, owner: User) -> None:
    operator = Client()
    operator.force_login(make_staff(email="operator@example.org"))
    set_up_phone(operator)
    sign_in(client, EMAIL)
    give_code(client, code_of(key))
    assert client.get(INDEX).status_code == 200
    users = reverse("admin:reservations_user_changelist")
    operator.post(users, {"action": "reset_second_factor", "_selected_action": [owner.pk]})
    assert client.get(INDEX)["Location"].startswith("/admin/login/")
    sign_in(client, EMAIL)
    assert client.get(INDEX)["Location"].startswith(SET_UP)
    set_up_phone(client)
    call_command("reset_second_factor", EMAIL.upper(), stdout=io.StringIO())
    assert client.get(INDEX)["Location"].startswith("/admin/login/")
    told = LogEntry.objects.filter(object_id=str(owner.pk)).order_by("pk").values_list("change_message", "user__email")
    assert list(told)[1::2] == [
        ("Second factor reset.", "operator@example.org"),
        ("Second factor reset by an operator's command.", EMAIL),
    ]
    for wrong in (EMAIL, "nobody@example.org", "\x00"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", wrong)


def test_a_page_costs_no_statement_more_once_the_code_was_given(client: Client, key: str, settings: Settings) -> None:
    sign_in(client, EMAIL)
    give_code(client, code_of(key))
    page = reverse("admin:reservations_table_changelist")
    counts = []
    for _time in range(2):
        client.get(page)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(page).status_code == 200
        counts.append(len(asked))
        settings.SECOND_FACTOR = "off"
    assert counts[0] == counts[1]
