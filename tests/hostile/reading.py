"""Reads the links and forms of a page: what a browser could send from there, also by htmx."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_BUTTONS = frozenset({"submit", "image"})
_IDLE = frozenset({"button", "reset"})
_SAVES = ("_save", "_continue", "_addanother", "_saveasnew")
_ASKS = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")


Shape = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form with the value that it has; a box that is not ticked has None."""

    name: str
    value: str | None
    kind: str = "text"
    ticked: str = ""
    """The value that a box or the first of several choices would have."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it would be sent: where to, how, and its fields in order, the pressed button last."""

    action: str
    method: str = "GET"
    is_multipart: bool = False
    fields: tuple[Field, ...] = ()
    is_htmx: bool = False

    @property
    def shape(self) -> Shape:
        """What forms have in common that differ only in numbers: one of them is enough."""
        names = dict.fromkeys(re.sub(r"\d+", "#", one.name) for one in self.fields if one.name not in _SAVES)
        return self.method, re.sub(r"\d+", "#", urlsplit(self.action).path), tuple(names)

    def pairs(self) -> list[tuple[str, str]]:
        """Return what is sent as it stands."""
        return [(one.name, one.value) for one in self.fields if one.value is not None and one.kind != "file"]


@dataclass(slots=True)
class _Open:
    action: str
    method: str
    is_multipart: bool
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[Field | None, str, str]] = field(default_factory=list)
    asks: list[tuple[str, str]] = field(default_factory=list)


class Reader(HTMLParser):
    """Collects links and forms, with addresses of this site made absolute by the page's own."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self._forms: list[_Open] = []
        self._named: dict[str, _Open] = {}
        self._in: _Open | None = None
        self._select: tuple[_Open, str, list[tuple[str, bool]], bool] | None = None
        self._area: tuple[_Open, str, list[str]] | None = None

    @property
    def forms(self) -> list[Form]:
        """The forms, once for each of their buttons."""
        found = []
        for one in self._forms:
            base = Form(one.action, one.method, one.is_multipart, tuple(one.fields))
            alone: list[tuple[Field | None, str, str]] = [] if one.asks else [(None, "", "")]
            for button, action, method in one.buttons or alone:
                fields = (*base.fields, button) if button else base.fields
                found.append(replace(base, action=action or base.action, method=method or base.method, fields=fields))
            for method, action in one.asks:
                fields = base.fields if method != "GET" else tuple(f for f in base.fields if f.kind != "hidden")
                found.append(replace(base, action=action, method=method, fields=fields, is_htmx=True))
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a form or a field."""
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "src"):
            if tag in ("a", "area", "link", "iframe", "script", "img", "source") and given.get(name):
                self.links.append(self._here(given[name]))
        if tag == "form":
            self._in = _Open(
                self._here(given.get("action", "")),
                given.get("method", "get").upper(),
                given.get("enctype", "") == "multipart/form-data",
            )
            self._forms.append(self._in)
            if given.get("id"):
                self._named[given["id"]] = self._in
        if tag == "option" and self._select is not None:
            self._select[2].append((given.get("value", ""), "selected" in given))
        of = self._named.get(given.get("form", ""), self._in)
        for name in _ASKS:
            # Written with data- before it, as HTML wants it, or as htmx does.
            for written in {name, f"data-{name}"} & given.keys():
                self._ask(of, name.removeprefix("hx-").upper(), self._here(given[written]))
        if of is not None:
            self._field(of, tag, given)

    def _ask(self, of: _Open | None, method: str, action: str) -> None:
        if of is None:
            of = _Open(action, method, is_multipart=False)
            self._forms.append(of)
        of.asks.append((method, action))

    def _field(self, of: _Open, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text" if tag == "input" else "submit").lower()
        if tag == "button" or (tag == "input" and kind in _BUTTONS):
            if kind not in _IDLE:
                pressed = Field(name, given.get("value", ""), "button") if name else None
                action = self._here(given["formaction"]) if given.get("formaction") else ""
                of.buttons.append((pressed, action, given.get("formmethod", "").upper()))
        elif not name or (tag == "input" and kind in _IDLE):
            return
        elif tag == "input" and kind in ("checkbox", "radio"):
            ticked = given.get("value", "on")
            value = ticked if "checked" in given else None
            if value is not None or not any(one.name == name for one in of.fields):
                of.fields.append(Field(name, value, kind, ticked))
        elif tag == "input":
            of.fields.append(Field(name, given.get("value", ""), kind))
        elif tag == "select":
            self._select = (of, name, [], "multiple" in given)
        elif tag == "textarea":
            self._area = (of, name, [])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Treat ``<input />`` as a start."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Finish what ends here."""
        if tag == "form":
            self._in = None
        elif tag == "select" and self._select:
            of, name, options, several = self._select
            chosen = [value for value, selected in options if selected]
            if not chosen and options and not several:
                chosen = [options[0][0]]
            values: list[str | None] = [*chosen] or [None]
            of.fields.extend(Field(name, value, "select") for value in values)
            self._select = None
        elif tag == "textarea" and self._area:
            of, name, parts = self._area
            of.fields.append(Field(name, "".join(parts).removeprefix("\n"), "textarea"))
            self._area = None

    def handle_data(self, data: str) -> None:
        """Keep what stands in a text area."""
        if self._area:
            self._area[2].append(data)

    def _here(self, address: str) -> str:
        return urljoin(self.address, address.strip())


def read(html: str, address: str) -> Reader:
    """Return the links and forms of a page that stands at an address."""
    reader = Reader(address)
    reader.feed(html)
    reader.close()
    return reader
