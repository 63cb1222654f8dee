"""The whole site, crawled with hostile values by everybody: no 5xx, nothing crosses roles, nothing comes back raw.

`make test` deals the values out in turn, the same way each time; `make audit`
puts more of them into every field, without the long numbers that every build sends
already. What nothing links to is found too: a crawl begins with every address of
the URL resolver. What strangers do in houses of their own is test_own_house.
"""

from __future__ import annotations

import pytest

from tests.hostile import watching
from tests.hostile.addresses import addresses
from tests.hostile.browser import Browser
from tests.hostile.crawler import Crawler
from tests.hostile.house import OWN_PRIVATE, PRIVATE, ROLES, House, make_house
from tests.reservations.roles.table import MODELS
from tests.reservations.roles.walking import every_pattern

pytestmark = pytest.mark.django_db

STRANGERS = ("visitor", "guest", "nobody", *ROLES)

NOT_OPENED = {
    "join_again": "answers 409 here, since what the guest waited for is free",
    "view_on_site": "no row has a page of its own on the site",
    "photo": "nobody has brought one: tests/photos",
    "reservations_restaurant_drop": "asked by a script of the timeline: tests/reservations/test_dropping.py",
    "reservations_restaurant_phone_picked": "asked by a script of the phone's page: tests/reservations/test_phone.py",
    "reservations_restaurant_pulse": "needs the key of a page: tests/reservations/test_admin_pulse.py",
}
"""Addresses that a crawl asks for without success, and why."""


def crawled(depth: int, most: int) -> list[Crawler]:
    """Crawl as everybody, with so many attacks on forms for each, and return what each met."""
    house, browsers = make_house()
    staff = crawl_as_their_owner(house, browsers["their owner"], depth, most)
    return [
        staff,
        *(crawl_as_diner(house, browsers[who], who, depth, most // 4) for who in ("visitor", "guest")),
        *(crawl_as_stranger(house, browsers, staff, number, depth) for number in range(len(STRANGERS))),
        crawl_as_operator(house, browsers["operator"], staff),
    ]


def crawl_as_their_owner(house: House, browser: Browser, depth: int, most: int) -> Crawler:
    every = addresses(house, house.theirs)
    one = Crawler("their owner", browser, (OWN_PRIVATE,), watching.Stored(house.own), depth)
    one.walk(["/", "/admin/", *(path for address in every for path in address.paths)])
    one.attack_forms(one.report.forms.values(), most, numbers=not depth)
    one.attack_addresses(every)
    return one


def crawl_as_diner(house: House, browser: Browser, who: str, depth: int, most: int) -> Crawler:
    diners = [address for address in addresses(house, house.theirs) if not address.route.startswith("admin/")]
    one = Crawler(who, browser, (PRIVATE, OWN_PRIVATE), watching.Stored(house.own), depth)
    one.walk(["/", *(path for address in diners for path in address.paths)])
    one.attack_forms(one.report.forms.values(), most, numbers=not depth)
    one.attack_addresses(diners)
    return one


def crawl_as_stranger(house: House, browsers: dict[str, Browser], staff: Crawler, number: int, depth: int) -> Crawler:
    """Send the forms of their own staff as somebody who should never have seen them: in turn, or all in an audit."""
    who = STRANGERS[number]
    one = Crawler(f"{who} of another", browsers[who], (PRIVATE,), watching.Stored(house.theirs), depth)
    one.walk(["/admin/login/", "/admin/password_change/"], follow=False)
    forms = [form for form in staff.report.forms.values() if "/admin/" in form.action and form.method == "POST"]
    for form in forms if depth else forms[number :: len(STRANGERS)]:
        one.submit(form, form.pairs(), why="another's form")
    return one


def crawl_as_operator(house: House, browser: Browser, staff: Crawler) -> Crawler:
    """Open what their owner may not."""
    one = Crawler("operator", browser)
    closed = [at for at in addresses(house, house.theirs) if staff.report.opened.get(at.name, 404) >= 400]
    one.walk([path for address in closed for path in address.paths], follow=False)
    return one


def unmet(crawlers: list[Crawler]) -> list[str]:
    """Return the names of addresses that answered nobody with success, though somebody may open them."""
    met = {
        name
        for one in crawlers
        for answers in (one.report.opened, one.report.posted)
        for name, status in answers.items()
        if status < 400
    }
    for model, least in MODELS.items():
        _see, add, _change, delete = least.split()
        met |= {f"{model}_add"} if add == "nobody" else set()
        met |= {f"{model}_delete"} if delete == "nobody" else set()
    return sorted({name for name, _route in every_pattern() if name} - met - set(NOT_OPENED))


def look(crawlers: list[Crawler], lines: list[str]) -> None:
    """Fail with all that was wrong."""
    told = [one.report.told() for one in crawlers if one.report.wrong]
    assert not told, "\n".join(told)
    assert unmet(crawlers) == [], "no crawl opened these: give them rows in tests/hostile/house.py, or say why"
    assert lines == [], "what was typed stands in the log"


def test_the_site_withstands_a_crawl() -> None:
    with watching.logged() as lines:
        crawlers = crawled(depth=0, most=50)
    look(crawlers, lines)
    assert sum(one.report.sent for one in crawlers) > 1_000


@pytest.mark.audit
def test_the_site_withstands_a_long_crawl() -> None:
    with watching.logged() as lines:
        crawlers = crawled(depth=1, most=60)
    look(crawlers, lines)


def test_a_crawl_sees_what_it_looks_for() -> None:
    """The control: an operator with the eyes and the rights of a stranger meets the mark, and changes what is there."""
    house, browsers = make_house()
    one = Crawler("control", browsers["operator"], (PRIVATE,), watching.Stored(house.theirs))
    place = f"/admin/reservations/area/{house.theirs.areas.earliest('pk').pk}/change/"
    one.walk([place, "/admin/reservations/guest/"], follow=False)
    [form] = [form for form in one.report.forms.values() if form.action.endswith(place)]
    one.submit(form, [(name, "Yard" if name == "name" else value) for name, value in form.pairs()])
    assert any("shows ZZQPRIVATE" in line for line in one.report.wrong)
    assert any("changes reservations_area of another" in line for line in one.report.wrong)
    assert house.theirs.areas.earliest("pk").name == "ZZQMARKED"
