"""What names a release of the site where nobody names one: what it is made of."""

from __future__ import annotations

import hashlib
from pathlib import Path

_FOLDERS = ("restaurant_site", "reservations", "menus", "templates", "static")
_KINDS = frozenset({".py", ".html", ".txt", ".xml", ".mo", ".css", ".js", ".svg"})


def digest(base: Path) -> str:
    """Return a short digest of the code, templates and static files below a folder.

    Two processes with the same files get the same one, and a change of any
    gives another: entries that an older release rendered are then not found.
    """
    found = hashlib.blake2b(digest_size=6)
    for folder in _FOLDERS:
        for path in sorted((base / folder).rglob("*")):
            if path.suffix in _KINDS and path.is_file():
                found.update(str(path.relative_to(base)).encode())
                found.update(path.read_bytes())
    return found.hexdigest()
