"""The languages that a restaurant's own texts may be in, all that Django knows by name; lists of words in one line."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

# The others are spellings of one of these.
CODES = frozenset(code for code, known in LANG_INFO.items() if "name" in known)

_BETWEEN = {"ja": "、"}


def validate_language(code: str) -> None:
    """Raise ValidationError unless the code is of a language that Django knows, such as ``fr`` or ``zh-hans``."""
    if code not in CODES:
        raise ValidationError(_("“%(code)s” is not a language that is known here."), params={"code": code})


def language_choices() -> list[tuple[str, str]]:
    """Return every language as (code, name in the active language and in itself), by name."""
    named = [(code, gettext(LANG_INFO[code]["name"]), str(LANG_INFO[code]["name_local"])) for code in CODES]
    return [
        (code, name if name == local else f"{name} – {local}")
        for code, name, local in sorted(named, key=lambda language: language[1].casefold())
    ]


def listed(words: Iterable[str]) -> str:
    """Return words as a list in one line, with what the active language puts between them."""
    return _BETWEEN.get((get_language() or "").split("-")[0], ", ").join(words)
