"""A session that is lost on an import's page: after signing in one is back on it, with what was chosen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY

from reservations.models import BookingImport, ImportRow
from tests.factories import make_venue
from tests.pages import read
from tests.reservations.bringing import Staff, row, sheet

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def staff() -> Staff:
    return Staff(make_venue(), email="host@example.org", password=PASSWORD)


def signed_in_again(staff: Staff, batch: BookingImport, button: str, **typed: Any) -> str:
    """Press a button without a session, sign in on the page that answers, and return the page that this leads to."""
    staff.client.logout()
    asked = staff.press(batch, button, **typed)
    form = next(form for form in read(asked).forms if "username" in form.values)
    carried = re.findall(r'name="typed" value="([^"]*)"', asked.content.decode())
    fields = form.values | {"username": "host@example.org", "password": PASSWORD, "typed": "".join(carried)}
    answer = staff.client.post("/admin/login/", fields, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def chosen(page: str, name: str) -> list[str]:
    [select] = re.findall(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    return re.findall(r'value="(\w*)" selected', select)


def test_columns_that_were_chosen_come_back(staff: Staff) -> None:
    batch = staff.bring(sheet([("x", "Ada", "ada@example.org")], ("A", "B", "C")))
    typed = {"column-0": "", "column-1": "name", "column-2": "email", "date_order": "ymd"}
    page = signed_in_again(staff, batch, "columns", **typed)
    assert "What you typed is back, and nothing has been saved" in page
    assert [chosen(page, name) for name in typed] == [[""], ["name"], ["email"], ["ymd"]]
    assert BookingImport.objects.get().columns == batch.columns
    staff.press(batch, "columns", **typed)
    assert BookingImport.objects.get().columns == {"name": 1, "email": 2}


def test_what_an_import_is_allowed_comes_back_and_it_is_not_begun(staff: Staff) -> None:
    batch = staff.bring(sheet([row(staff.restaurant)]))
    page = signed_in_again(staff, batch, "start", tells="on")
    assert re.findall(r'<input type="checkbox" name="(\w+)"[^>]* checked', page) == ["tells"]
    assert not ImportRow.objects.exists()
    # Without a tick nothing was typed: the page is there all the same.
    assert "will be brought over" in signed_in_again(staff, batch, "start")


def test_a_run_goes_on_after_signing_in(staff: Staff) -> None:
    batch = staff.bring(sheet([row(staff.restaurant)]))
    staff.press(batch, "start")
    assert "0 of 1 rows" in signed_in_again(staff, batch, "run")
    staff.client.logout()
    # A page's own script can't show a login page: the page is loaded anew, and so leads to it and back.
    answer = staff.press(batch, "run", by_script=True)
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")
    assert SESSION_KEY not in staff.client.session
    assert ImportRow.objects.get().status == ImportRow.Status.WAITING
