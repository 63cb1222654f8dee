"""Reads the Bicep files by their syntax: no compiler of it can be had offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tests.hosting.dockerfile import ROOT

FOLDER = ROOT / "infra"
_PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True, slots=True)
class Call:
    """A module as it is used: its symbol, the file, and what is handed in."""

    symbol: str
    path: Path
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class Source:
    """A file, parsed."""

    path: Path
    root: Node

    @property
    def text(self) -> str:
        """The file without its comments."""
        return re.sub(r"(?m)(^|\s)//.*$", "", self.path.read_text(encoding="utf-8"))

    def of(self, kind: str) -> Iterator[Node]:
        """Yield the nodes of a kind, wherever they stand."""
        return (node for node in walk(self.root) if node.type == kind)

    def faults(self) -> list[str]:
        """Return where the syntax is not Bicep's."""
        found = (node for node in walk(self.root) if node.type == "ERROR" or node.is_missing)
        return [f"{self.path.name}:{node.start_point[0] + 1}" for node in found]

    def parameters(self) -> dict[str, bool]:
        """Return the parameters, and of each whether it has a default."""
        found = {}
        for node in self.of("parameter_declaration"):
            symbol = next(child for child in node.children if child.type == "identifier")
            found[said(symbol)] = any(child.type == "=" for child in node.children)
        return found

    def outputs(self) -> set[str]:
        """Return the names of its outputs."""
        return {
            said(next(child for child in node.children if child.type == "identifier"))
            for node in self.of("output_declaration")
        }

    def calls(self) -> list[Call]:
        """Return the modules that it uses."""
        found = []
        for node in self.of("module_declaration"):
            symbol, path = (next(c for c in node.children if c.type == kind) for kind in ("identifier", "string"))
            given = next((one for one in walk(node) if one.type == "object_property" and name(one) == "params"), None)
            handed = next((child for child in given.children if child.type == "object"), None) if given else None
            names = [name(child) for child in handed.children if child.type == "object_property"] if handed else []
            found.append(Call(said(symbol), (self.path.parent / said(path).strip("'")).resolve(), frozenset(names)))
        return found

    def settings(self) -> set[str]:
        """Return the keys of objects that look like environment variables."""
        return {
            name(node) for node in self.of("object_property") if re.fullmatch(r"[A-Z][A-Z0-9]*_?[A-Z0-9_]*", name(node))
        }


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def said(node: Node) -> str:
    """Return a node's text."""
    return (node.text or b"").decode()


def name(node: Node) -> str:
    """Return the key of a property."""
    return said(node.children[0]).strip("'") if node.children else ""


def parse(path: Path, text: str | None = None) -> Source:
    """Return a file, or text in its place, parsed."""
    return Source(path, _PARSER.parse((path.read_text(encoding="utf-8") if text is None else text).encode()).root_node)


def sources() -> list[Source]:
    """Return every Bicep file."""
    return [parse(path) for path in sorted(FOLDER.rglob("*.bicep"))]
