"""The Nu HTML checker (W3C) finds no error in any page, fragment or mail: whatever state it is in, whoever asks."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from reservations.messages.rendering import Mail, render
from reservations.models import Message
from tests.hostile.addresses import addresses
from tests.hostile.browser import Answer, Browser
from tests.hostile.crawler import Crawler
from tests.hostile.house import House, make_house
from tests.messages.rows import make_told
from tests.site.found import install

pytestmark = [pytest.mark.django_db, pytest.mark.audit]

# What Django's own admin writes: the choice that its search fills, and the label of a hidden field.
_OF_DJANGO = (
    "Element “option” without attribute “label” must not be empty.",
    "The first “option” element in a “select” element with a “required” attribute",
    "A “select” element with a “required” attribute",
    "The value of the “for” attribute of the “label” element must be the ID of a non-hidden form control.",
)


class Keeping(Browser):
    """A browser that keeps every piece of HTML that it was sent."""

    def __init__(self, of: Browser, kept: dict[str, str]) -> None:
        super().__init__(of.cookies)
        self.kept = kept

    def ask(self, method: str, target: str, *args: object, **more: object) -> Answer:
        answer = super().ask(method, target, *args, **more)  # type: ignore[arg-type]
        if answer.kind == "text/html" and answer.body.strip():
            self.kept.setdefault(f"{method} {target} {answer.status} {_digest(answer.text)}", answer.text)
        return answer


def _digest(html: str) -> str:
    """Return what tells two states of a page apart: its elements and their attributes, without texts and values."""
    return hashlib.sha256(re.sub(r"\"[^\"]*\"|>[^<]*<", "", html).encode()).hexdigest()[:8]


def walk(house: House, browser: Browser, who: str, *, sends: bool) -> None:
    """Open every address, in two languages where it is a diner's; send every form of diners as it is, and emptied."""
    one = Crawler(who, browser)
    found = [at for at in addresses(house, house.theirs) if not (sends and at.route.startswith("admin/"))]
    paths = [path for at in found for path in at.paths]
    one.walk(["/", "/?q=nobody", "/?city=Nowhere", "/nowhere/", *paths], follow=False)
    if sends:
        one.walk([f"/de{path}" for path in paths if path.startswith(("/restaurants", "/my"))], follow=False)
        for form in list(one.report.forms.values()):
            for pairs in (form.pairs(), [(name, value if "token" in name else "") for name, value in form.pairs()]):
                one.submit(form, pairs, why="typed")


def whole(html: str) -> str:
    """Return a document: a fragment is put into one."""
    if html.lstrip().lower().startswith("<!doctype"):
        return html
    return f'<!doctype html><html lang="en"><head><title>Fragment</title></head><body>{html}</body></html>'


def complaints(pages: dict[str, str], folder: Path) -> list[str]:
    """Return each error that the checker finds, once, with a page that has it."""
    names = {}
    for number, (name, html) in enumerate(pages.items()):
        path = folder / f"{number}.html"
        path.write_text(whole(html), encoding="utf-8")
        names[path.name] = name
    checked = subprocess.run(
        [install.java() or "java", "-jar", str(install.NU), "--format", "json", "--exit-zero-always", str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told: dict[str, str] = {}
    for message in json.loads(checked.stderr)["messages"]:
        page = names[message["url"].rpartition("/")[2]]
        is_of_django = "/admin/" in page and message["message"].startswith(_OF_DJANGO)
        if message["type"] != "info" and not is_of_django:
            told.setdefault(message["message"], f"{page}: {message['message']}\n    {message.get('extract', '')}")
    return sorted(told.values())


def mails() -> dict[str, str]:
    """Return the HTML of a mail of every kind."""
    found = {}
    for kind in Message.Kind:
        mail = render(make_told(kind), timezone.now())
        if isinstance(mail, Mail):
            found[f"mail: {kind}"] = mail.html
    return found


def ready() -> None:
    if not install.java() or not install.NU.exists():
        pytest.skip("The checker is not there: `make audit` installs it where there are Java and Node.")


def test_no_page_has_an_error(tmp_path: Path) -> None:
    ready()
    house, browsers = make_house()
    kept: dict[str, str] = {}
    for who, sends in (("visitor", True), ("guest", True), ("their owner", False)):
        walk(house, Keeping(browsers[who], kept), who, sends=sends)
    assert len(kept) > 150
    kept |= mails()
    told = complaints(kept, tmp_path)
    assert told == [], f"{len(kept)} pages\n" + "\n".join(told)
