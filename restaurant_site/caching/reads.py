"""A decorator for functions whose result is cached: arguments in, frozen dataclasses out."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import msgspec

from restaurant_site.caching import ahead
from restaurant_site.caching.keys import entry_key, token_key
from restaurant_site.caching.lookups import Found
from restaurant_site.caching.through import Layer

P = ParamSpec("P")
T = TypeVar("T")

_ARGUMENTS = (str, int, bool, dt.date, type(None))


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of a cached read: its layer, key and tags."""

    layer: Layer[Any]
    key: str
    tags: list[str]


@contextlib.contextmanager
def at_once(*questions: Asked) -> Iterator[None]:
    """Read what the block will ask for in one round trip; it is asked as ever, and one by one where this can't be.

    What is found is as old as the block's beginning, and each is used once: for
    who answers by what was so when they were asked.
    """
    if any(asked.layer.bypassed() for asked in questions):
        yield
        return
    keys = [[asked.key, *map(token_key, [*asked.layer.always, *asked.tags])] for asked in questions]
    with ahead.reading(questions[0].layer.store, keys):
        yield


class CachedRead(Generic[P, T]):
    """A function that answers from the cache where it can. ``fresh`` is the function itself."""

    def __init__(self, function: Callable[P, T], tags: Callable[P, Iterable[str]], seconds: float) -> None:
        functools.update_wrapper(self, function)
        self.fresh = function
        self._tags = tags
        self._seconds = seconds
        self._name = f"{function.__module__}.{function.__qualname__}"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result, cached or made now."""
        return self.found(*args, **kwargs).value

    def found(self, *args: P.args, **kwargs: P.kwargs) -> Found[T]:
        """Return the result, and how it was come by. Raises TypeError for an argument that names no key."""
        return self._layer.read(
            self._key(args, kwargs),
            functools.partial(self.fresh, *args, **kwargs),
            tags=sorted(set(self._tags(*args, **kwargs))),
            fresh=self._seconds,
        )

    def seen(self, *args: P.args, **kwargs: P.kwargs) -> Found[T | None]:
        """Return what is cached and counts now, without making it where there is none: then None, as miss or bypass."""
        return self._layer.seen(self._key(args, kwargs), sorted(set(self._tags(*args, **kwargs))))

    def asked(self, *args: P.args, **kwargs: P.kwargs) -> Asked:
        """Return the question of a call, for `at_once`."""
        return Asked(self._layer, self._key(args, kwargs), sorted(set(self._tags(*args, **kwargs))))

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        for value in (*args, *kwargs.values()):
            if type(value) not in _ARGUMENTS:
                raise TypeError(f"{self._name}: {value!r} can't stand in the key of a cached read.")
        arguments = ",".join([*map(repr, args), *(f"{name}={kwargs[name]!r}" for name in sorted(kwargs))])
        return entry_key("d", f"{self._name}({arguments})")

    @functools.cached_property
    def _layer(self) -> Layer[T]:
        # Late: the names in an annotation may not all be there while a module loads.
        shape = typing.get_type_hints(self.fresh)["return"]
        decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(_Box[shape])  # type: ignore[valid-type]
        return Layer(
            "data",
            "default",
            # Boxed, so that None is a value like any other.
            encode=lambda value: msgspec.msgpack.encode(_Box(value)),
            decode=lambda payload: decoder.decode(payload).value,
        )


class _Box(msgspec.Struct, Generic[T], array_like=True):
    value: T


def cached(*, tags: Callable[P, Iterable[str]], seconds: float = 600) -> Callable[[Callable[P, T]], CachedRead[P, T]]:
    """Cache what a function returns, under its name and arguments, until a tag is renewed.

    tags gets the function's arguments and returns the tags that a write to what
    it reads renews; it must not read anything. The return annotation says how
    the result is encoded: frozen dataclasses, tuples, dates, decimals; None and
    empty results are cached like any other. seconds is how long an entry is
    fresh; it is only made anew then, since a change is seen at once.

    Arguments are texts, numbers, dates and None.
    """

    def decorate(function: Callable[P, T]) -> CachedRead[P, T]:
        return CachedRead(function, tags, seconds)

    return decorate
