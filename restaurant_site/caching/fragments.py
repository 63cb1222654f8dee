"""Rendered pieces of pages, by name and plain arguments.

A fragment is a function of its arguments and the language alone: it sees no
request and no context, so that what stands in it can only come from cached
reads, whose tags it gathers.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from restaurant_site.caching.keys import entry_key
from restaurant_site.caching.stamps import do_not_store
from restaurant_site.caching.through import Layer

Context = Callable[..., dict[str, Any]]

_ARGUMENTS = (str, int, bool, dt.date, type(None))


@dataclass(frozen=True, slots=True)
class _Fragment:
    template: str
    context: Context
    seconds: float
    optional: bool


_fragments: dict[str, _Fragment] = {}
_layer: Layer[SafeString] = Layer(
    "fragment",
    "default",
    encode=lambda text: text.encode(),
    # Made by Django's templates, which escaped it.
    decode=lambda payload: mark_safe(payload.decode()),  # noqa: S308
    sql=False,
)


def fragment(template: str, *, seconds: float = 600, optional: bool = False) -> Callable[[Context], Context]:
    """Make a fragment of a template, under the function's name; it returns the context from cached reads alone.

    An optional one is left out while the database is away, rather than taking
    the whole page with it.
    """

    def decorate(function: Context) -> Context:
        name = function.__name__
        if name in _fragments:
            raise ValueError(f"There is a fragment {name!r} already.")
        _fragments[name] = _Fragment(template, function, seconds, optional)
        return function

    return decorate


def rendered(name: str, *args: object) -> SafeString:
    """Return a fragment in the active language.

    Raises KeyError for an unknown name, TypeError for an argument that names no key.
    """
    found = _fragments[name]
    for value in args:
        if not isinstance(value, _ARGUMENTS):
            raise TypeError(f"{name}: {value!r} can't stand in the key of a fragment.")
    # A translated or safe text is the same key as the plain one.
    plain = [str(value) if isinstance(value, str) else value for value in args]
    key = entry_key("f", f"{get_language()}.{name}({','.join(map(repr, plain))})")
    make = functools.partial(_render, found, args)
    try:
        return _layer.read(key, make, tags=None, fresh=found.seconds).value
    except (OperationalError, InterfaceError):
        if not found.optional:
            raise
        do_not_store("a fragment is missing")
        return SafeString()


def _render(found: _Fragment, args: tuple[object, ...]) -> SafeString:
    return render_to_string(found.template, found.context(*args))
