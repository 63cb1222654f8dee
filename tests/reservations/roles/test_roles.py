"""What a host, a manager and an owner may do at one restaurant: every page of the admin, by the table."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import TestCase
from django.urls import reverse

from menus.models import Dish
from reservations import access
from reservations.models import Guest, Membership, Message, Restaurant, User
from tests.factories import make_member, make_user
from tests.reservations.roles.marked import MARK, make_marked, row_of
from tests.reservations.roles.walking import ask, is_refused, pages, signed_in

ROLES = ("host", "manager", "owner")


def may(role: str, least: str) -> bool:
    """Return whether a role is at least another; nobody's is none's."""
    return least in ROLES and ROLES.index(role) >= ROLES.index(least)


class TestRoles(TestCase):
    """One restaurant with a row of each model, and one member of each role."""

    restaurant: Restaurant
    people: dict[str, User]

    @classmethod
    def setUpTestData(cls) -> None:
        """Make the restaurant."""
        cls.restaurant = make_marked()
        cls.people = {role: make_member(cls.restaurant, role) for role in ROLES}
        # The restaurant's rows come after these: the pages of staff are about somebody without a password.
        Membership.objects.create(restaurant=cls.restaurant, user=make_user(name=MARK), role="host")

    def test_pages_open_for_those_of_the_table_and_no_others(self) -> None:
        for role, user in self.people.items():
            client = signed_in(user)
            for page in pages():
                address = page.asked(self.restaurant)
                response = ask(client, address, self.restaurant)
                assert (not is_refused(response)) == may(role, page.least), f"{role}: {address}"

    def test_forms_are_saved_by_those_of_the_table_and_no_others(self) -> None:
        """Posted empty: whoever may, is told what is missing."""
        for role, user in self.people.items():
            client = signed_in(user)
            for page in pages():
                if not page.name.endswith(("_change", "_add")) or not page.model:
                    continue
                address = page.address(self.restaurant)
                response = client.post(address, {"_save": "1"})
                assert (not is_refused(response)) == may(role, page.least_to_post), f"{role}: POST {address}"

    def test_what_a_role_grants_it_grants_where_it_is_held(self) -> None:
        """A host here and a manager there is a host here."""
        there = make_marked("There")
        user = self.people["host"]
        Membership.objects.create(user=user, restaurant=there, role="manager")
        client = signed_in(user)
        for place, opens in ((self.restaurant, False), (there, True)):
            for page in pages():
                if page.least == "manager" and page.numbers:
                    response = ask(client, page.address(place), place)
                    assert (not is_refused(response)) == opens, page.address(place)
        listed = client.get(reverse("admin:reservations_message_changelist")).context["cl"].result_list
        assert {row.restaurant_id for row in listed} == {there.pk}
        add = reverse("admin:reservations_area_add")
        assert client.get(add, {"restaurant": self.restaurant.pk}).status_code == 403
        assert client.get(add, {"restaurant": there.pk}).status_code == 200
        assert "Which restaurant?" in client.get(add).content.decode()
        # On a page of the one, no button leads to what is allowed at the other.
        guest = Guest.objects.filter(restaurant=self.restaurant).earliest("pk")
        shown = client.get(reverse("admin:reservations_guest_change", args=(guest.pk,))).content.decode()
        assert guest.name in shown
        assert "/erase/" not in shown
        dish = row_of(Dish, self.restaurant)
        lists = reverse("admin:menus_dish_changelist")
        form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(dish.pk), "form-0-price": "1.00"}
        client.post(lists, {**form, "_save": "1"})
        dish.refresh_from_db()
        assert str(dish.price) == "7.50"  # type: ignore[attr-defined]

    def test_who_is_off_the_staff_reads_nothing_of_it_any_more(self) -> None:
        user = self.people["host"]
        client = signed_in(user)
        guest = Guest.objects.filter(restaurant=self.restaurant).earliest("pk")
        form = {"name": f"{MARK} again", "email": guest.email}
        client.post(reverse("admin:reservations_guest_change", args=(guest.pk,)), form)
        assert MARK in client.get(reverse("admin:index"), follow=True).content.decode()
        Membership.objects.filter(user=user).delete()
        for name in ("index", "index", "password_change"):
            response = client.get(reverse(f"admin:{name}"))
            assert response.status_code == 200
        assert LogEntry.objects.filter(user=user, object_repr__contains=MARK).exists()
        assert MARK not in client.get(reverse("admin:index")).content.decode()

    def test_an_owner_of_one_restaurant_is_asked_for_none(self) -> None:
        client = signed_in(self.people["owner"])
        for name in ("reservation", "area", "block", "waitlistentry", "closure", "membership", "service"):
            page = client.get(reverse(f"admin:reservations_{name}_add"))
            assert page.status_code == 200, name
            assert "Which restaurant?" not in page.content.decode(), name
            listed = client.get(reverse(f"admin:reservations_{name}_changelist")).content.decode()
            assert 'id="filter_restaurant__id__exact"' not in listed, name

    def test_django_s_own_permissions_open_no_restaurant(self) -> None:
        user = make_user(is_staff=True)
        user.user_permissions.set(Permission.objects.all())
        client = signed_in(user)
        assert client.get(reverse("admin:reservations_guest_changelist")).status_code == 403
        assert client.get(reverse("admin:reservations_user_changelist")).status_code == 403
        # What belongs to no restaurant goes by them still.
        assert client.get(reverse("admin:reservations_jobbeat_changelist")).status_code == 200
        assert client.get(reverse("admin:caching_invalidation_changelist")).status_code == 200

    def test_permissions_with_and_without_an_object(self) -> None:
        user = User.objects.get(pk=self.people["manager"].pk)
        other = make_marked("Else")
        message = Message.objects.filter(restaurant=self.restaurant).earliest("pk")
        with self.assertNumQueries(1):
            assert user.has_perm("reservations.change_message")
            assert user.has_perm("reservations.change_message", message)
            assert not user.has_perm("reservations.change_message", Message(restaurant=other))
            assert not user.has_perm("reservations.add_membership")
            assert not user.has_perm("reservations.no_such_thing")
            assert access.role_at(user, self.restaurant.pk) == "manager"
            assert access.role_at(user, other.pk) is None
        assert user.has_module_perms("menus")
        assert list(access.restaurants_of(user)) == [self.restaurant]
        User.objects.filter(pk=user.pk).update(is_active=False)
        gone = User.objects.get(pk=user.pk)
        assert not gone.has_perm("reservations.view_guest")
        assert list(access.restaurants_of(gone)) == []
