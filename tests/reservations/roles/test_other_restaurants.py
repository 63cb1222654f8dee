"""Every address of the admin, asked by people of another restaurant: they see nothing of this one and change nothing.

The addresses come from the URL resolver. One that `table` does not know fails
the walk, so that whoever adds a page says whose it is.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import admin
from django.test import Client, TestCase
from django.urls import reverse

from reservations.models import Restaurant, User
from restaurant_site.guide.steps import Step
from tests.factories import make_member, make_user
from tests.reservations.roles.marked import MARK, SEARCHED, make_marked, row_of, rows_of, tenant_models
from tests.reservations.roles.table import WAYS
from tests.reservations.roles.walking import autocompletes, is_refused, pages, patterns, signed_in, unknown

EVERYWHERE = {"index", "app_list", "jsi18n", "view_on_site", "autocomplete"}


def text(response: Any) -> str:
    """Return what an answer shows, and where it leads."""
    return str(response.content.decode() + response.headers.get("Location", ""))


class TestOthers(TestCase):
    """One restaurant full of marked rows, and those whom it is none of their business."""

    theirs: Restaurant
    own: Restaurant
    people: dict[str, User]

    @classmethod
    def setUpTestData(cls) -> None:
        """Make both restaurants, with a row of each model."""
        cls.theirs, cls.own = make_marked(), make_marked("Own")
        # An owner has every permission there is: what keeps one out is the restaurant alone.
        cls.people = {role: make_member(cls.own, role) for role in ("owner", "host")}
        cls.people["nobody"] = make_user(is_staff=True)

    def setUp(self) -> None:
        """Remember what is stored of the restaurant."""
        self.before = rows_of(self.theirs)

    def tearDown(self) -> None:
        """Nothing has changed, and nothing of one restaurant refers to another's."""
        after = rows_of(self.theirs)
        for label, rows in self.before.items():
            assert rows == after[label], label
        assert mixed_up() == []

    def forged(self) -> dict[str, Any]:
        """Return a form that names the restaurant's rows wherever a field could take one."""
        numbers = {model._meta.model_name or "": row_of(model, self.theirs).pk for model in tenant_models()}
        guests = list(self.theirs.guests.values_list("pk", flat=True))
        return {
            **numbers,
            "other": guests[-1],
            "tables": [numbers["table"]],
            "members": [numbers["table"]],
            "seat_at": str(numbers["table"]),
            "combination": numbers["tablecombination"],
            "special_day": numbers["specialday"],
            "name": "Forged",
            "email": "forged@example.org",
            "party_size": "2",
            "role": "owner",
            "reason": "Forged",
            "date": "2031-01-01",
            "time": "19:00",
            "start": "19:00",
            "end": "20:00",
            "minutes": "15",
            "starts_on": "2031-01-01",
            "ends_on": "2031-01-02",
            "post": "yes",
            "_save": "1",
            "tell": "on",
            f"outcome_{numbers['reservation']}": "finished",
        }

    def test_no_address_is_unknown(self) -> None:
        assert unknown() == [], "say in tests/reservations/roles/table.py whose these pages are"
        assert set(WAYS["set_up_step", "name"]) == set(Step)

    def test_every_page_of_the_restaurant_is_refused(self) -> None:
        forged = self.forged()
        for who, user in self.people.items():
            client = signed_in(user)
            for page in pages():
                address = page.address(self.theirs)
                if page.numbers:
                    for response in (client.get(address), client.post(address, forged)):
                        assert is_refused(response), f"{who}: {address} {response.status_code}"
                        assert MARK not in text(response), f"{who}: {address}"
                    continue
                asked = dict(parse_qsl(page.query))
                for query in ({}, {"q": SEARCHED}, {"term": SEARCHED}, self.limited()):
                    assert MARK not in text(client.get(address, asked | query)), f"{who}: {address} {query}"
                posted = f"{address}?{urlencode({**asked, 'restaurant': self.theirs.pk})}"
                assert MARK not in text(client.post(posted, forged)), f"{who}: POST {posted}"
                if who == "nobody":
                    assert is_refused(client.get(page.asked(self.theirs))), f"{who}: {address}"

    def limited(self) -> dict[str, Any]:
        return {"restaurant__id__exact": self.theirs.pk, "restaurant": self.theirs.slug, "all": ""}

    def test_strangers_are_sent_to_sign_in(self) -> None:
        client = Client()
        for page in pages():
            address = page.address(self.theirs)
            for response in (client.get(address), client.post(address, {"post": "yes"})):
                shows_login = 'id="login-form"' in text(response)
                assert response.status_code in (302, 404, 403) or shows_login, address
                assert MARK not in text(response).replace(address, ""), address

    def test_pages_of_no_restaurant_show_nothing_of_it(self) -> None:
        for user in self.people.values():
            client = signed_in(user)
            for name, route in patterns():
                if name not in EVERYWHERE:
                    continue
                for app in ("reservations", "menus", "auth", "caching"):
                    address = "/" + re.sub(r"\^?\(\?P<app_label>[^)]*\)/\$", f"{app}/", route)
                    address = address.replace("<path:content_type_id>", "1").replace("<path:object_id>", "1")
                    assert MARK not in text(client.get(address)), address

    def test_no_autocomplete_finds_anything_of_it(self) -> None:
        for user in self.people.values():
            client = signed_in(user)
            for question in autocompletes():
                for term in (SEARCHED, ""):
                    response = client.get(reverse("admin:autocomplete"), {**question, "term": term})
                    assert response.status_code in (200, 403)
                    assert MARK not in text(response), question

    def test_no_action_touches_it(self) -> None:
        client = signed_in(self.people["owner"])
        tried = 0
        for model, model_admin in admin.site._registry.items():
            if model not in tenant_models():
                continue
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            keys = list(model._default_manager.values_list("pk", flat=True))
            for action in {
                "delete_selected",
                *(getattr(one, "__name__", str(one)) for one in model_admin.actions or ()),
            }:
                form = {"action": action, "_selected_action": keys, "select_across": "1", "index": "0"}
                assert MARK not in text(client.post(address, form)), f"{address} {action}"
                theirs = [row["id"] for row in self.before[model._meta.label_lower]]
                client.post(address, {**form, "_selected_action": theirs, "post": "yes"})
                tried += 1
        assert tried > 20

    def test_no_list_is_edited_past_its_rows(self) -> None:
        client = signed_in(self.people["owner"])
        tried = 0
        for model, model_admin in admin.site._registry.items():
            if model not in tenant_models() or not model_admin.list_editable:
                continue
            row = row_of(model, self.theirs)
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(row.pk), "_save": "1"}
            form |= {f"form-0-{name}": "7" for name in model_admin.list_editable}
            assert MARK not in text(client.post(address, form))
            tried += 1
        assert tried > 1

    def test_no_form_of_ones_own_takes_its_rows(self) -> None:
        """Foreign keys, and the lines below a form, named by numbers that the page never offered."""
        client = signed_in(self.people["owner"])
        saved = 0
        for model in tenant_models():
            if not admin.site.is_registered(model):
                continue
            base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            places = [reverse(f"{base}_change", args=(row_of(model, self.own).pk,))]
            places.append(f"{reverse(f'{base}_add')}?restaurant={self.own.pk}")
            for address in places:
                response = client.get(address)
                context = response.context if response.status_code == 200 else None
                if context is None or "adminform" not in context or context.get("original") is None:
                    client.post(address, self.forged())
                    continue
                forms, lines = context["adminform"].form, context["inline_admin_formsets"]
                shown = filled(forms) | {name: value for line in lines for name, value in filled_lines(line).items()}
                client.post(address, shown | {"_save": "1"})
                for name, target in choices(forms).items():
                    client.post(address, shown | {name: str(row_of(target, self.theirs).pk), "_save": "1"})
                    saved += 1
                for line in lines:
                    forged = {f"{line.formset.prefix}-0-id": str(row_of(line.opts.model, self.theirs).pk)}
                    client.post(address, shown | forged | {f"{line.formset.prefix}-0-DELETE": "on", "_save": "1"})
                    saved += 1
        assert saved > 5

    def test_no_page_of_ones_own_takes_its_rows(self) -> None:
        """Pages of the evening, at one's own restaurant, with the other's tables, areas, services and guests."""
        client = signed_in(self.people["owner"])
        for page in pages():
            if page.model or not page.numbers:
                continue
            assert MARK not in text(client.post(page.address(self.own), self.forged())), page.name
        # What one of these pages has ended would have refused the others: the rest of its forms is tried anew.
        for name in ("walk_in", "door"):
            address = reverse(f"admin:reservations_restaurant_{name}", args=(self.own.pk,))
            client.post(address, {"party_size": "2", "area": self.forged()["area"]})


