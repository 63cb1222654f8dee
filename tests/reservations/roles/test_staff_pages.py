"""An owner adds people by e-mail, gives them roles and takes them off; who is added sets a password by a link."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from reservations.engine import staffing
from reservations.engine.errors import Reason, Refused
from reservations.history.trail import by_staff
from reservations.messages.rendering import Mail, render
from reservations.models import HistoryEvent, Membership, Message, Restaurant, User
from restaurant_site.accounts.mailing import send_password_mails
from tests.factories import make_member, make_restaurant, make_staff, make_user

pytestmark = pytest.mark.django_db

LIST = "admin:reservations_membership_changelist"
PASSWORD = "correct horse battery"


@pytest.fixture
def place() -> Restaurant:
    return make_restaurant(name="Zur Linde")


@pytest.fixture
def owner(place: Restaurant) -> User:
    return make_member(place, "owner", email="owner@example.org", name="Olga Owner")


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def add(client: Client, place: Restaurant, **fields: str) -> Any:
    address = f"{reverse('admin:reservations_membership_add')}?restaurant={place.pk}"
    typed = {"email": "new@example.org", "name": "Nora New", "role": "host", **fields}
    return client.post(address, typed, follow=True)


def page(name: str, member: Membership) -> str:
    return reverse(f"admin:reservations_membership_{name}", args=(member.pk,))


def invitation() -> Mail:
    message = Message.objects.filter(kind="invitation").latest("pk")
    told = render(message, message.due_at)
    assert isinstance(told, Mail)
    return told


def events() -> list[tuple[str, int | None]]:
    return list(HistoryEvent.objects.order_by("pk").values_list("kind", "user_number"))


def test_somebody_new_is_invited_sets_a_password_and_works(browser: Client, owner: User, place: Restaurant) -> None:
    assert "is written to" in add(browser, place, email=" New@Example.org ").content.decode()
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.is_staff, user.is_superuser, user.has_usable_password()) == ("Nora New", True, False, False)
    member = Membership.objects.get(user=user)
    assert (member.role, member.restaurant) == ("host", place)
    assert events() == [("staff_added", owner.pk)]
    assert "new@" not in str(HistoryEvent.objects.values_list("changes", flat=True))
    told = invitation()
    assert (told.to, told.subject) == ("new@example.org", "You belong to the staff of Zur Linde")
    [link] = re.findall(r"http://127.0.0.1:8000(\S+)", told.text)
    visitor = Client()
    form = visitor.get(link, follow=True)
    assert form.status_code == 200
    there = form.redirect_chain[-1][0]
    typed = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert visitor.post(there, typed, follow=True).status_code == 200
    assert visitor.login(username="new@example.org", password=PASSWORD)
    assert visitor.get(reverse("admin:reservations_restaurant_floor", args=(place.pk,))).status_code == 200
    # The link is good once.
    assert "new_password1" not in Client().get(link, follow=True).content.decode()


def test_who_has_an_account_keeps_it_as_it_is(browser: Client, place: Restaurant) -> None:
    elsewhere = make_member(make_restaurant(), "owner", email="known@example.org", name="Kim", password=PASSWORD)
    add(browser, place, email="KNOWN@example.org", name="Other", role="manager")
    elsewhere.refresh_from_db()
    assert elsewhere.name == "Kim"
    assert elsewhere.check_password(PASSWORD)
    assert set(Membership.objects.filter(user=elsewhere).values_list("role", flat=True)) == {"owner", "manager"}
    assert "/reset/" not in invitation().text
    # Of the other restaurant nothing is shown.
    listed = browser.get(reverse(LIST)).context["cl"].result_list
    assert {member.restaurant_id for member in listed} == {place.pk}
    assert "belongs to the staff already" in add(browser, place, email="known@example.org").content.decode()


@pytest.mark.parametrize("fields", [{"is_superuser": True, "is_staff": True}, {"is_active": False}])
def test_operators_and_accounts_that_are_off_are_not_added(
    browser: Client, place: Restaurant, fields: dict[str, Any]
) -> None:
    make_user(email="boss@example.org", **fields)
    before = User.objects.filter(email="boss@example.org").values().get()
    assert "can’t be added here" in add(browser, place, email="boss@example.org").content.decode().replace(
        "&#x27;", "’"
    )
    assert User.objects.filter(email="boss@example.org").values().get() == before
    assert Membership.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"email": "no address"}, {"email": ""}, {"role": "superuser"}, {"name": "N" * 200}, {"name": "a\x00b"}],
)
def test_what_can_t_be_is_not_added(browser: Client, place: Restaurant, fields: dict[str, str]) -> None:
    assert add(browser, place, **fields).status_code == 200
    assert Membership.objects.count() == 1
    assert not Message.objects.exists()


def test_names_are_shown_as_they_were_typed(browser: Client, place: Restaurant) -> None:
    add(browser, place, name="<b>ש״ל</b>")
    shown = browser.get(reverse(LIST)).content.decode()
    assert "&lt;b&gt;ש״ל&lt;/b&gt;" in shown
    assert "<b>ש" not in shown


def test_a_role_is_given_and_counts_at_once(browser: Client, owner: User, place: Restaurant) -> None:
    member = Membership.objects.get(user=make_member(place, "host"))
    colleague = Client()
    colleague.force_login(member.user)
    assert colleague.get(reverse("admin:reservations_message_changelist")).status_code == 403
    assert browser.post(page("role", member), {"role": "manager"}).status_code == 302
    assert colleague.get(reverse("admin:reservations_message_changelist")).status_code == 200
    assert browser.post(page("remove", member), {}).status_code == 302
    # Nothing is left to be signed in for.
    gone = colleague.get(reverse("admin:reservations_reservation_changelist"))
    assert gone["Location"].startswith(reverse("admin:login"))
    assert events() == [("role_changed", owner.pk), ("staff_removed", owner.pk)]
    assert User.objects.filter(pk=member.user_id).exists()
    activity = browser.get(reverse("admin:reservations_historyevent_restaurant", args=(place.pk,))).content.decode()
    assert "Role changed" in activity
    assert "Olga Owner" in activity


def test_the_last_owner_stays(browser: Client, owner: User, place: Restaurant) -> None:
    member = Membership.objects.get(user=owner)
    make_member(place, "owner", is_active=False)
    for name, typed in (("role", {"role": "host"}), ("remove", {})):
        assert "This is the only owner" in browser.post(page(name, member), typed).content.decode()
    assert Membership.objects.get(pk=member.pk).role == "owner"
    make_member(place, "owner")
    response = browser.post(page("role", member), {"role": "host"})
    assert response["Location"] == reverse("admin:index")
    assert browser.get(reverse(LIST)).status_code == 403


def test_staff_are_invited_again_until_they_have_signed_in(browser: Client, place: Restaurant) -> None:
    member = Membership.objects.get(user=make_member(place))
    assert page("invite", member) in browser.get(page("change", member)).content.decode()
    assert browser.post(page("invite", member)).status_code == 302
    assert Message.objects.filter(kind="invitation", member=member).count() == 1
    Client().force_login(member.user)
    assert page("invite", member) not in browser.get(page("change", member)).content.decode()
    assert browser.post(page("invite", member)).status_code == 200
    assert Message.objects.filter(kind="invitation").count() == 1


def test_an_invitation_to_who_is_off_the_staff_again_is_not_sent(browser: Client, place: Restaurant) -> None:
    add(browser, place)
    member = Membership.objects.get(user__email="new@example.org")
    browser.post(page("remove", member))
    message = Message.objects.get()
    assert not isinstance(render(message, message.due_at), Mail)


def test_who_is_gone_meanwhile_is_said_to_be(owner: User, place: Restaurant) -> None:
    member = Membership.objects.get(user=make_member(place))
    staffing.remove(member=member, by=by_staff(owner))
    for again in (
        lambda: staffing.remove(member=member, by=by_staff(owner)),
        lambda: staffing.give_role(member=member, role="owner", by=by_staff(owner)),
    ):
        with pytest.raises(Refused) as refused:
            again()
        assert refused.value.reason == Reason.CHANGED_MEANWHILE


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_two_owners_never_remove_each_other(place: Restaurant, monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    """Without the lock both see the other as the owner that stays."""
    members = [Membership.objects.get(user=make_member(place, "owner")) for _i in range(2)]
    barrier = threading.Barrier(2)
    refusals: list[Reason] = []
    keep = staffing._keep_an_owner

    def kept(member: Membership) -> None:
        keep(member)
        if not locked:
            barrier.wait(5)

    monkeypatch.setattr(staffing, "_keep_an_owner", kept)
    if not locked:
        monkeypatch.setattr(staffing, "_locked", lambda member: Membership.objects.get(pk=member.pk))

    def remove(member: Membership) -> None:
        try:
            if locked:
                barrier.wait(5)
            staffing.remove(member=member, by=by_staff(member.user))
        except Refused as refusal:
            refusals.append(refusal.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert Membership.objects.count() == (1 if locked else 0)
    assert refusals == ([Reason.LAST_OWNER] if locked else [])


def test_who_forgot_the_password_gets_a_link_to_the_site_s_own_address(client: Client, place: Restaurant) -> None:
    make_member(place, email="host@example.org", password=PASSWORD)
    make_user(email="diner@example.org")
    asked = reverse("admin_password_reset")
    assert asked in client.get(reverse("admin:login")).content.decode()
    assert client.get(asked).status_code == 200
    for email in ("HOST@example.org", "diner@example.org", "nobody@example.org"):
        response = client.post(asked, {"email": email}, follow=True, headers={"host": "localhost"})
        assert response.status_code == 200
        assert "emailed you instructions" in response.content.decode()
    assert not mail.outbox
    send_password_mails()
    assert [message.to for message in mail.outbox] == [["host@example.org"]]
    [link] = re.findall(r"http://127.0.0.1:8000(\S+)", str(mail.outbox[0].body))
    form = client.get(link, follow=True)
    typed = {"new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}
    assert client.post(form.redirect_chain[-1][0], typed, follow=True).status_code == 200
    assert client.login(username="host@example.org", password=PASSWORD + "!")
    assert client.get(link.replace("/reset/", "/reset/x"), follow=True).status_code == 200


def test_what_is_set_up_stands_in_the_history_with_its_user(browser: Client, owner: User, place: Restaurant) -> None:
    address = f"{reverse('admin:reservations_area_add')}?restaurant={place.pk}"
    browser.post(address, {"restaurant": place.pk, "name": "Garden", "position": "1"})
    area = place.areas.get()
    browser.post(
        reverse("admin:reservations_area_change", args=(area.pk,)),
        {"restaurant": place.pk, "name": "Yard", "position": "1"},
    )
    browser.post(reverse("admin:reservations_area_delete", args=(area.pk,)), {"post": "yes"})
    told = list(HistoryEvent.objects.order_by("pk").values_list("kind", "subject", "subject_number", "user_number"))
    assert told == [(kind, "area", area.pk, owner.pk) for kind in ("added", "changed", "deleted")]
    assert HistoryEvent.objects.get(kind="changed").changes == {"told": ["name"]}
    activity = browser.get(reverse("admin:reservations_historyevent_restaurant", args=(place.pk,))).content.decode()
    assert "Area" in activity
    assert "Yard" not in activity.partition('id="change-history"')[2]


def test_superusers_manage_everybody(client: Client, owner: User, place: Restaurant) -> None:
    client.force_login(make_staff())
    assert "Which restaurant?" in client.get(reverse("admin:reservations_membership_add")).content.decode()
    add(client, place)
    assert Membership.objects.filter(restaurant=place).count() == 2
