"""A decorator for functions whose result is cached: arguments in, frozen dataclasses out."""

from __future__ import annotations

import datetime as dt
import functools
import typing
from collections.abc import Callable, Iterable
from typing import Any, Generic, ParamSpec, TypeVar

import msgspec

from restaurant_site.caching.keys import entry_key
from restaurant_site.caching.lookups import Found
from restaurant_site.caching.through import Layer

P = ParamSpec("P")
T = TypeVar("T")

_ARGUMENTS = (str, int, bool, dt.date, type(None))


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
