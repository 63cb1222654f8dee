"""Reads a Dockerfile as `docker build` does, as far as the project's own goes."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its word in capitals, and what stands behind it in one line."""

    word: str
    told: str

    @property
    def command(self) -> list[str]:
        """Return the list of a CMD or HEALTHCHECK; a line for a shell is none and raises."""
        listed = json.loads(self.told[self.told.index("[") :])
        assert isinstance(listed, list)
        return listed

    @property
    def variables(self) -> dict[str, str]:
        """Return what an ENV sets."""
        return dict(part.split("=", 1) for part in shlex.split(self.told))

    @property
    def copied(self) -> tuple[str | None, list[str], str]:
        """Return the stage that a COPY takes from, None for the context, what it takes, and where to."""
        words = shlex.split(self.told)
        flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
        assert flags.keys() <= {"from"}, "the tests know no other flag of COPY"
        *sources, target = (word for word in words if not word.startswith("--"))
        return flags.get("from"), sources, target


@dataclass(frozen=True, slots=True)
class Stage:
    """A FROM with what follows it."""

    name: str | None
    base: str
    steps: tuple[Step, ...]

    def of(self, word: str) -> list[Step]:
        """Return its instructions of a kind."""
        return [step for step in self.steps if step.word == word]


def steps(text: str) -> list[Step]:
    """Return the instructions of a Dockerfile; comments are left out, continued lines joined."""
    bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = (line.strip() for line in re.sub(r"\\\n\s*", " ", bare).splitlines())
    return [Step(line.split(None, 1)[0].upper(), line.split(None, 1)[1]) for line in lines if line]


def stages(text: str) -> list[Stage]:
    """Return the stages, with the arguments ahead of the first put into their bases."""
    arguments: dict[str, str] = {}
    found: list[tuple[str | None, str, list[Step]]] = []
    for step in steps(text):
        if step.word == "FROM":
            base, *named = step.told.split()
            base = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], base)
            found.append((named[1] if named else None, base, []))
        elif found:
            found[-1][2].append(step)
        else:
            assert step.word == "ARG", f"{step.word} ahead of the first FROM"
            name, _equals, default = step.told.partition("=")
            arguments[name] = default
    return [Stage(name, base, tuple(taken)) for name, base, taken in found]


def ignored(path: Path) -> bool:
    """Tell whether .dockerignore keeps a path of the project out of what is sent to the builder."""
    patterns = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line.strip() and not line.startswith("#")
    ]
    names = path.relative_to(ROOT).parts
    within = ["/".join(names[: depth + 1]) for depth in range(len(names))]
    return any(re.fullmatch(_expression(pattern), one) for pattern in patterns for one in within)


def _expression(pattern: str) -> str:
    parts = {"**/": "(?:.*/)?", "*": "[^/]*"}
    pieces = re.split(r"(\*\*/|\*)", pattern.rstrip("/"))
    return "".join(parts.get(piece, re.escape(piece)) for piece in pieces)
