"""Every text that a person reads goes through gettext."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.utils.functional import Promise

from reservations import reasons
from reservations.engine.errors import Reason
from reservations.forms import (
    DetailsForm,
    FewerForm,
    FindForm,
    HoldForm,
    LateForm,
    RequestForm,
    SearchForm,
    TimesForm,
    WaitForm,
)

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Names and licences, which no language changes.
ALLOWED = {"© OpenStreetMap contributors", "ODbL", "OpenStreetMap"}
_READ_ATTRIBUTES = {"alt", "aria-label", "aria-description", "placeholder", "title", "content", "label"}
_CODE_CONTENT = {"viewport", "color-scheme", "htmx-config", "robots", "theme-color", "og:type", "twitter:card"}
# Translated, or never seen: a comment, the class of the admin's body.
_PASSED_OVER = re.compile(
    r"{%\s*(blocktranslate|blocktrans|comment)\b.*?{%\s*end\1\s*%}|{#.*?#}|{% block bodyclass %}.*?{% endblock\b.*?%}",
    re.DOTALL,
)
_LETTERS = re.compile(r"[^\W\d_]{2,}")


class _Words(HTMLParser):
    """Collects what a person sees or hears of a template whose tags are taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._silent = tag
        given = dict(attrs)
        for name, value in attrs:
            is_code = name == "content" and (given.get("name") or given.get("property")) in _CODE_CONTENT
            # Scripts read their texts from data attributes: with a space they are sentences, but for htmx's own.
            is_data = name.startswith("data-") and not name.startswith("data-hx-")
            is_text = name in _READ_ATTRIBUTES or (is_data and " " in (value or "").strip())
            if value and is_text and not is_code:
                self.found.append(value)
        if tag == "input" and given.get("type") in ("submit", "button") and given.get("value"):
            self.found.append(given["value"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated(source: str) -> list[str]:
    """Return the texts of a template that stand in it as they are."""
    bare = _PASSED_OVER.sub(" ", source)
    # A default that is a word in quotes is a text too; _("…") is not.
    words = re.findall(r"\|default(?:_if_none)?:\"([^\"]*)\"", bare)
    bare = re.sub(r"{%.*?%}|{{.*?}}", "", bare, flags=re.DOTALL)
    bare = re.sub(r"&[a-z]+;|&#\d+;", " ", bare)
    reader = _Words()
    reader.feed(bare)
    reader.close()
    texts = [*words, *reader.found]
    for allowed in sorted(ALLOWED, key=len, reverse=True):
        texts = [text.replace(allowed, "") for text in texts]
    return [text.strip() for text in texts if _LETTERS.search(text)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_text_stands_in_a_template_as_it_is(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{% translate 'Hello' %} world</p>", ["world"]),
        ("<p>{% blocktranslate %}Hello{% endblocktranslate %}</p>", []),
        (
            "<p>{% blocktranslate count n=n %}{{ n }} guest{% plural %}guests{% endblocktranslate %} in all</p>",
            ["in all"],
        ),
        ("{# a note #}<p>{{ name }} · 12:00</p>", []),
        ('<button aria-label="Close">×</button>', ["Close"]),
        ('<img alt="{% translate "A table" %}">', []),
        ('<p data-over="The hold has run out." data-key="over"></p>', ["The hold has run out."]),
        ('<p>{{ value|default:"none" }}{{ other|default:_("none") }}</p>', ["none"]),
        ('<meta name="viewport" content="width=device-width"><script src="a.js"></script>', []),
        ('<a href="{% url "home" %}">Übersicht</a>', ["Übersicht"]),
    ],
)
def test_the_search_for_untranslated_text_finds_it(source: str, found: list[str]) -> None:
    assert untranslated(source) == found


@pytest.mark.parametrize(
    "form",
    [SearchForm, TimesForm, HoldForm, DetailsForm, WaitForm, RequestForm, LateForm, FewerForm, FindForm],
)
def test_labels_and_errors_of_forms_are_translated_late(form: type) -> None:
    """A text that is translated when the module is imported would keep that process's language."""
    shown = {"start", "key"}
    for name, field in form.base_fields.items():  # type: ignore[attr-defined]
        if name not in shown and not field.widget.is_hidden:
            assert isinstance(field.label, Promise), name
        if field.help_text:
            assert isinstance(field.help_text, Promise), name
        for message in field.error_messages.values():
            assert isinstance(message, Promise | str)
            assert isinstance(message, Promise), (name, message)


@pytest.mark.parametrize("texts", [reasons._DINER, reasons._STAFF], ids=["diner", "staff"])
def test_every_reason_has_a_text_that_is_translated_late(texts: dict[Reason, str | Promise]) -> None:
    assert set(texts) == set(Reason)
    assert all(isinstance(text, Promise) for text in texts.values())
    assert len({str(text) for text in texts.values()}) == len(Reason)


def test_messages_of_views_and_forms_are_translated() -> None:
    """Whatever is handed to a form, an error or a page as a sentence is inside gettext."""
    found = []
    paths = [
        ROOT / "restaurant_site" / "errors.py",
        ROOT / "restaurant_site" / "views.py",
        *(ROOT / "reservations" / "forms").glob("*.py"),
        *(ROOT / "reservations" / "views").glob("*.py"),
    ]
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        quiet = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and _is_quiet(node)
            for part in ast.walk(node)
        }
        quiet |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.name}:{node.lineno} {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"[A-Z][a-z]+ [a-z]+ [a-z]+", node.value)
            and id(node) not in quiet
        ]
    assert found == []


def _is_quiet(call: ast.Call) -> bool:
    """Return whether a call's texts are translated, or for programmers alone."""
    name = ast.unparse(call.func).rpartition(".")[2]
    return name in ("_", "gettext", "gettext_lazy", "ngettext", "ValueError", "SuspiciousOperation")
