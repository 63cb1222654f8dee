"""Which answers get no line of their own in the log."""

from __future__ import annotations

from typing import Final, TypeVar

from django.http.response import HttpResponseBase

R = TypeVar("R", bound=HttpResponseBase)

_LOGGED: Final = "_has_been_logged"
"""Django's name for it."""


def unlogged(response: R) -> R:
    """Return an answer of which Django writes no line: one that is counted elsewhere, and may come in a flood."""
    setattr(response, _LOGGED, True)
    return response
