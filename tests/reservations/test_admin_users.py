"""Accounts in the admin: by e-mail, one spelling of it, and nobody makes himself a superuser."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from reservations.models import User
from tests.factories import make_member, make_reservation, make_restaurant, make_staff, make_user, make_venue

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
ADD = "admin:reservations_user_add"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def typed(**fields: str) -> dict[str, Any]:
    return {
        "email": "new@example.org",
        "name": "Nora New",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **fields,
    }


def change(user: User) -> str:
    return reverse("admin:reservations_user_change", args=(user.pk,))


def test_account_is_added_by_address_and_signs_in(staff: Client) -> None:
    response = staff.post(reverse(ADD), typed(email=" New@Example.ORG "))
    user = User.objects.get(email="new@example.org")
    assert response.status_code == 302
    assert response["Location"] == change(user)
    assert not user.is_staff
    User.objects.filter(pk=user.pk).update(is_staff=True)
    visitor = Client()
    form = {"username": "NEW@example.org", "password": PASSWORD}
    assert visitor.post(reverse("admin:login"), form).status_code == 302
    assert visitor.get(reverse("admin:index")).status_code == 200


def test_address_is_unique_whatever_its_case(staff: Client) -> None:
    make_user(email="new@example.org")
    page = staff.post(reverse(ADD), typed(email="NEW@example.org")).content.decode()
    assert "A user with this e-mail address exists already" in page
    assert "Nora New" in page
    other = make_user(email="other@example.org")
    page = staff.post(change(other), {"email": "New@Example.org", "is_active": "on"}).content.decode()
    assert "A user with this e-mail address exists already" in page
    assert User.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"password2": "something else"}, "didn’t match"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"email": "nobody"}, "valid email address"),
        ({"email": "new@exam\x00ple.org"}, "Null characters"),
        ({"name": "\x00"}, "Null characters"),
    ],
)
def test_bad_input_is_a_message(staff: Client, fields: dict[str, str], message: str) -> None:
    response = staff.post(reverse(ADD), typed(**fields))
    assert response.status_code == 200
    assert message in response.content.decode()
    assert User.objects.count() == 1


def test_form_shows_no_password_and_links_to_its_page(staff: Client) -> None:
    user = make_user(email="new@example.org", password=PASSWORD)
    page = staff.get(change(user)).content.decode()
    assert user.password not in page
    assert 'href="../password/"' in page
    form = {"password1": PASSWORD + "!", "password2": PASSWORD + "!", "usable_password": "true"}
    where = reverse("admin:auth_user_password_change", args=(user.pk,))
    assert staff.get(where).status_code == 200
    assert staff.post(where, form).status_code == 302
    user.refresh_from_db()
    assert user.check_password(PASSWORD + "!")


def test_accounts_are_for_superusers_alone(client: Client) -> None:
    """What Django's own permissions say of users is not enough: a password set is a restaurant reached."""
    clerk = make_member(make_restaurant(), "owner")
    clerk.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
    colleague = make_user(password=PASSWORD)
    client.force_login(clerk)
    for name in ("changelist", "add"):
        assert client.get(reverse(f"admin:reservations_user_{name}")).status_code == 403
    for address in (change(colleague), reverse("admin:reservations_user_delete", args=(colleague.pk,))):
        assert client.post(address, {"email": "clerk@example.org", "post": "yes"}).status_code == 403
    where = reverse("admin:auth_user_password_change", args=(colleague.pk,))
    assert client.post(where, {"password1": "x" * 14, "password2": "x" * 14}).status_code == 403
    assert User.objects.get(pk=colleague.pk).check_password(PASSWORD)


def test_who_took_a_reservation_stays_on_record(staff: Client) -> None:
    host, other = make_user(email="host@example.org"), make_user()
    reservation = make_reservation(make_venue())
    reservation.created_by = host
    reservation.save()
    page = staff.post(reverse("admin:reservations_user_delete", args=(host.pk,)), {"post": "yes"}).content.decode()
    assert "host@example.org has taken reservations. Untick “active” instead" in page
    assert staff.post(reverse("admin:reservations_user_delete", args=(other.pk,)), {"post": "yes"}).status_code == 302
    assert set(User.objects.values_list("pk", flat=True)) >= {host.pk}
    assert not User.objects.filter(pk=other.pk).exists()
