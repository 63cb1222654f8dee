"""Reads compose.yaml as Compose does: variables filled in, secrets and mounts by name."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.hosting.dockerfile import ROOT

FILE = ROOT / "compose.yaml"
# The innermost first: a default may hold another.
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^{}]*))?\}")


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Return a value with every ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?why}`` filled in.

    Raises KeyError where one is missing that has no default.
    """
    if isinstance(value, dict):
        return {name: filled(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, variables) for one in value]
    while isinstance(value, str) and (match := _VARIABLE.search(value)):
        name, how, more = match.groups()
        given = variables.get(name, "")
        if not given and how != ":-":
            raise KeyError(f"{name}: {more}")
        value = value[: match.start()] + (given or more) + value[match.end() :]
    return value


def asked() -> set[str]:
    """Return the variables that the file asks of who runs it."""
    return set(re.findall(r"\$\{(\w+)", FILE.read_text(encoding="utf-8")))


def read(variables: dict[str, str]) -> dict[str, Any]:
    """Return the whole file as Compose sees it."""
    found = filled(yaml.safe_load(FILE.read_text(encoding="utf-8")), variables)
    assert isinstance(found, dict)
    return found
