"""The table of who may open what, as docs/authorization.md shows it: `make authorization` writes it anew.

Made of the URL resolver's addresses and of `table`, which the walks hold the
site to: what stands in the document is what they have tried.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PATH = Path(__file__).resolve().parents[3] / "docs" / "authorization.md"
ROLES = ("host", "manager", "owner")

HEAD = """# Who may open what

Every address of the site, made by `make authorization` from the URL resolver and from \
`tests/reservations/roles/table.py`; a test fails while they differ, and the walks in \
`tests/reservations/roles/` and `tests/hostile/` hold the site to it, with GET and POST. An address that the \
table does not have fails them.

**At a restaurant of one's own**, a role opens what its column says. **At any other restaurant** every page that \
names a row or a restaurant answers 403 or 404 to all of them, and lists, searches, autocompletes, exports and \
actions hold nothing of it; superusers belong everywhere. Where saving needs more than seeing, it stands in \
brackets. Staff without a role, and visitors, open none of these pages.

## The admin

| Address | Host | Manager | Owner | Superuser |
|---|---|---|---|---|
"""

OPEN = """
## The admin's own pages

They are about nobody's restaurant, or about whatever the user may see.

| Address | Opens for |
|---|---|
"""

DINERS = """
## The diners' pages

A link is signed for one restaurant and one kind of row: under another restaurant's name, or as another kind's, \
it answers 404. A hold answers only the browser that made it.

| Address | Opens for | By |
|---|---|---|
"""

_WORDS = {
    "all": "everybody",
    "own": "everybody, with what their browser has made",
    "browser": "the browser that made the hold",
    "link": "whoever has the row's link",
    "staff": "whoever is signed in as staff",
}


def document() -> str:
    """Return the whole page."""
    from tests.reservations.roles.table import DINERS as DINERS_TABLE
    from tests.reservations.roles.table import NEVER, OTHERS
    from tests.reservations.roles.walking import Page, every_pattern, pages

    def cells(page: Page) -> str:
        return (
            " | ".join(_may(role, page.least, page.least_to_post) for role in ROLES)
            + f" | {'–' if page.name in NEVER else 'yes'}"
        )

    # Of a page that is asked several questions one tells of all.
    known: dict[str, dict[str, Page]] = {}
    for page in pages():
        known.setdefault(page.name, {})[page.way] = page
    inside, own, outside = [], [], []
    for name, route in every_pattern():
        shown = f"`/{route.replace('|', chr(92) + '|')}`"
        if name in known:
            for way, page in known[name].items():
                place = re.sub(r"<slug:\w+>", way, shown) if way else shown
                inside.append(f"| {place} | {cells(page)} |")
        elif name in OTHERS:
            own.append(f"| {shown} | {_WORDS[OTHERS[name]]} |")
        elif name in DINERS_TABLE:
            who, _space, method = DINERS_TABLE[name].partition(" ")
            outside.append(f"| {shown} | {_WORDS[who]} | {method or 'GET, and POST where it has a form'} |")
    # The admin's resolver has them in the order in which modules are imported, which says nothing.
    return HEAD + "\n".join(sorted(inside)) + "\n" + OPEN + "\n".join(own) + "\n" + DINERS + "\n".join(outside) + "\n"


def _may(role: str, see: str, save: str) -> str:
    def has(least: str) -> bool:
        return least in ROLES and ROLES.index(role) >= ROLES.index(least)

    if not has(see):
        return "–"
    return "yes" if has(save) or see == save else "yes (sees)"


if __name__ == "__main__":
    import django

    django.setup()
    PATH.write_text(document())
    sys.exit(0)
