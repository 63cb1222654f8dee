"""Walks a site's pages, links and forms as one person, and sends what no person types.

Each request is undone, so that every form meets the house as it was made, and
what one has broken hides nothing of the next.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from tests.hostile import watching
from tests.hostile.addresses import Address, name_of
from tests.hostile.browser import URLENCODED, Answer, Browser, Pair, encoded, multipart, path_of
from tests.hostile.reading import Form, Shape, read
from tests.hostile.values import DIGITS, HEADERS, METHODS, SEGMENTS, Deal

T = TypeVar("T")

QUERY = ("q", "p", "o", "e", "all", "page", "date", "party", "time", "next", "back", "done", "restaurant", "city")
QUERY_OF_ADMIN = ("_changelist_filters", "_popup", "_to_field", "_facets", "pk__in", "restaurant__id__exact", "id")
EXTRA = ("id", "pk", "restaurant", "is_superuser", "is_staff", "status", "role", "browser", "reference", "_save")
"""What no form of the site has, for whoever would take all that is sent."""

_TYPED = {"date": str(dt.datetime.now(ZoneInfo("Europe/Berlin")).date() + dt.timedelta(days=7)), "time": "19:00"}
"""What is typed into an empty field where the rest of a form is attacked: a day on which the house has reservations."""

_KEPT = frozenset({"csrfmiddlewaretoken", "_save", "_continue", "_addanother", "_saveasnew"})
_STRIDE = 7_919
_KINDS = 1
"""With so many kinds of queries a page is opened that was found by links; the filters of lists have hundreds."""


@dataclass(slots=True)
class Report:
    """What a crawl did: the best answer of each address by name, the forms by shape, and what was wrong."""

    opened: dict[str, int] = field(default_factory=dict)
    posted: dict[str, int] = field(default_factory=dict)
    forms: dict[Shape, Form] = field(default_factory=dict)
    sent: int = 0
    wrong: list[str] = field(default_factory=list)

    def told(self) -> str:
        """Return what was wrong, each once, as a text."""
        once = list(dict.fromkeys(self.wrong))
        return "\n".join([f"{len(once)} things are wrong:", *once[:40]])


@dataclass(slots=True)
class Crawler:
    """One person's crawl. forbidden are words that they may not read; stored is what they may not change."""

    who: str
    browser: Browser
    forbidden: tuple[str, ...] = ()
    stored: watching.Stored | None = None
    depth: int = 0
    """How often each field and address is attacked: 0 is a part of it in turn, as every build has the time for."""
    report: Report = field(default_factory=Report)
    deal: Deal = field(default_factory=Deal)
    _turn: int = 0

    # --- One request --------------------------------------------------------

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        content_type: str = "",
        headers: dict[str, str] | None = None,
        *,
        why: str = "",
    ) -> Answer:
        """Send one request, look at everything that must hold, and undo it."""
        cookies = dict(self.browser.cookies)
        before = watching.written()
        undo = transaction.savepoint()
        try:
            answer = self.browser.ask(method, target, body, content_type, headers)
            found = watching.wrong_with(answer, typed=bool(why))
            found += [f"shows {word}" for word in self._shown(answer, target)]
            transaction.set_rollback(False)
            if not answer.error and watching.written() != before:
                found += self._after_writing(method)
        finally:
            transaction.set_rollback(False)
            transaction.savepoint_rollback(undo)
            if why or method != "GET":
                self.browser.cookies = cookies
        self.report.sent += 1
        asked = f"{self.who}: {method} {target[:150]}" + (f" ({why})" if why else "")
        self.report.wrong += [f"{asked}: {what}" for what in found]
        return answer

    def _shown(self, answer: Answer, target: str) -> list[str]:
        # What is for nobody may stand in the address that was asked for, and so on the page.
        words = [word for word in self.forbidden if word not in target]
        return [word for word in words if word.encode() in answer.body or word in answer.header("Location")]

    def _after_writing(self, method: str) -> list[str]:
        found = [f"{method} writes"] if method in ("GET", "HEAD", "OPTIONS", "TRACE") else []
        # What PostgreSQL looks at when it commits.
        connection.check_constraints()
        if self.stored is not None:
            found += [f"changes {table} of another" for table in self.stored.changed()]
        return found + [f"{column} refers to another restaurant's row" for column in watching.mixed_up()]

    def _next(self, choices: Sequence[T]) -> T:
        self._turn += 1
        return choices[self._turn % len(choices)]

    # --- As it stands ---------------------------------------------------------

    def walk(self, seeds: Iterable[str], *, follow: bool = True) -> None:
        """Open the seeds and what they link to, breadth first, of each kind of address one; read the forms."""
        waiting = deque((seed, True) for seed in seeds)
        seen: set[str] = set()
        kinds: set[tuple[str, frozenset[str]]] = set()
        of_name: Counter[str] = Counter()
        while waiting:
            target, is_seed = waiting.popleft()
            path, _, query = target.partition("?")
            kind = name_of(path) or path, frozenset(part.partition("=")[0] for part in query.split("&"))
            is_known = kind in kinds or of_name[kind[0]] > _KINDS
            if target in seen or (is_known and not is_seed) or path.startswith("/static/"):
                continue
            seen.add(target)
            of_name[kind[0]] += kind not in kinds
            kinds.add(kind)
            answer = self.send("GET", target)
            self._note(self.report.opened, kind[0], answer)
            if answer.kind != "text/html":
                continue
            page = read(answer.text, f"http://testserver{target}")
            for form in page.forms:
                if form.action.startswith("http://testserver/"):
                    self.report.forms.setdefault(form.shape, form)
                else:
                    self.report.wrong.append(f"{self.who}: {target} has a form that sends to {form.action}")
            if not follow:
                continue
            waiting.extend((path_of(link), False) for link in page.links if link.startswith("http://testserver/"))
            if 300 <= answer.status < 400 and not watching.leaves(answer.header("Location")):
                waiting.append((path_of(answer.header("Location")), False))

    @staticmethod
    def _note(into: dict[str, int], name: str, answer: Answer) -> None:
        good = answer.status < 400
        if name and (name not in into or good):
            into[name] = answer.status

    def submit(self, form: Form, pairs: Sequence[Pair], *, why: str = "", files: Sequence[str] = ()) -> Answer:
        """Send a form with these fields, its token replaced by this browser's own; files are names of fields."""
        token = self.browser.cookies.get("csrftoken", "")
        given: list[Pair] = [
            (name, token if name == "csrfmiddlewaretoken" and value and isinstance(value, str) else value)
            for name, value in pairs
        ]
        target = path_of(form.action)
        headers = {"HX-Request": "true", "X-CSRFToken": token} if form.is_htmx else {}
        if form.method == "GET":
            return self.send("GET", f"{target.partition('?')[0]}?{encoded(given)}", headers=headers, why=why)
        if form.is_multipart or files:
            body, kind = multipart(given, [(name, "../zq<script>.csv", "text/csv", b"zq,\xff\x00\n") for name in files])
        else:
            body, kind = encoded(given).encode(), URLENCODED
        answer = self.send(form.method, target, body, kind, headers, why=why)
        self._note(self.report.posted, name_of(target.partition("?")[0]), answer)
        return answer

    # --- With hostile values ----------------------------------------------------

    def attack_forms(self, forms: Iterable[Form], most: int, *, numbers: bool = True) -> None:
        """Send every form as it stands, then each in hostile ways, until so many requests are sent for that.

        Without numbers no number gets too many digits: that is the same at any depth.
        """
        every = list(forms)
        for form in every:
            self.submit(form, form.pairs())
            # A second step is a form that only the first answers with.
            every += self._new_forms(self.submit(form, _filled(form)), path_of(form.action))
            if numbers:
                self._numbers(form)
        until = self.report.sent + most
        # In another order than they were found: neighbours are alike.
        for number in range(len(every)):
            if self.report.sent >= until:
                return
            self.attack_form(every[number * _STRIDE % len(every)])

    def attack_form(self, form: Form) -> None:
        """Send one form in every hostile way, as deep as this crawl goes."""
        names = [one.name for one in form.fields if one.name != "csrfmiddlewaretoken"]
        good: list[Pair] = list(form.pairs())
        token = [pair for pair in good if pair[0] == "csrfmiddlewaretoken"]
        if not names:
            return
        for turn in range(self.depth or 1):
            told, values = self._dealt(names)
            self.submit(form, [*token, *values], why=f"all: {told}")
            if self.depth or self._next((True, False)):
                self._one_at_a_time(form, names, good)
            if form.method != "GET" and (self.depth or turn or self._next((True, False))):
                self._odd_shape(form, good, token)

    def _new_forms(self, answer: Answer, target: str) -> list[Form]:
        """Note the forms of an answer that no page has shown so far, and return them."""
        if answer.kind != "text/html" or answer.status != 200:
            return []
        found = [
            form
            for form in read(answer.text, f"http://testserver{target}").forms
            if form.action.startswith("http://testserver/") and form.shape not in self.report.forms
        ]
        self.report.forms.update({form.shape: form for form in found})
        return found

    def _numbers(self, form: Form) -> None:
        """Put too many digits where a page reads a number by itself: into hidden fields and buttons, and into a name.

        The rest is filled in, so that nothing else is refused before.
        """
        good = _filled(form)
        for one in form.fields:
            if one.kind in ("hidden", "button") and one.name not in _KEPT and not one.name.endswith("_FORMS"):
                rest = [pair for pair in good if pair[0] != one.name]
                self.submit(form, [*rest, (one.name, DIGITS)], why=f"{one.name}: digits")
        name = next((name for name, _value in reversed(good) if re.search(r"\d\Z", name)), "")
        if name:
            long = re.sub(r"\d+\Z", DIGITS, name)
            self.submit(
                form, [(long if pair[0] == name else pair[0], pair[1]) for pair in good], why="digits in a name"
            )

    def _one_at_a_time(self, form: Form, names: list[str], good: list[Pair]) -> None:
        """Put a value into one field of an else good form: what comes first then does not hide what comes after."""
        for name in names if self.depth else [self._next(names)]:
            value_name, value = next(self.deal)
            rest = [pair for pair in good if pair[0] != name]
            self.submit(form, [*rest, (name, value)], why=f"{name}: {value_name}")

    def _odd_shape(self, form: Form, good: list[Pair], token: list[Pair]) -> None:
        files = [one.name for one in form.fields if one.kind == "file"]
        name = good[-1][0] if good else "zq"
        shapes: list[Callable[[], Answer]] = [
            lambda: self.submit(form, [*good, *((extra, next(self.deal)[1]) for extra in EXTRA)], why="extra fields"),
            lambda: self.submit(form, [*good, *good, *good], why="each field thrice"),
            lambda: self.submit(form, token, why="no field"),
            lambda: self.submit(form, [pair for pair in good if pair[0] != name], why=f"without {name}"),
            lambda: self.submit(form, token, why="files for texts", files=[one.name for one in form.fields][:20]),
            lambda: self.submit(form, good, why="a poor file", files=files or ["zq"]),
            lambda: self.raw(form, b'{"zq": 1}', "application/json"),
            lambda: self.raw(form, encoded(good).encode(), f"{URLENCODED}; charset=utf-7"),
            lambda: self.raw(form, encoded(good).encode(), f"{URLENCODED}; charset=zq"),
            lambda: self.raw(form, encoded(good).encode(), "text/plain"),
            lambda: self.raw(
                form, b"--zq\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=zq"
            ),
            lambda: self.raw(form, b"zq", "multipart/form-data"),
            lambda: self.raw(form, b"zq", "multipart/form-data; boundary=" + "z" * 300),
            lambda: self.raw(form, b"&".join(b"zq%d=1" % one for one in range(3_000)), URLENCODED),
            lambda: self.raw(form, b"%", URLENCODED),
        ]
        for shape in shapes if self.depth else [self._next(shapes)]:
            shape()

    def raw(self, form: Form, body: bytes, content_type: str) -> Answer:
        """Send a body as it is, with the token in a header."""
        headers = {"X-CSRFToken": self.browser.cookies.get("csrftoken", "")}
        return self.send(form.method, path_of(form.action), body, content_type, headers, why=content_type[:60])

    def _dealt(self, names: Sequence[str]) -> tuple[str, list[Pair]]:
        dealt = [(name, *next(self.deal)) for name in names]
        told = ", ".join(f"{name}={value_name}" for name, value_name, _value in dealt[:4])
        return told, [(name, value) for name, _value_name, value in dealt]

    def attack_addresses(self, addresses: Iterable[Address]) -> None:
        """Ask for every address with hostile queries, headers, methods, and with hostile segments in it."""
        for address in addresses:
            for path in address.paths:
                self._attack_asked(path)
            attacks = (self._attack_query, self._attack_one, self._attack_method, self._attack_segments)
            for _round in range(self.depth or 1):
                for attack in attacks if self.depth else (attacks[0], self._next(attacks[1:])):
                    attack(self._next(address.paths).partition("?")[0], address.route)

    def _attack_query(self, path: str, _route: str) -> None:
        told, query = self._dealt(_asked(path))
        self.send("GET", f"{path}?{encoded(query)[:60_000]}", headers=self._next(HEADERS), why=f"query: {told}")

    def _attack_asked(self, target: str) -> None:
        """Put a value in turn into each part of a question without which the page has no answer."""
        path, _mark, query = target.partition("?")
        pairs: list[Pair] = list(parse_qsl(query, keep_blank_values=True))
        for number, (name, _value) in enumerate(pairs):
            told, value = next(self.deal)
            asked = [*pairs[:number], (name, value), *pairs[number + 1 :]]
            self.send("GET", f"{path}?{encoded(asked)[:60_000]}", why=f"{name}: {told}")

    def _attack_one(self, path: str, _route: str) -> None:
        name, value = next(self.deal)
        asked = self._next(_asked(path))
        self.send("GET", f"{path}?{encoded([(asked, value)])}", why=f"{asked}: {name}")

    def _attack_method(self, path: str, _route: str) -> None:
        self.send(self._next(METHODS), path, why="method")

    def _attack_segments(self, path: str, route: str) -> None:
        parts = path.split("/")
        for number, part in enumerate(parts):
            # What the route names itself is no place for anything else.
            if part and f"/{part}/" not in f"/{route}".replace("//", "/"):
                segment = self._next(SEGMENTS)
                self.send("GET", "/".join([*parts[:number], segment, *parts[number + 1 :]]), why="segment")


def _filled(form: Form) -> list[Pair]:
    """Return what is sent by somebody who fills the form in: a date where one is asked for, the first of choices."""
    fields = [one for one in form.fields if one.kind != "file"]
    return [(one.name, one.value or one.ticked or _TYPED.get(one.kind, "")) for one in fields]


def _asked(path: str) -> tuple[str, ...]:
    return (*QUERY, *QUERY_OF_ADMIN) if path.startswith("/admin/") else QUERY
