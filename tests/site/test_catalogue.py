"""The catalogues: complete, compiled, true to their placeholders, and what people under /de/ and /ja/ read."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

from reservations.models import User
from tests.conftest import ROOT
from tests.factories import days_ahead, make_area, make_dish, make_menu, make_reservation, make_staff, make_venue
from tests.pages import read

FOLDER = Path(settings.LOCALE_PATHS[0])
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
REFRESH = (
    "python manage.py makemessages -l de -l ja --no-obsolete --no-wrap --add-location file"
    " -i .venv -i var -i tests -i benchmarks -i docs && python manage.py compilemessages -l de -l ja -i .venv"
)

Key = tuple[str, str]
"""A text's context, mostly empty, and its English."""

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|%%|\{\w*\}")
_TAG = re.compile(r"<[^>]*>")
_CALL = re.compile(
    r"""(?<![\w.])(?P<name>_|n?p?gettext)\((?P<words>(?:u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:,\s*)?)+)"""
)


@dataclass
class Entry:
    """One text of a catalogue and its translation; two where the number counts, and in the language that has two."""

    context: str = ""
    english: list[str] = field(default_factory=list)
    translated: list[str] = field(default_factory=list)
    flags: str = ""

    @property
    def key(self) -> Key:
        return self.context, self.english[0]

    def pairs(self) -> list[tuple[str, str]]:
        """Return each translation with its English; a language without plurals has that of the plural."""
        return list(zip(self.english[-len(self.translated) :], self.translated, strict=True))


