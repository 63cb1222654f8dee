"""Reads a page as a browser would: its text, links and forms with the values they would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN = frozenset({"script", "style", "title", "head", "datalist"})


@dataclass
class Button:
    """A submit button; pressing it also sends its own name and value."""

    label: str
    name: str
    value: str
    disabled: bool
    action: str
    near: bool


@dataclass
class Form:
    """A form, with what it would send before anything is typed."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def button(self, label: str) -> Button:
        """Return the button that is called label."""
        return next(button for button in self.buttons if button.label.startswith(label))

    def pressed(self, label: str, **typed: Any) -> dict[str, str]:
        """Return what is sent when the button is pressed after something was typed."""
        button = self.button(label)
        assert not button.disabled, label
        return self.values | ({button.name: button.value} if button.name else {}) | typed


@dataclass
class Page:
    """A page that was read."""

    text: str
    title: str
    language: str
    links: dict[str, str]
    forms: list[Form]
    alerts: list[str]
    headings: list[str]

    def form(self, action_end: str) -> Form:
        """Return the form whose action ends so."""
        return next(form for form in self.forms if form.action.endswith(action_end))


def read(response: Any) -> Page:
    """Return the page of a response, which may be Django's or bytes."""
    body = response if isinstance(response, bytes) else response.content
    reader = _Reader()
    reader.feed(body.decode())
    reader.close()
    assert not reader.open, f"left open: {reader.open}"
    return Page(
        text=_spaced(reader.text),
        title=_spaced(reader.title),
        language=reader.language,
        links=reader.links,
        forms=reader.forms,
        alerts=[_spaced(words) for words in reader.alerts],
        headings=[_spaced(words) for words in reader.headings],
    )


def _spaced(words: list[str]) -> str:
    return " ".join(" ".join(words).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.title: list[str] = []
        self.language = ""
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self.alerts: list[list[str]] = []
        self.headings: list[list[str]] = []
        self._form: Form | None = None
        self._sinks: list[tuple[int, list[str]]] = []
        self._button: tuple[dict[str, str | None], list[str]] | None = None
        self._link: tuple[str, list[str]] | None = None
        self._select = ""
        self._area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "html":
            self.language = given.get("lang") or ""
        if given.get("role") == "alert":
            self.alerts.append([])
            self._sinks.append((len(self.open), self.alerts[-1]))
        if tag in ("h1", "h2", "h3"):
            self.headings.append([])
            self._sinks.append((len(self.open), self.headings[-1]))
        if tag == "form":
            self._form = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._form)
        elif tag == "a":
            self._link = (given.get("href") or "", [])
        elif tag == "button":
            self._button = (given, [])
        elif self._form is not None:
            self._start_field(self._form, tag, given)

    def _start_field(self, form: Form, tag: str, given: dict[str, str | None]) -> None:
        name, value = given.get("name") or "", given.get("value")
        if tag == "input" and name:
            if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    form.values[name] = "on" if value is None else value
            else:
                form.values[name] = value or ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.values):
            form.values[self._select] = value or ""
        elif tag == "textarea":
            self._area = (name, [])

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"nothing is open at </{tag}>"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        self._sinks = [(depth, sink) for depth, sink in self._sinks if depth <= len(self.open)]
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "a" and self._link:
            self.links[_spaced(self._link[1])] = self._link[0]
            self._link = None
        elif tag == "textarea" and self._area and self._form:
            # A browser drops the newline that follows the opening tag.
            self._form.values[self._area[0]] = "".join(self._area[1]).removeprefix("\r").removeprefix("\n")
            self._area = None
        elif tag == "button" and self._button and self._form:
            given, words = self._button
            self._form.buttons.append(
                Button(
                    label=_spaced(words),
                    name=given.get("name") or "",
                    value=given.get("value") or "",
                    disabled="disabled" in given,
                    action=given.get("formaction") or self._form.action,
                    near="near" in (given.get("class") or "").split(),
                )
            )
            self._button = None

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title.append(data)
        if _UNSEEN.intersection(self.open):
            return
        if self._area:
            self._area[1].append(data)
        self.text.append(data)
        for _depth, sink in self._sinks:
            sink.append(data)
        if self._button:
            self._button[1].append(data)
        if self._link:
            self._link[1].append(data)
