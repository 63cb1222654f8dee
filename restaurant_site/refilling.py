"""Puts what somebody has typed back into a page's form, field by field, as if they had just typed it.

Works on the page as it is sent, so that it fits every form, whichever view made
it. Hidden fields stay as the page has them, and files are not put back.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

Fields = list[tuple[str, str]]
"""Names and values, as a form sends them."""

_FIXED = frozenset({"hidden", "submit", "button", "image", "reset", "file", "password"})
_TICKED = frozenset({"checkbox", "radio"})


def refill(page: str, typed: Fields, note: str, rest_label: str) -> str:
    """Return the page with the fields in that of its forms by POST that has most of them.

    note stands above the form, as text. Whatever finds no place there, such as
    lines that a script had added, is listed below the note after rest_label.
    """
    survey = _Survey()
    survey.feed(page)
    values: dict[str, list[str]] = {}
    for name, value in typed:
        values.setdefault(name, []).append(value)
    best = max(range(len(survey.forms)), key=lambda number: len(survey.forms[number] & set(values)), default=-1)
    if best >= 0 and not survey.forms[best] & set(values):
        best = -1
    filler = _Filler(best, values)
    filler.feed(page)
    filler.close()
    rest = [(name, value) for name, left in filler.left.items() for value in left if value and name[:1] != "_"]
    lines = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in rest)
    below = f"{escape(rest_label)}<ul>{lines}</ul>" if rest else ""
    told = f'<ul class="messagelist"><li class="warning">{escape(note)} {below}</li></ul>'
    return "".join(filler.parts).replace(_HERE, told, 1)


_HERE = "\x00here\x00"


class _Survey(HTMLParser):
    """Finds the names in each of a page's forms; those that are not sent by POST have none."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[set[str]] = []
        self._posts = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self._posts = (found.get("method") or "").lower() == "post"
            self.forms.append(set())
        elif tag in ("input", "select", "textarea") and self.forms and self._posts and found.get("type") != "hidden":
            self.forms[-1].add(found.get("name") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._posts = False


class _Filler(HTMLParser):
    """Copies a page, and fills one of its forms on the way."""

    def __init__(self, wanted: int, values: dict[str, list[str]]) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.left = {name: list(found) for name, found in values.items()}
        self._values = values
        self._wanted = wanted
        self._number = -1
        self._inside = False
        self._select: str | None = None
        self._skips = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self._number += 1
            self._inside = self._number == self._wanted
            if self._inside:
                self.parts.append(_HERE)
        name = found.get("name") or ""
        if self._inside and "disabled" not in found:
            if tag == "input":
                self._input(found, name)
            elif tag == "select":
                self._select = name
            elif tag == "option" and self._select is not None:
                self._mark(found, self._select, "selected")
            elif tag == "textarea" and name in self._values:
                self.parts.append(f"{self.get_starttag_text()}\n{escape(self._taken(name))}")
                self._skips = True
                return
        if dict(attrs) == found:
            self.parts.append(self.get_starttag_text() or "")
        else:
            self.parts.append(_tag(tag, found.items()))
        if self._wanted < 0 and found.get("id") == "content":
            self.parts.append(_HERE)

    def _input(self, found: dict[str, str | None], name: str) -> None:
        kind = (found.get("type") or "text").lower()
        if kind in _FIXED:
            self.left.pop(name, None)
        elif kind in _TICKED:
            self._mark(found, name, "checked")
        elif name in self._values:
            found["value"] = self._taken(name)

    def _mark(self, found: dict[str, str | None], name: str, word: str) -> None:
        """Tick or choose what was ticked or chosen, and nothing else."""
        value = found.get("value")
        value = "on" if value is None else value
        found.pop(word, None)
        if value in self._values.get(name, ()):
            found[word] = ""
            if value in self.left.get(name, ()):
                self.left[name].remove(value)

    def _taken(self, name: str) -> str:
        left = self.left.get(name) or []
        return left.pop(0) if left else self._values[name][0]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._skips = False
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skips:
            self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")


def _tag(tag: str, attrs: Iterable[tuple[str, str | None]]) -> str:
    words = [name if value is None else f'{name}="{escape(value)}"' for name, value in attrs]
    return f"<{' '.join([tag, *words])}>"