def entries(language: str) -> list[Entry]:
    """Return the entries of a language's .po file, without its header."""
    found = []
    for block in (FOLDER / language / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8").strip().split("\n\n"):
        entry, keyword, texts = Entry(), "", dict[str, str]()
        for line in block.splitlines():
            if line.startswith("#"):
                entry.flags += line if line.startswith(("#,", "#~", "#|")) else ""
                continue
            word, quoted = ("", line) if line.startswith('"') else line.split(" ", 1)
            keyword = word or keyword
            texts[keyword] = texts.get(keyword, "") + ast.literal_eval(quoted)
        entry.context = texts.get("msgctxt", "")
        entry.english = [text for key, text in texts.items() if key.startswith("msgid")]
        entry.translated = [text for key, text in texts.items() if key.startswith("msgstr")]
        found.append(entry)
    return found[1:]


ENTRIES = {language: entries(language) for language in LANGUAGES}
PLURALS = {"de": 2, "ja": 1}
in_each_language = pytest.mark.parametrize("language", LANGUAGES)


@in_each_language
def test_nothing_is_untranslated_or_doubtful(language: str) -> None:
    found = ENTRIES[language]
    assert len(found) > 400
    assert [entry.key for entry in found if not all(text.strip() for text in entry.translated)] == []
    forms = PLURALS[language]
    assert [entry.key for entry in found if len(entry.translated) != min(len(entry.english), forms)] == []
    assert [entry.key for entry in found if "fuzzy" in entry.flags or "#~" in entry.flags or "#|" in entry.flags] == []
    assert len({entry.key for entry in found}) == len(found)


@in_each_language
def test_every_text_of_the_sources_is_there(language: str) -> None:
    known = {entry.key for entry in ENTRIES[language]}
    used = {key: where for where, key in _used()}
    assert len(used) > 400
    assert {key: where for key, where in used.items() if key not in known} == {}, REFRESH
    assert sorted(known - set(used)) == [], f"the sources say this no longer: {REFRESH}"


@in_each_language
def test_the_compiled_catalogue_says_the_same(language: str) -> None:
    with (FOLDER / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    different = []
    for entry in ENTRIES[language]:
        context, english = entry.context, entry.english
        if len(english) == 2:
            read_back = [compiled.ngettext(english[0], english[1], number) for number in (1, 2)]
            assert compiled.ngettext(english[0], english[1], 0) == read_back[1]
            read_back = read_back[-PLURALS[language] :]
        else:
            read_back = [compiled.pgettext(context, english[0]) if context else compiled.gettext(english[0])]
        if read_back != entry.translated:
            different.append(entry.key)
    assert different == [], REFRESH


@in_each_language
def test_placeholders_markup_and_edges_agree(language: str) -> None:
    for entry in ENTRIES[language]:
        for english, text in entry.pairs():
            assert sorted(_PLACEHOLDER.findall(text)) == sorted(_PLACEHOLDER.findall(english)), entry.key
            assert _TAG.findall(text) == _TAG.findall(english), entry.key
            assert text[: len(text) - len(text.lstrip())] == english[: len(english) - len(english.lstrip())]
            assert text[len(text.rstrip()) :] == english[len(english.rstrip()) :], entry.key


@pytest.mark.parametrize(("language", "opening", "closing"), [("de", "„", "“"), ("ja", "「", "」")])
def test_quotation_marks_are_the_languages_own(language: str, opening: str, closing: str) -> None:
    foreign = set('“”„"') - {opening, closing}
    for entry in ENTRIES[language]:
        for text in entry.translated:
            # A line of a configuration stands as it is.
            assert not foreign & set(_TAG.sub("", text).replace('save ""', "")), entry.key
            assert text.count(opening) == text.count(closing), entry.key


def test_japanese_is_written_in_japanese() -> None:
    """Names, codes, formats and words in Latin letters alone; and no punctuation of another language."""
    latin = {
        text
        for entry in ENTRIES["ja"]
        for text in entry.translated
        if not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text) and re.search(r"[a-z]{3}", _PLACEHOLDER.sub("", text))
    }
    assert latin <= {"Cookie", "Message-ID", "Tafel"}
    odd = [
        text
        for entry in ENTRIES["ja"]
        for text in entry.translated
        if re.search(r"[。、：] |[\u3040-\u9fff][,!?]", text)
    ]
    assert odd == []


PAGES = {
    "": ("A table is waiting for you", "Ein Tisch wartet auf Sie", "お席をご用意しています"),
    "?city=Nowhere": (
        "No restaurant matches.",
        "Dazu passt leider kein Restaurant.",
        "該当するレストランがありません。",
    ),
    "restaurants/lind/": ("Opening hours", "Öffnungszeiten", "営業時間"),
    "restaurants/lind/menu/": ("Contains: gluten", "Enthält: Gluten", "含まれるもの： グルテン"),
    "restaurants/lind/times/?party=2&date={day}": ("2 guests", "2 Gäste", "2名様"),
    "restaurants/lind/times/?party=0&date={day}": (
        "at least one guest",
        "mindestens einen Gast",
        "ご予約は1名様からです。",
    ),
    "restaurants/lind/waitlist/?party=2&date={day}": (
        "Join the waitlist",
        "Auf die Warteliste",
        "キャンセル待ちに登録",
    ),
    "restaurants/lind/privacy/": ("What is kept of you", "Was über Sie gespeichert", "お客様について保存する情報"),
    "my-reservations/": ("My reservations", "Meine Reservierungen", "予約の確認"),
    "my-reservations/find/": ("Lost your link?", "Link verloren?", "リンクをなくされましたか？"),
    "nowhere/": ("There is nothing here", "Hier ist nichts", "ページが見つかりません"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_in_the_language_of_its_prefix_and_english_without(client: Client, path: str) -> None:
    restaurant = make_venue(name="Lind", slug="lind")
    make_area(restaurant, name="Terrasse")
    make_venue(name="Ulme")
    restaurant.opening_periods.create(day=0, opens="12:00", closes="22:00")
    section = make_menu(restaurant, name="Abendkarte").sections.get()
    make_dish(section, name="Brot", allergens=["gluten"], diets=["vegetarian"])
    english_words, *others = PAGES[path]
    path = path.format(day=days_ahead(restaurant))
    english = read(client.get(f"/{path}"))
    assert english.language == "en"
    assert english_words in english.text
    for language, words in zip(LANGUAGES, others, strict=True):
        page = read(client.get(f"/{language}/{path}"))
        assert page.language == language
        assert words in page.text
        assert words not in english.text
        assert _left_in_english(page.text, language) == []
        assert _left_in_english(english.text, language) != []


@pytest.mark.django_db
@in_each_language
def test_the_admin_is_in_the_language_of_its_prefix(client: Client, language: str) -> None:
    client.force_login(make_staff())
    restaurant = make_venue(name="Lind", slug="lind")
    make_reservation(restaurant)
    section = make_menu(restaurant, name="Abendkarte").sections.get()
    make_dish(section, name="Brot", allergens=["gluten"])
    paths = ["", "reservations/reservation/add/?restaurant=lind"]
    for model in admin.site._registry:
        folder = f"{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager.first()
        # Not an account's own page: it lists the permissions, whose names the database keeps in English.
        paths += [folder, *([f"{folder}{row.pk}/change/"] if row and model is not User else [])]
    for path in paths:
        response = client.get(f"/{language}/admin/{path}")
        assert response.status_code == 200, path
        page = read(response)
        assert (page.language, _left_in_english(page.text, language)) == (language, []), path


def test_the_languages_do_not_leak_into_each_other() -> None:
    for language, words in (("de", "Tisch reservieren"), ("en", "Book a table"), ("ja", "席を予約する")):
        with translation.override(language):
            assert translation.pgettext("name of the site", "Tafel") == "Tafel"
            assert translation.gettext("Book a table") == words


def _left_in_english(text: str, language: str) -> list[str]:
    """Return the English texts of the catalogue that a page shows; short ones stand in names and in German too."""
    translated = "\n".join(text for entry in ENTRIES[language] for text in entry.translated)
    # What is proposed as the name of an area may be that of one in the database.
    texts = [entry.english[0] for entry in ENTRIES[language] if entry.context != "area"]
    return [english for english in texts if len(english) > 9 and english in text and english not in translated]


def _used() -> Iterator[tuple[str, Key]]:
    """Yield the texts that the sources translate, each with its file."""
    for folder in ("reservations", "menus", "restaurant_site"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for key in _in_python(path.read_text(encoding="utf-8")):
                yield str(path.relative_to(ROOT)), key
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix not in (".html", ".txt"):
            continue
        for call in _CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
            words = ast.literal_eval(f"({call['words'].rstrip(', ')},)")
            yield str(path.relative_to(ROOT)), _key(call["name"], words)


def _in_python(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if re.fullmatch(r"_|n?p?gettext(_lazy)?", name):
            words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if words:
                yield _key(name, words)


def _key(name: str, words: list[str]) -> Key:
    return (words[0], words[1]) if "pgettext" in name else ("", words[0])
