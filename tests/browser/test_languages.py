"""A diner books in Japanese on a phone: every page of the way is Japanese, fits and can be used by everybody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.models import Message, Reservation
from tests.browser.axe import serious
from tests.browser.conftest import Visitor, fits
from tests.browser.test_booking import in_days
from tests.conftest import Site
from tests.factories import make_dish, make_menu, make_venue

pytestmark = pytest.mark.browser

# What may not begin a line in Japanese: it would stand alone at its start.
_STARTS = """() => {
    const wrong = [];
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.data;
        let last = null;
        for (let at = 0; at < text.length; at++) {
            const range = document.createRange();
            range.setStart(texts.currentNode, at);
            range.setEnd(texts.currentNode, at + 1);
            const box = range.getBoundingClientRect();
            if (!box.width) continue;
            const begins = last !== null && box.top > last + 4;
            if (begins && "、。）」ーっゃゅょッャュョ".includes(text[at])) wrong.push(text);
            last = box.top;
        }
    }
    return wrong;
}"""


def look_at(page: Page, heading: str) -> None:
    """Wait for a page by its heading, and see that it is Japanese, as wide as the phone, and free of barriers."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    assert fits(page)
    assert page.evaluate(_STARTS) == []
    assert serious(page) == []


def test_books_in_japanese_on_a_phone(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    place = make_venue(
        tables=[2, 4],
        name="八席 Hasseki",
        slug="hasseki",
        tagline="八席のカウンター、料理人ひとり、夜は二回だけ",
        city="東京都新宿区",
        street="神楽坂8-8",
        postcode="162-0825",
        country="JP",
        currency="JPY",
        text_language="ja",
    )
    section = make_menu(place, name="おまかせ").sections.get()
    make_dish(section, name="おまかせ十一品", description="豊洲の魚と山の幸", price=19800, allergens=["fish", "soy"])
    make_venue(tables=[2], name="Gasthaus Lind")
    visitor = Visitor(browser, width=390)
    visitors.append(visitor)
    page = visitor.page

    page.goto(site.url)
    page.get_by_role("navigation", name="Languages").get_by_role("link", name="日本語").click()
    look_at(page, "お席をご用意しています")
    page.get_by_role("link", name="八席 Hasseki").click()
    expect(page.get_by_text("¥19,800")).to_be_visible()
    expect(page.get_by_text("〒162-0825")).to_be_visible()
    page.get_by_label("人数").fill("2")
    page.get_by_label("日付").fill(in_days(3))
    expect(page.get_by_role("button", name="19:30")).to_be_visible()
    look_at(page, "八席 Hasseki")
    page.get_by_role("button", name="19:30").click()

    look_at(page, "お客様の情報")
    page.get_by_role("button", name="予約を確定する").last.click()
    # What is missing is said in Japanese, and what is typed then stays.
    expect(page.get_by_text("どなたがお越しになるかをご入力ください。").first).to_be_visible()
    look_at(page, "お客様の情報")
    page.get_by_label("お名前").first.fill("山田 花子 🌸")
    page.get_by_label("メールアドレス").first.fill("hanako@example.org")
    page.get_by_label("電話番号").first.fill("03-1234-5678")
    page.get_by_role("button", name="予約を確定する").last.click()

    look_at(page, "ご来店をお待ちしております")
    reservation = Reservation.objects.get()
    # The number was typed as in the restaurant's country, the name stays as it was typed.
    assert (reservation.name, reservation.phone) == ("山田 花子 🌸", "+81312345678")
    assert set(Message.objects.filter(recipient="hanako@example.org").values_list("language", flat=True)) == {"ja"}
    expect(page.get_by_text(re.compile(r"\d{4}年\d{1,2}月\d{1,2}日\(.\)")).first).to_be_visible()
    page.get_by_role("link", name="日付・時刻・人数を変更する").click()
    look_at(page, "ご予約の変更")
    page.get_by_role("link", name="予約の確認").first.click()
    look_at(page, "予約の確認")
    page.get_by_role("link", name="八席 Hasseki").click()
    page.get_by_text("この予約をキャンセルする").click()
    page.get_by_role("button", name="はい、キャンセルします").click()
    look_at(page, "ご予約をキャンセルしました")
    # The other languages have this page too.
    page.get_by_role("navigation", name="言語").get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert reservation.reference in page.content()
