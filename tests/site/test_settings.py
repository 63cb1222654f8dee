"""docs/settings.md names every variable that the code reads, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "settings.md"
READERS = {"text", "boolean", "integer", "choice", "words", "url", "mail_url", "mailbox", "address"}
# Set by the tools that start the site, for those tools alone.
FOREIGN = {"DJANGO_SETTINGS_MODULE"}
SECRETS = re.compile("SECRET|PASSWORD|KEY")


def documented() -> dict[str, list[str]]:
    """Return the variables of the tables, each with the cells behind its name."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|(.*)\|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split(" | ")] for name, cells in rows}


def project_files() -> list[Path]:
    folders = ("restaurant_site", "reservations", "menus")
    return [ROOT / "gunicorn.conf.py", *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]


def names_read(source: str) -> set[str]:
    """Return the variables that Python source asks for, by a reader of env or from os.environ."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        argument: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, method = ast.unparse(node.func.value), node.func.attr
            readers = {
                "env": READERS,
                "connector": {"redis_url"},
                "os": {"getenv"},
                "os.environ": {"get", "setdefault", "pop"},
            }
            if method in readers.get(owner, ()):
                argument = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            argument = node.slice
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            found.add(argument.value)
    return found


def names_of_makefile(source: str) -> set[str]:
    """Return the variables of a Makefile that come from outside: with a default, or without any value."""
    given = set(re.findall(r"^(\w+) *\?=", source, re.MULTILINE))
    own = set(re.findall(r"^(\w+) *:?=", source, re.MULTILINE))
    used = set(re.findall(r"\$\((\w+)\)", source)) - {"MAKE"}
    return given | (used - own)


def test_every_variable_of_the_code_stands_in_the_document() -> None:
    read = set().union(*(names_read(path.read_text(encoding="utf-8")) for path in project_files()))
    read |= names_of_makefile((ROOT / "Makefile").read_text(encoding="utf-8"))
    # So that the search itself is known to find something.
    assert {"SECRET_KEY", "DATABASE_URL", "WEB_CONCURRENCY", "PORT", "PYTHON"} <= read
    assert read - FOREIGN == set(documented())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("env.text('A', None); env.boolean('B', False); env.url('C', ())", {"A", "B", "C"}),
        ("os.environ['A'] = '1'; os.environ.get('B', ''); os.getenv('C')", {"A", "B", "C"}),
        ("env.read_env_file('A'); other.text('B'); os.environ.copy()", set()),
    ],
)
def test_the_search_finds_what_it_should(source: str, found: set[str]) -> None:
    assert names_read(source) == found


def test_the_document_says_what_production_requires() -> None:
    required = {name for name, cells in documented().items() if cells[-1] == "required"}
    assert required == {
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
        "SITE_URL",
        "EMAIL_URL",
        "EMAIL_FROM",
    }
    assert all(all(cells) for cells in documented().values()), "a cell is empty"


def test_the_example_sets_nothing_unknown() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    names = {match[1] for line in lines if (match := re.match(r"#? ?([A-Z_]+)=", line))}
    assert {"SITE_ENV", "DATABASE_URL"} <= names <= set(documented())
    assert not any("=" in line and SECRETS.search(line) for line in lines if not line.startswith("#"))
