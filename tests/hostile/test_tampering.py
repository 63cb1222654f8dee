"""What a form or a list was never meant to take: lookups through relations, fields of other models, odd pop-ups.

Rows of other restaurants in foreign keys, lines, actions and lists:
`tests/reservations/roles/test_other_restaurants.py`. Poisoned and private
pages in the cache: `tests/caching/test_pages_hostile.py` and `test_pages_private.py`.
"""

from __future__ import annotations

from django.contrib import admin
from django.test import Client, TestCase
from django.urls import reverse

from reservations.models import Guest, Membership, Reservation, Restaurant, User
from tests.factories import make_member, make_staff, make_venue
from tests.reservations.diner import TYPED, Diner
from tests.reservations.people import make_guest
from tests.reservations.roles.marked import MARK, make_marked, tenant_models
from tests.reservations.roles.walking import autocompletes, signed_in

MASS = {
    "is_superuser": "on",
    "is_staff": "on",
    "is_active": "on",
    "user_permissions": "1",
    "groups": "1",
    "password": "zq",
    "role": "owner",
    "status": "seated",
    "pk": "1",
    "id": "1",
    "reference": "R1",
    "browser": "0" * 64,
    "key_version": "9",
    "exceeded": "on",
}

ORACLES = (
    "restaurant__memberships__user__password__startswith",
    "restaurant__memberships__user__email__contains",
    "restaurant__guests__email__startswith",
    "restaurant__reservations__note__regex",
    "restaurant__link_key__startswith",
    "guest__notes__startswith",
    "user__password__startswith",
    "created_by__password__startswith",
    "browser__startswith",
    "idempotency_key__startswith",
    "link_key__startswith",
    "pk__in__password",
)


class TestTampering(TestCase):
    """An owner of one restaurant, with another beside it."""

    own: Restaurant
    theirs: Restaurant
    owner: User

    @classmethod
    def setUpTestData(cls) -> None:
        """Make both."""
        cls.own, cls.theirs = make_venue(max_party=8), make_marked()
        cls.owner = make_member(cls.own, "owner", password="a long password")
        make_guest(cls.own, email="ada@example.org", notes="likes the window")

    def setUp(self) -> None:
        """Sign in."""
        self.client = signed_in(self.owner)

    def test_no_list_answers_questions_about_what_it_does_not_show(self) -> None:
        """A filter that is true and one that is false look the same, or any secret could be read a letter at a time."""
        tried = 0
        for model in tenant_models():
            if not admin.site.is_registered(model):
                continue
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for lookup in ORACLES:
                answers = []
                for value in ("", "zzz"):
                    response = self.client.get(address, {lookup: value})
                    answers.append((response.status_code, response.headers.get("Location", "").partition("?")[2]))
                assert answers[0] == answers[1], f"{address}?{lookup}"
                assert answers[0][0] in (302, 400, 403), f"{address}?{lookup}: {answers}"
                tried += 1
        assert tried > 100

    def test_no_pop_up_hands_out_another_field(self) -> None:
        for name in ("membership", "guest", "reservation", "restaurant"):
            address = reverse(f"admin:reservations_{name}_changelist")
            for field in ("password", "user__password", "link_key", "browser", "notes", "email"):
                response = self.client.get(address, {"_popup": "1", "_to_field": field})
                assert response.status_code == 400, f"{address} {field}"

    def test_an_empty_field_asks_for_no_field(self) -> None:
        client = signed_in(make_staff())
        for model, model_admin in admin.site._registry.items():
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            for page in ("change", "delete", "history"):
                address = reverse(f"{name}_{page}", args=["0"])
                for query in ({}, {"_to_field": ""}):
                    response = client.get(address, query)
                    assert response.status_code in (302, 403, 404), f"{type(model_admin).__name__} {address} {query}"

    def test_autocomplete_answers_no_other_question(self) -> None:
        address = reverse("admin:autocomplete")
        asked = autocompletes()[0]
        for wrong in (
            {"field_name": "password"},
            {"field_name": "restaurant__memberships"},
            {"app_label": "auth", "model_name": "user"},
            {"app_label": "admin", "model_name": "logentry", "field_name": "user"},
            {"app_label": "sessions", "model_name": "session", "field_name": "session_data"},
            {"model_name": "\x00"},
        ):
            response = self.client.get(address, {**asked, "term": "", **wrong})
            assert response.status_code in (400, 403, 404), wrong
            assert MARK not in response.content.decode()

    def test_no_form_of_staff_takes_more_than_it_shows(self) -> None:
        guest = Guest.objects.get(restaurant=self.own)
        place = {"restaurant": str(self.theirs.pk)}
        form = {"name": "Ada", "email": guest.email, "phone": "", "notes": "", "tags": ""}
        self.client.post(reverse("admin:reservations_guest_change", args=(guest.pk,)), form | MASS | place)
        guest.refresh_from_db()
        assert guest.restaurant == self.own
        member = Membership.objects.get(user=make_member(self.own, "host"))
        before = User.objects.filter(pk=member.user_id).values().get()
        for page in ("role", "invite"):
            address = reverse(f"admin:reservations_membership_{page}", args=(member.pk,))
            self.client.post(address, MASS | place | {"user": str(self.owner.pk)})
        assert User.objects.filter(pk=member.user_id).values().get() == before
        member.refresh_from_db()
        assert (member.restaurant, member.user_id) == (self.own, before["id"])
        self.client.post(
            reverse("admin:reservations_membership_add") + f"?restaurant={self.own.pk}",
            {"restaurant": str(self.own.pk), "email": "new@example.org", "name": "New"} | MASS,
        )
        added = User.objects.get(email="new@example.org")
        assert not added.is_superuser
        assert not added.has_usable_password()
        assert not added.user_permissions.exists()

    def test_no_form_of_diners_takes_more_than_it_shows(self) -> None:
        diner = Diner(self.own)
        held = diner.hold()
        more = MASS | {"restaurant": str(self.theirs.pk), "table_ids": "1", "party_size": "99", "held_until": "2099"}
        response = diner.confirm(held, **TYPED, **{name: value for name, value in more.items() if name not in TYPED})
        assert response.status_code == 302
        booked = Reservation.objects.get(pk=held.pk)
        kept = ("restaurant_id", "reference", "browser", "party_size", "table_ids", "starts_at")
        assert [getattr(booked, name) for name in kept] == [getattr(held, name) for name in kept]
        assert booked.status == Reservation.Status.CONFIRMED

    def test_a_time_zone_that_is_none_is_a_message(self) -> None:
        address = reverse("admin:reservations_restaurant_change", args=(self.own.pk,))
        for zone in ("9223372036854775808", "../../etc/passwd", "zq" * 30, ""):
            response = self.client.post(address, {"timezone": zone})
            assert response.status_code == 200, zone

    def test_a_password_s_link_is_good_for_one_account(self) -> None:
        """The token of one with the number of another."""
        response = Client().get(reverse("password_reset_confirm", args=("MQ", "set-password")))
        assert response.status_code == 200
        assert 'name="new_password1"' not in response.content.decode()
