"""Hostile values in the forms of one's own house, by everybody who works there or nowhere: theirs stays as it is.

A module of its own, for a crawl of both would keep one process busy long after the others.
"""

from __future__ import annotations

import pytest

from tests.hostile import watching
from tests.hostile.browser import Browser
from tests.hostile.crawler import Crawler
from tests.hostile.house import PRIVATE, House, make_house
from tests.hostile.reading import Shape
from tests.hostile.test_crawl import STRANGERS

pytestmark = [pytest.mark.django_db, pytest.mark.audit]

MOST = 200


def crawl_own_house(house: House, browser: Browser, who: str, attacked: set[Shape]) -> Crawler:
    """Attack the forms that somebody is shown, but for those in attacked, to which they are added.

    Each is attacked by the least who is shown it, for who may do more gains nothing by it.
    """
    one = Crawler(f"{who} of another", browser, (PRIVATE,), watching.Stored(house.theirs), depth=1)
    one.walk(["/admin/login/", "/admin/password_change/"], follow=False)
    one.walk(["/admin/"])
    one.attack_forms([form for shape, form in one.report.forms.items() if shape not in attacked], MOST)
    attacked.update(one.report.forms)
    return one


def test_their_house_withstands_what_is_sent_to_ones_own() -> None:
    attacked: set[Shape] = set()
    with watching.logged() as lines:
        house, browsers = make_house()
        crawlers = [crawl_own_house(house, browsers[who], who, attacked) for who in STRANGERS]
    told = [one.report.told() for one in crawlers if one.report.wrong]
    assert not told, "\n".join(told)
    assert lines == [], "what was typed stands in the log"
    assert len(attacked) > 100
    assert sum(one.report.sent for one in crawlers) > 500
