"""The German catalogue: complete, compiled, true to its placeholders, and what people under /de/ read."""

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

FOLDER = Path(settings.LOCALE_PATHS[0]) / "de" / "LC_MESSAGES"
REFRESH = (
    "python manage.py makemessages -l de --no-obsolete --no-wrap --add-location file"
    " -i .venv -i var -i tests -i benchmarks -i docs && python manage.py compilemessages -l de -i .venv"
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
    """One text of the catalogue and its translation; two of both where the number counts."""

    context: str = ""
    english: list[str] = field(default_factory=list)
    german: list[str] = field(default_factory=list)
    flags: str = ""

    @property
    def key(self) -> Key:
        return self.context, self.english[0]


def entries() -> list[Entry]:
    """Return the entries of the .po file, without its header."""
    found = []
    for block in (FOLDER / "django.po").read_text(encoding="utf-8").strip().split("\n\n"):
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
        entry.german = [text for key, text in texts.items() if key.startswith("msgstr")]
        found.append(entry)
    return found[1:]


ENTRIES = entries()


def test_nothing_is_untranslated_or_doubtful() -> None:
    assert len(ENTRIES) > 400
    assert [entry.key for entry in ENTRIES if not all(text.strip() for text in entry.german)] == []
    assert [entry.key for entry in ENTRIES if len(entry.german) != len(entry.english)] == []
    assert [entry.key for entry in ENTRIES if "fuzzy" in entry.flags or "#~" in entry.flags] == []
    assert len({entry.key for entry in ENTRIES}) == len(ENTRIES)


def test_every_text_of_the_sources_is_there() -> None:
    known = {entry.key for entry in ENTRIES}
    used = {key: where for where, key in _used()}
    assert len(used) > 400
    assert {key: where for key, where in used.items() if key not in known} == {}, REFRESH
    assert sorted(known - set(used)) == [], f"the sources say this no longer: {REFRESH}"


def test_the_compiled_catalogue_says_the_same() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    different = []
    for entry in ENTRIES:
        context, english = entry.context, entry.english
        if len(english) == 2:
            read_back = [compiled.ngettext(english[0], english[1], number) for number in (1, 2)]
            assert compiled.ngettext(english[0], english[1], 0) == read_back[1]
        else:
            read_back = [compiled.pgettext(context, english[0]) if context else compiled.gettext(english[0])]
        if read_back != entry.german:
            different.append(entry.key)
    assert different == [], REFRESH


def test_placeholders_markup_and_edges_agree() -> None:
    for entry in ENTRIES:
        for english, german in zip(entry.english, entry.german, strict=True):
            assert sorted(_PLACEHOLDER.findall(german)) == sorted(_PLACEHOLDER.findall(english)), entry.key
            assert _TAG.findall(german) == _TAG.findall(english), entry.key
            assert german[: len(german) - len(german.lstrip())] == english[: len(english) - len(english.lstrip())]
            assert german[len(german.rstrip()) :] == english[len(english.rstrip()) :], entry.key


def test_quotation_marks_are_german() -> None:
    for entry in ENTRIES:
        for german in entry.german:
            assert "”" not in german, entry.key
            assert '"' not in _TAG.sub("", german), entry.key
            assert german.count("„") == german.count("“"), entry.key


PAGES = {
    "": ("A table is waiting for you", "Ein Tisch wartet auf Sie"),
    "?city=Nowhere": ("No restaurant matches.", "Dazu passt leider kein Restaurant."),
    "restaurants/lind/": ("Opening hours", "Öffnungszeiten"),
    "restaurants/lind/menu/": ("Contains: gluten", "Enthält: Gluten"),
    "restaurants/lind/times/?party=2&date={day}": ("2 guests", "2 Gäste"),
    "restaurants/lind/times/?party=0&date={day}": ("at least one guest", "mindestens einen Gast"),
    "my-reservations/": ("My reservations", "Meine Reservierungen"),
    "nowhere/": ("There is nothing here", "Hier ist nichts"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_german_under_its_prefix_and_english_without(client: Client, path: str) -> None:
    restaurant = make_venue(name="Lind", slug="lind")
    make_area(restaurant, name="Terrasse")
    make_venue(name="Ulme")
    restaurant.opening_periods.create(day=0, opens="12:00", closes="22:00")
    section = make_menu(restaurant, name="Abendkarte").sections.get()
    make_dish(section, name="Brot", allergens=["gluten"], diets=["vegetarian"])
    english_words, german_words = PAGES[path]
    path = path.format(day=days_ahead(restaurant))
    english, german = read(client.get(f"/{path}")), read(client.get(f"/de/{path}"))
    assert (english.language, german.language) == ("en", "de")
    assert english_words in english.text
    assert german_words not in english.text
    assert german_words in german.text
    assert _left_in_english(german.text) == []
    assert _left_in_english(english.text) != []


@pytest.mark.django_db
def test_the_admin_is_german_under_the_prefix(client: Client) -> None:
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
        response = client.get(f"/de/admin/{path}")
        assert response.status_code == 200, path
        page = read(response)
        assert (page.language, _left_in_english(page.text)) == ("de", []), path


def test_the_languages_do_not_leak_into_each_other() -> None:
    with translation.override("de"):
        assert translation.pgettext("name of the site", "Tafel") == "Tafel"
        assert translation.gettext("Book a table") == "Tisch reservieren"
    with translation.override("en"):
        assert translation.gettext("Book a table") == "Book a table"


def _left_in_english(text: str) -> list[str]:
    """Return the English texts of the catalogue that a page shows; short ones stand in names and in German too."""
    german = "\n".join(text for entry in ENTRIES for text in entry.german)
    # What is proposed as the name of an area may be that of one in the database.
    texts = [entry.english[0] for entry in ENTRIES if entry.context != "area"]
    return [english for english in texts if len(english) > 9 and english in text and english not in german]


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
