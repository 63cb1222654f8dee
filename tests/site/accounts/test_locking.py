"""Wrong passwords are bounded, by name and address, and nobody else pays for them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reservations.models import User
from restaurant_site.accounts import attempts
from restaurant_site.accounts.mailing import send_password_mails
from tests.factories import make_member, make_restaurant, make_staff, make_user
from tests.site.accounts.phones import PASSWORD, sign_in

pytestmark = pytest.mark.django_db

LIST = "admin:axes_accessattempt_changelist"


@pytest.fixture
def host() -> User:
    return make_member(make_restaurant(), email="host@example.org", password=PASSWORD)


def fail(client: Client, email: str = "host@example.org", *, times: int = 5, **meta: Any) -> Any:
    answer = None
    for _time in range(times):
        answer = sign_in(client, email, "wrong", **meta)
    return answer


def test_five_wrong_passwords_lock_the_name_at_that_address_alone(client: Client, host: User) -> None:
    make_member(make_restaurant(), email="colleague@example.org", password=PASSWORD)
    assert fail(client, times=4).status_code == 200
    # Whatever the spelling, it is one name.
    answer = fail(client, " HOST@example.ORG", times=1)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 15 * 60
    text = answer.content.decode()
    assert "Too many wrong passwords" in text
    assert "Wait 15 minutes" in text
    assert reverse("admin_password_reset") in text
    assert "host@example.org" not in text.lower()
    # The right one does not get in now, and is not told from a wrong one.
    assert sign_in(client, "host@example.org").status_code == 429
    assert "_auth_user_id" not in client.session
    # A colleague behind the same address does, and the person themselves from another.
    assert sign_in(Client(), "colleague@example.org").status_code == 302
    assert sign_in(Client(), "host@example.org", REMOTE_ADDR="203.0.113.9").status_code == 302


def test_a_name_without_an_account_is_answered_in_the_same_way(client: Client, host: User) -> None:
    nobody, somebody = fail(client, "nobody@example.org"), fail(client)
    assert nobody.status_code == somebody.status_code == 429
    assert nobody.content == somebody.content


def test_after_a_quarter_of_an_hour_it_is_open_again_however_often_it_was_tried(client: Client, host: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(client)
        clock.shift(14 * 60)
        assert int(fail(client, times=3)["Retry-After"]) <= 60
        clock.shift(61)
        assert sign_in(client, "host@example.org").status_code == 302
        # Counted from nothing again.
        client.logout()
        assert fail(client, times=4).status_code == 200


def test_a_success_forgets_what_failed(client: Client, host: User) -> None:
    fail(client, times=4)
    sign_in(client, "host@example.org")
    client.logout()
    assert fail(client, times=4).status_code == 200


def test_nothing_is_kept_but_name_address_and_number(client: Client, host: User) -> None:
    meta = {"HTTP_USER_AGENT": "Agent", "HTTP_ACCEPT": "text/secret"}
    typed = {"username": "host@example.org", "password": "hunter22", "typed": "carried", "next": "/admin/x"}
    client.post(f"{reverse('admin:login')}?a=b", typed, **meta)  # type: ignore[arg-type]
    [row] = AccessAttempt.objects.values()
    kept = {name: value for name, value in row.items() if value not in ("", None)}
    assert set(kept) == {"id", "username", "ip_address", "attempt_time", "failures_since_start"}
    # Another browser is no other row: nobody begins anew by changing its name.
    client.post(reverse("admin:login"), typed, HTTP_USER_AGENT="Other")
    assert AccessAttempt.objects.get().failures_since_start == 2


def test_one_name_tried_from_everywhere_is_open_where_it_has_signed_in(
    client: Client, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "NAME_LIMIT", 6)
    sign_in(client, "host@example.org", REMOTE_ADDR="198.51.100.1")
    for number in range(6):
        fail(Client(), times=1, REMOTE_ADDR=f"203.0.113.{number}")
    assert sign_in(Client(), "host@example.org", REMOTE_ADDR="203.0.113.99").status_code == 429
    assert sign_in(Client(), "host@example.org", REMOTE_ADDR="198.51.100.1").status_code == 302


def test_a_network_of_ipv6_counts_as_one_address(client: Client, host: User) -> None:
    for number in range(5):
        answer = fail(client, times=1, REMOTE_ADDR=f"2001:db8::{number:x}")
    assert answer.status_code == 429
    assert sign_in(client, "host@example.org", REMOTE_ADDR="2001:db8:0:1::1").status_code == 302


def test_a_new_password_by_mail_unlocks(client: Client, host: User) -> None:
    fail(client)
    client.post(reverse("admin_password_reset"), {"email": "host@example.org"})
    send_password_mails()
    [link] = re.findall(r"http://127.0.0.1:8000(\S+)", str(mail.outbox[0].body))
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"})
    assert sign_in(client, "host@example.org", PASSWORD + "!").status_code == 302


def test_superusers_see_and_unlock_and_nobody_else(client: Client, host: User) -> None:
    fail(client)
    owner = Client()
    owner.force_login(make_member(make_restaurant(), "owner"))
    assert owner.get(reverse(LIST)).status_code == 403
    operator = Client()
    operator.force_login(make_staff())
    assert "host@example.org" in operator.get(reverse(LIST)).content.decode()
    for asked in ("host@", "127.0.0", "nobody"):
        found = operator.get(reverse(LIST), {"q": asked}).content.decode()
        assert ("host@example.org" in found) == (asked != "nobody")
    row = AccessAttempt.objects.get()
    done = operator.post(reverse(LIST), {"action": "unlock", "_selected_action": [row.pk]}, follow=True)
    assert "Unlocked: host@example.org" in done.content.decode()
    assert sign_in(client, "host@example.org").status_code == 302


@pytest.mark.parametrize(
    "name",
    ["a\x00b@example.org", "ﷺ" * 250, "x" * 5000, "\r\n", "<b>@'\"--", "שלום@example.org", "\ud800", "‮@x"],
)
def test_odd_names_are_refused_like_others(client: Client, name: str) -> None:
    data = {"username": name.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "password": "x\x00y"}
    assert client.post(reverse("admin:login"), data).status_code == 200
    assert client.post(reverse("admin:login"), {**data, "password": "xy"}).status_code == 200


def test_a_connection_without_an_address_is_counted_too(client: Client, host: User) -> None:
    assert fail(client, REMOTE_ADDR="").status_code == 429


def test_old_rows_go(client: Client, host: User) -> None:
    make_user(email="new@example.org")
    fail(client, times=1)
    sign_in(client, "host@example.org", REMOTE_ADDR="203.0.113.9")
    with time_machine.travel(timezone.now() + attempts.KEPT - dt.timedelta(hours=1)):
        assert attempts.forget_attempts() == 0
    with time_machine.travel(timezone.now() + attempts.KEPT + dt.timedelta(hours=1)):
        fail(client, "new@example.org", times=1)
        assert attempts.forget_attempts() == 2
    assert AccessAttempt.objects.get().username == "new@example.org"
    assert not AccessLog.objects.exists()