def mixed_up() -> list[str]:
    """Return the rows that refer to a row of another restaurant."""
    found = []
    for model in tenant_models():
        for field in model._meta.get_fields():
            target = field.related_model
            if not (field.many_to_one or field.one_to_one) or not field.concrete or target not in tenant_models():
                continue
            if target is Restaurant or model is Restaurant:
                continue
            for own, other in model._default_manager.exclude(**{field.name: None}).values_list(
                "restaurant", f"{field.name}__restaurant"
            ):
                if own != other:
                    found.append(f"{model._meta.label}.{field.name}: {own} {other}")
    return found


def filled(form: Any) -> dict[str, Any]:
    """Return a form as its page would send it."""
    values = {form.add_prefix(name): form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


def filled_lines(line: Any) -> dict[str, Any]:
    """Return the lines below a form as its page would send them."""
    sent: dict[str, Any] = filled(line.formset.management_form)
    for form in line.formset.forms:
        sent |= filled(form)
    return sent


def choices(form: Any) -> dict[str, Any]:
    """Return the fields of a form that choose a row of a restaurant's, and the model they choose from."""
    found = {name: getattr(field, "queryset", None) for name, field in form.fields.items()}
    return {name: rows.model for name, rows in found.items() if rows is not None and rows.model in tenant_models()}


def test_the_walk_finds_what_is_not_refused(db: None) -> None:
    """The control: with one membership more, the same walk meets the mark."""
    theirs = make_marked()
    user = make_member(theirs, "owner")
    named = {"reservations_guest_change", "reservations_restaurant_floor", "menus_dish_changelist"}
    some = [page for number, page in enumerate(pages()) if page.name in named or number % 12 == 0]
    client = signed_in(user)
    seen = [page.name for page in some if MARK in text(client.get(page.address(theirs)))]
    assert len(seen) > 6
    assert named <= set(seen)
    assert mixed_up() == []
