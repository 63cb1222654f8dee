"""Reads what a page tells machines, as they read it: the head's elements, and JSON-LD by rdflib as a graph."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from rdflib import RDF, Graph, Literal, Namespace
from rdflib.term import Node

SDO = Namespace("https://schema.org/")
_VOCABULARY: dict[str, list[str]] = json.loads(Path(__file__).with_name("vocabulary.json").read_text(encoding="utf-8"))[
    "types"
]


@dataclass
class Head:
    """What stands in a page for machines; metas by name or property, the last of each."""

    title: str = ""
    metas: dict[str, str] = field(default_factory=dict)
    links: list[dict[str, str]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)

    def hrefs(self, rel: str) -> list[str]:
        """Return where the links of a relation lead."""
        return [link["href"] for link in self.links if link.get("rel") == rel]

    @property
    def alternates(self) -> dict[str, str]:
        """The page's addresses by language."""
        return {link["hreflang"]: link["href"] for link in self.links if link.get("rel") == "alternate"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and "content" in given:
            self.head.metas[given.get("name") or given.get("property", "")] = given["content"]
        elif tag == "link":
            self.head.links.append(given)
        elif tag == "script" and given.get("type") == "application/ld+json":
            self._in = "data"
        elif tag == "title" and not self.head.title:
            self._in = "title"

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "data":
            self.head.documents.append(json.loads(data))
        elif self._in == "title":
            self.head.title += data


def head_of(html: str) -> Head:
    """Return what a page tells machines. Raises where a piece of JSON-LD is none."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.head


def graph_of(head: Head) -> Graph:
    """Return the page's JSON-LD as one graph; what has the same ``@id`` is one thing."""
    graph = Graph()
    for document in head.documents:
        assert document["@context"] == "https://schema.org"
        # The context is schema.org's own, and what it says of every word is this; it is not fetched.
        local = document | {"@context": {"@vocab": str(SDO)}}
        with warnings.catch_warnings():
            # The library's parser uses what the library itself calls old.
            warnings.simplefilter("ignore", DeprecationWarning)
            graph.parse(data=json.dumps(local), format="json-ld")
    return graph


def the(graph: Graph, kind: str) -> Node:
    """Return the one thing of a type."""
    (found,) = graph.subjects(RDF.type, SDO[kind])
    return found


def values(graph: Graph, of: Node, name: str) -> list[Any]:
    """Return the values of a property, as Python has them, sorted; things stay nodes."""
    found = [node.toPython() if isinstance(node, Literal) else node for node in graph.objects(of, SDO[name])]
    return sorted(found, key=str)


def outside_of_the_vocabulary(graph: Graph) -> list[str]:
    """Return the types and properties that schema.org does not have, or not for that type."""
    wrong = []
    for thing, kind in graph.subject_objects(RDF.type):
        name = str(kind).removeprefix(str(SDO))
        known = {str(SDO[word]) for word in _VOCABULARY.get(name, ())} | {str(RDF.type)}
        wrong += [f"{name}: {word}" for word in graph.predicates(thing) if str(word) not in known]
    return wrong


def is_term(node: Node, name: str) -> bool:
    """Return whether a value is one of schema.org's words."""
    return str(node) == str(SDO[name])
