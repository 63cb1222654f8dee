"""What each language makes of dates, times, amounts and addresses, and how the texts of a restaurant are told apart."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from decimal import Decimal
from email.message import EmailMessage
from typing import Literal

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.test import Client
from django.utils import translation
from icalendar import Calendar
from pytest_django import Settings

from menus.money import format_money
from menus.templatetags.menu_tags import allergen_names, days_text
from reservations.addresses import address_line, address_lines
from reservations.importing.countries import country_names
from reservations.languages import language_choices, validate_language
from reservations.messages.delivery import as_email
from reservations.messages.lines import isolated
from reservations.models import Restaurant, RestaurantCuisine
from restaurant_site.templatetags.site_tags import days_from_to, long_date, long_moment, short_date, short_moment
from tests.factories import days_ahead, make_dish, make_menu, make_restaurant, make_staff, make_venue
from tests.messages.rows import Kind, mail_of, make_told
from tests.pages import read

# 18:30 in Tokyo, a Thursday.
MOMENT = dt.datetime(2026, 11, 26, 9, 30, tzinfo=dt.UTC)
ARABIC, EMOJI = "مطعم الياسمين", "Café 🍜 Zoë"
ISOLATED = f"\u2068{ARABIC}\u2069"


# --- Formats ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "texts"),
    {
        "en": ("Thursday 26 November 2026", "Thu 26 Nov", "Thursday 26 November 2026, 18:30", "Thu 26 Nov, 18:30"),
        "de": (
            "Donnerstag, 26. November 2026",
            "Do, 26. Nov",
            "Donnerstag, 26. November 2026, 18:30",
            "Do, 26. Nov, 18:30",
        ),
        "ja": ("2026年11月26日(木)", "11月26日(木)", "2026年11月26日(木) 18:30", "11月26日(木) 18:30"),
    }.items(),
)
def test_dates(language: str, texts: tuple[str, ...]) -> None:
    zone = "Asia/Tokyo"
    with translation.override(language):
        date = MOMENT.date()
        written = (long_date(date), short_date(date), long_moment(MOMENT, zone), short_moment(MOMENT, zone))
    assert written == texts


def test_ranges_of_dates() -> None:
    first, last = dt.date(2026, 12, 29), dt.date(2027, 1, 3)
    with translation.override("ja"):
        assert days_from_to(first, last) == "12月29日(火)～1月3日(日)"
        assert days_from_to(first, first) == "12月29日(火)"
    with translation.override("en"):
        assert days_from_to(first, last) == "Tue 29 Dec – Sun 3 Jan"


@pytest.mark.parametrize(
    ("language", "yen", "euros", "restaurants"),
    [
        ("en", "¥19,800", "€1,234.50", "1,234 restaurants"),
        ("de", "19.800\xa0¥", "1.234,50\xa0€", "1.234 Restaurants"),
        ("ja", "¥19,800", "€1,234.50", "レストラン1,234軒"),
    ],
)
def test_amounts_and_numbers(language: str, yen: str, euros: str, restaurants: str) -> None:
    counted = Template(
        "{% load i18n %}{% blocktranslate count total=n with number=n|floatformat:'0g' %}{{ number }} restaurant"
        "{% plural %}{{ number }} restaurants{% endblocktranslate %}"
    )
    with translation.override(language):
        assert format_money(Decimal("19800.00"), "JPY") == yen
        assert format_money(Decimal("1234.5"), "EUR") == euros
        assert counted.render(Context({"n": 1234})) == restaurants


def test_lists_of_words() -> None:
    words = ["fish", "soy"]
    for language, text in (("en", "fish, soy"), ("de", "Fisch, Soja"), ("ja", "魚、大豆")):
        with translation.override(language):
            assert allergen_names(words) == text
    with translation.override("ja"):
        assert days_text(0b1000001) == "月曜日、日曜日"


def test_a_language_without_plurals_has_one_form() -> None:
    with translation.override("ja"):
        for number in (0, 1, 2):
            assert translation.ngettext("%(count)d visit", "%(count)d visits", number) % {"count": number} == (
                f"来店{number}回"
            )


# --- Addresses --------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "parts", "lines"),
    [
        ("DE", ("Kastanienufer 12", "10999", "Berlin"), ("Kastanienufer 12", "10999 Berlin")),
        ("GB", ("3 Lamb Yard", "SE1 9AA", "London"), ("3 Lamb Yard", "London", "SE1 9AA")),
        ("US", ("27 Orchard St", "10002", "New York"), ("27 Orchard St", "New York 10002")),
        ("JP", ("神楽坂8-8", "162-0825", "東京都新宿区"), ("〒162-0825", "東京都新宿区神楽坂8-8")),
        ("JP", ("神楽坂8-8", "〒162-0825", "東京都新宿区"), ("〒162-0825", "東京都新宿区神楽坂8-8")),
        ("JP", ("8-8 Kagurazaka", "162-0825", "Tokyo"), ("8-8 Kagurazaka", "Tokyo 162-0825")),
        ("HU", ("Fő utca 1.", "1011", "Budapest"), ("Budapest", "Fő utca 1.", "1011")),
        ("", ("Main 1", "", "Town"), ("Main 1", "Town")),
        ("FR", ("", "75001", ""), ("75001",)),
        ("JP", ("", "", ""), ()),
    ],
)
def test_an_address_has_the_order_of_its_country(
    country: str, parts: tuple[str, str, str], lines: tuple[str, ...]
) -> None:
    street, postcode, city = parts
    assert address_lines(street=street, postcode=postcode, city=city, country=country) == lines


def test_an_address_in_one_line() -> None:
    told = {"street": "神楽坂8-8", "postcode": "162-0825", "city": "東京都新宿区", "country": "JP"}
    assert address_line(**told) == "〒162-0825 東京都新宿区神楽坂8-8"
    assert address_line(street="Weg 1", postcode="10999", city="Berlin", country="DE") == "Weg 1, 10999 Berlin"


# --- Which languages there are ----------------------------------------------


@pytest.mark.django_db
def test_every_page_offers_the_other_languages_at_its_top() -> None:
    place = make_venue(slug="here")
    make_restaurant()
    day = days_ahead(place)
    for end in ("", "restaurants/here/", f"restaurants/here/times/?date={day}&party=2", "my-reservations/", "none/"):
        response = Client().get(f"/ja/{end}", headers={"accept-language": "de"})
        head = response.content.decode().partition("<body>")[2].partition('<main id="main"')[0]
        same = "" if end == "none/" else end.replace("&", "&amp;")
        assert f'<a href="/{same}" lang="en" hreflang="en">English</a>' in head
        assert f'<a href="/de/{same}" lang="de" hreflang="de">Deutsch</a>' in head
        assert 'hreflang="ja"' not in head
        assert "Accept-Language" not in response.headers.get("Vary", "")
        assert "django_language" not in response.cookies


@pytest.mark.django_db
def test_a_stored_page_takes_nothing_of_a_query_that_it_does_not_depend_on() -> None:
    make_venue(slug="here")
    make_restaurant()
    links = read(Client().get("/?city=Berlin&page=1&utm_source=x")).links
    assert links["日本語"] == "/ja/?city=Berlin&page=1"
    assert read(Client().get("/restaurants/here/?x=%22%3E%3Cb%3E")).links["日本語"] == "/ja/restaurants/here/"
    # A page that is never stored keeps what was asked for, escaped.
    assert read(Client().get("/restaurants/here/times/?x=%22%3E%3Cb%3E")).links["日本語"].endswith("?x=%22%3E%3Cb%3E")


@pytest.mark.django_db
def test_the_home_page_is_one_page_for_everybody() -> None:
    make_venue()
    make_restaurant()
    plain = Client().get("/")
    assert plain.status_code == 200
    for wish in ("ja", "de-AT,de;q=0.9", "x" * 3000, "*"):
        response = Client(headers={"accept-language": wish}).get("/")
        assert (response.status_code, response.content) == (200, plain.content)


# --- A restaurant's own texts -------------------------------------------------


@pytest.fixture
def hasseki() -> Restaurant:
    place = make_venue(
        name="八席",
        slug="hasseki",
        tagline="八席、料理人ひとり",
        description="檜のカウンター",
        city="東京都新宿区",
        street="神楽坂8-8",
        postcode="162-0825",
        country="JP",
        currency="JPY",
        text_language="ja",
    )
    make_dish(make_menu(place, name="おまかせ").sections.get(), name="鮪", description="大間", price=Decimal("1200"))
    make_restaurant()
    return place


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "/de", "/ja"])
def test_what_a_restaurant_wrote_is_marked_with_its_language(hasseki: Restaurant, prefix: str) -> None:
    page = Client().get(f"{prefix}/restaurants/hasseki/").content.decode()
    for text in ("八席", "八席、料理人ひとり", "檜のカウンター", "東京都新宿区神楽坂8-8", "鮪", "大間"):
        assert f'<bdi lang="ja">{text}</bdi>' in page, text
    assert f'<bdi lang="ja">〒{hasseki.postcode}</bdi>' in page
    assert page.count(f'<html lang="{prefix[1:] or "en"}">') == 1
    assert '<bdi lang="ja">八席、料理人ひとり</bdi>' in Client().get(f"{prefix}/").content.decode()
    assert '<bdi lang="ja">鮪</bdi>' in Client().get(f"{prefix}/restaurants/hasseki/menu/").content.decode()
    privacy = Client().get(f"{prefix}/restaurants/hasseki/privacy/").content.decode()
    assert '<bdi lang="ja">〒162-0825 東京都新宿区神楽坂8-8</bdi>' in privacy
    times = Client().get(f"{prefix}/restaurants/hasseki/times/?party=2&date={days_ahead(hasseki)}").content.decode()
    assert '<legend><bdi lang="ja">Dinner</bdi></legend>' in times


@pytest.mark.django_db
def test_where_the_language_is_not_told_it_is_not_the_pages() -> None:
    place = make_venue(name="Chez Léa", slug="lea")
    make_restaurant()
    assert '<bdi lang="">Chez Léa</bdi>' in Client().get("/restaurants/lea/").content.decode()
    staff = Client()
    staff.force_login(make_staff())
    address = f"/admin/reservations/restaurant/{place.pk}/change/"
    form = next(form for form in read(staff.get(address)).forms if "text_language" in form.values)
    assert form.values["text_language"] == ""
    refused = staff.post(address, form.values | {"text_language": "<x>"})
    assert "Select a valid choice" in refused.content.decode()
    staff.post(address, form.values | {"text_language": "fr"})
    place.refresh_from_db()
    assert place.text_language == "fr"


def test_languages_are_offered_by_name_and_in_themselves() -> None:
    with translation.override("de"):
        offered = dict(language_choices())
    assert offered["ja"] == "Japanisch – 日本語"
    assert offered["de"] == "Deutsch"
    assert len(offered) > 80
    for code in offered:
        validate_language(code)
    for code in ("zh-cn", "xx", "JA", ""):
        with pytest.raises(ValidationError):
            validate_language(code)


# --- Names of every kind --------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", [ARABIC, EMOJI, "אבן & בנים"])
def test_a_name_from_right_to_left_or_with_an_emoji_is_shown_as_it_is(name: str) -> None:
    place = make_venue(name=name, slug="odd", text_language="ar" if name == ARABIC else "")
    make_restaurant()
    for path in ("", "menu/", "times/", "privacy/", f"waitlist/?date={days_ahead(place)}&party=2"):
        response = Client().get(f"/ja/restaurants/odd/{path}")
        assert response.status_code == 200
        page = read(response)
        assert isolated(name) in page.title
        assert name in page.text
    assert isolated(EMOJI) == EMOJI
    assert isolated(ARABIC) == ISOLATED


@pytest.mark.django_db
@pytest.mark.parametrize("name", [ARABIC, EMOJI, "居酒屋 花"])
@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_a_mail_carries_names_and_languages_whole(name: str, language: str, settings: Settings) -> None:
    settings.EMAIL_FROM = "Tafel <book@example.org>"
    place = make_restaurant(name=name, street="神楽坂8-8", postcode="162-0825", city="東京都新宿区", country="JP")
    message = make_told(Kind.CONFIRMATION, restaurant=place, name=name, language=language)
    found = mail_of(message)
    sent = as_email(found).message().as_bytes()
    # RFC 5322: no line is longer, whatever it is written in.
    assert all(len(line) <= 998 for line in sent.split(b"\n"))
    assert all(line.isascii() for line in sent.split(b"\n\n")[0].split(b"\n"))
    got = email.message_from_bytes(sent, policy=email.policy.default)
    assert got["subject"].strip() == found.subject
    assert isolated(name) in found.subject
    assert got["from"].addresses[0].display_name == name
    text, html = _body(got, "plain"), _body(got, "html")
    for body in (text, html):
        assert isolated(name) in body
        assert "〒162-0825 東京都新宿区神楽坂8-8" in body
    date = {"en": "Thursday 27 November 2031, 19:00", "de": "27. November 2031", "ja": "2031年11月27日(木) 19:00"}
    assert date[language] in text
    assert f'<html lang="{language}">' in html
    (event,) = Calendar.from_ical(found.attachments[0].content).walk("VEVENT")
    assert event["SUMMARY"] == name
    assert event["LOCATION"] == f"{name}, 〒162-0825 東京都新宿区神楽坂8-8"
    word = {"en": "Reference ", "de": "Reservierungsnummer ", "ja": "予約番号 "}[language]
    assert str(event["DESCRIPTION"]).startswith(word)


def _body(got: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = got.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.django_db
def test_japanese_mails_have_no_western_punctuation() -> None:
    for kind in (Kind.CONFIRMATION, Kind.OFFER, Kind.PROPOSAL, Kind.REMINDER):
        found = mail_of(make_told(kind, language="ja"))
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff][,.!?]", found.text), found.text


@pytest.mark.django_db
def test_cuisines_have_names_in_each_language_and_are_found_by_them() -> None:
    place = make_venue(name="Gelateria")
    make_restaurant(name="Another")
    for word in ("ice_cream", "italian", "sweet_nothings"):
        RestaurantCuisine.objects.create(restaurant=place, cuisine=word)
    for prefix, names, typed in (
        ("", "ice cream, italian, sweet nothings", "Ice Cream"),
        ("/de", "Eis, italienisch, sweet nothings", "eis"),
        ("/ja", "アイスクリーム、イタリア料理、sweet nothings", "アイスクリーム"),
    ):
        assert names in read(Client().get(f"{prefix}/")).text
        assert names in read(Client().get(f"{prefix}/restaurants/{place.slug}/")).text
        found = read(Client().get(f"{prefix}/", {"cuisine": typed})).text
        assert "Gelateria" in found
        assert "Another" not in found
    assert "Gelateria" not in read(Client().get("/ja/", {"cuisine": "寿司"})).text


@pytest.mark.parametrize(
    ("language", "of_germany", "first", "later"),
    [("en", "Germany", "Albania", "Zambia"), ("de", "Deutschland", "Ägypten", "Albanien"), ("ja", "ドイツ", "", "")],
)
def test_countries_have_names_in_each_language(language: str, of_germany: str, first: str, later: str) -> None:
    with translation.override(language):
        named = country_names()
    assert dict(named)["DE"] == of_germany
    names = [name for _code, name in named]
    if first:
        assert names.index(first) < names.index(later)
