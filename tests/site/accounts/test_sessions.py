"""Sessions begin anew at each sign-in, and end with what they stood for, on every node."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reservations.models import Membership, User
from tests.conftest import Site
from tests.factories import make_member, make_restaurant, make_staff
from tests.site.accounts.phones import PASSWORD, sign_in
from tests.wire import Wire

INDEX = "/admin/"
EMAIL = "host@example.org"


@pytest.fixture
def host(db: None) -> User:
    return make_member(make_restaurant(), email=EMAIL, password=PASSWORD)


def is_in(client: Client) -> bool:
    return bool(client.get(INDEX).status_code == 200)


def test_signing_in_makes_a_new_session_and_signing_out_ends_it(client: Client, host: User) -> None:
    planted = client.session
    planted["x"] = 1
    planted.save()
    before = planted.session_key
    client.cookies["sessionid"] = str(before)
    sign_in(client, EMAIL)
    after = client.cookies["sessionid"].value
    assert after != before
    assert is_in(client)
    stranger = Client()
    stranger.cookies["sessionid"] = str(before)
    assert not is_in(stranger)
    client.post(reverse("admin:logout"))
    stranger.cookies["sessionid"] = after
    assert not is_in(stranger)


def test_a_session_of_staff_ends_after_a_service_day_however_busy(client: Client, host: User) -> None:
    sign_in(client, EMAIL)
    assert int(client.cookies["sessionid"]["max-age"]) <= 14 * 3600
    with time_machine.travel(timezone.now() + dt.timedelta(hours=13)):
        assert is_in(client)
        session = client.session
        session["saved"] = "again"
        session.save()
    with time_machine.travel(timezone.now() + dt.timedelta(hours=14, minutes=1)):
        assert not is_in(client)


def test_who_is_switched_off_is_out_and_stays_out_when_switched_on_again(client: Client, host: User) -> None:
    sign_in(client, EMAIL)
    operator = Client()
    operator.force_login(make_staff())
    address = reverse("admin:reservations_user_change", args=(host.pk,))
    form = {"email": EMAIL, "name": "", "is_staff": "on"}
    assert operator.post(address, form).status_code == 302
    assert not is_in(client)
    assert operator.post(address, {**form, "is_active": "on"}).status_code == 302
    assert User.objects.get(pk=host.pk).is_active
    assert not is_in(client)
    assert sign_in(client, EMAIL).status_code == 302


def test_a_new_password_ends_the_other_sessions_whoever_sets_it(client: Client, host: User) -> None:
    other = Client()
    for browser in (client, other):
        sign_in(browser, EMAIL)
    new = {"old_password": PASSWORD, "new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}
    assert client.post(reverse("admin:password_change"), new).status_code == 302
    assert is_in(client)
    assert not is_in(other)
    operator = Client()
    operator.force_login(make_staff())
    address = reverse("admin:auth_user_password_change", args=(host.pk,))
    operator.post(address, {"usable_password": "true", "password1": "another one 12", "password2": "another one 12"})
    assert not is_in(client)
    assert is_in(operator)


def test_a_lesser_role_ends_nothing_and_the_last_one_everything(client: Client, host: User) -> None:
    second = make_restaurant()
    Membership.objects.create(user=host, restaurant=second)
    sign_in(client, EMAIL)
    operator = Client()
    operator.force_login(make_staff())
    for member, left in zip(Membership.objects.filter(user=host).order_by("pk"), (True, False), strict=True):
        operator.post(reverse("admin:reservations_membership_remove", args=(member.pk,)), {})
        assert is_in(client) == left


@pytest.mark.django_db(transaction=True)
def test_on_every_node_a_password_change_ends_a_session_that_was_cached_there(site: Site, host: User) -> None:
    """Two workers, each of which has read the session into its memory of Redis before."""
    client = Client()
    client.force_login(User.objects.get(pk=host.pk))
    wire = Wire(site.url)
    wire.cookies["sessionid"] = client.cookies["sessionid"].value
    assert {wire.get(INDEX).status for _time in range(8)} == {200}
    kept = wire.cookies["sessionid"]
    host.set_password("something else 1")
    host.save()
    for _time in range(8):
        wire.cookies["sessionid"] = kept
        assert wire.get(INDEX).status == 302


def test_expired_sessions_can_be_cleared(client: Client, host: User) -> None:
    sign_in(client, EMAIL)
    call_command("clearsessions")
    assert is_in(client)
