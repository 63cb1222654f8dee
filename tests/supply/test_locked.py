"""What is installed is what was locked: each package with its hashes, in step with what is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.supply import look

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted([*ROOT.glob("requirements*.txt"), ROOT / "benchmarks" / "requirements.txt"])
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def plain(name: str) -> str:
    """Return a package's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for(path: Path) -> set[str]:
    """Return the packages that a .in file names, with those of the files that it includes."""
    found = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= asked_for(path.parent / line[3:].strip())
        elif match := _NAME.match(line):
            found.add(plain(match[0]))
    return found


def locked(text: str) -> dict[str, tuple[int, bool]]:
    """Return each package of a lock with how many hashes it has, and whether a .in file asks for it."""
    found = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        name, _, _rest = block.partition("==")
        found[plain(name)] = (len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)), ".in" in block)
    return found


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_has_hashes_and_was_asked_for(path: Path) -> None:
    found = locked(path.read_text(encoding="utf-8"))
    assert found
    assert [name for name, (hashes, _direct) in found.items() if not hashes] == []
    assert {name for name, (_hashes, direct) in found.items() if direct} == asked_for(path.with_suffix(".in"))


def test_the_reading_of_a_lock_finds_what_has_no_hash() -> None:
    text = (
        "# made\na-b==1 \\\n    --hash=sha256:" + "0" * 64 + "\n    # via -r requirements.in\nc_d==2\n    # via a-b\n"
    )
    assert locked(text) == {"a-b": (1, True), "c-d": (0, False)}


def test_production_and_development_install_the_same() -> None:
    def versions(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ]+)", text, re.MULTILINE))

    production, development = versions("requirements.txt"), versions("requirements-dev.txt")
    assert production.items() <= development.items()


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_every_install_asks_for_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [line for line in text.splitlines() if re.search(r"\bpip\b.* (install|sync)\b", line)]
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_licences_are_read_from_what_is_installed() -> None:
    assert look.licence("django") == "BSD-3-Clause"
    assert look.licence("no-such-package") == ""
