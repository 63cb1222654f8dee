"""No page of staff has anything inline: every address of the admin is walked, with each step of the set-up guide."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.test import Client, TestCase
from django.urls import NoReverseMatch, reverse

from reservations.jobs.beats import beat
from reservations.models import Restaurant
from restaurant_site.guide.steps import Step
from tests.factories import make_member, make_staff
from tests.reservations.roles.marked import make_marked
from tests.reservations.roles.table import OTHERS
from tests.reservations.roles.walking import pages, signed_in
from tests.site.test_csp import complaints


def is_html(response: Any) -> bool:
    return not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")


class TestPagesOfStaff(TestCase):
    """One restaurant with a row of each model, asked for by who may open everything and by its owner."""

    place: Restaurant

    @classmethod
    def setUpTestData(cls) -> None:
        """Make the restaurant, and rows of what belongs to none."""
        cls.place = make_marked()
        Group.objects.create(name="Group")
        beat("a job")

    def addresses(self) -> list[str]:
        """Return every address of the admin: of an empty form also that with the restaurant chosen."""
        found = [page.asked(self.place) for page in pages()]
        found += [f"{address}?restaurant={self.place.pk}" for address in found if address.endswith("/add/")]
        for name in OTHERS:
            for address in (f"admin:{name}", name):
                try:
                    found.append(reverse(address))
                except NoReverseMatch:
                    continue
                break
        return found

    def walked(self, client: Client) -> set[str]:
        """Return the addresses that show a page, none of which has anything inline."""
        shown, wrong = set(), []
        for address in self.addresses():
            response = client.get(address)
            if response.status_code == 200 and is_html(response):
                shown.add(address)
                wrong += [f"{address}: {what}" for what in complaints(response.content.decode())]
        assert wrong == []
        return shown

    def test_none_has_anything_inline(self) -> None:
        everything = self.walked(signed_in(make_staff()))
        assert len(everything) > 150
        guide = {reverse("set_up_step", args=(self.place.pk, step.value)) for step in Step}
        assert guide < everything
        own = self.walked(signed_in(make_member(self.place, "owner")))
        assert guide < own
        assert len(own) > 100
