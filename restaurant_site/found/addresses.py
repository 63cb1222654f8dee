"""The one address by which each public page is known, that of the same page in every other language, its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from restaurant_site.colours import DARK, LIGHT

THEME = {"light": LIGHT.paper, "dark": DARK.paper}
"""The colour of the browser's own parts around a page: those of the page itself."""

X_DEFAULT = "x-default"
"""Stands for whoever reads none of the site's languages."""


@dataclass(frozen=True, slots=True)
class Alternate:
    """A page in one language: its code, as hreflang has it, and the path."""

    code: str
    path: str


def absolute(path: str) -> str:
    """Return a path of the site as everybody reaches it: below ``SITE_URL``, whatever host was asked."""
    return path if "://" in path else f"{settings.SITE_URL}{path}"


def alternates(name: str, **kwargs: Any) -> list[Alternate]:
    """Return a page in every language of the site, and last the one for readers of none of them."""
    paths = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            paths[code] = reverse(name, kwargs=kwargs)
    paths[X_DEFAULT] = paths[settings.LANGUAGE_CODE]
    return [Alternate(code, path) for code, path in paths.items()]
