"""How the values of a dish are written into a cell and read from it. What can't be read raises ValueError in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from menus.text import one_line

if TYPE_CHECKING:
    from menus.exchange.typed import Widget
else:
    from import_export.widgets import Widget

LABELS = 40
_PRICE = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,2})?", re.ASCII)
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")
_MOST_POSITION = 32_767


class Words(Widget):
    """A text of one line."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Return the text without control characters and repeated blanks."""
        return one_line(str(value))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the text."""
        return "" if value is None else str(value)


class Price(Words):
    """An amount, such as 7.50 or 7,50; empty for none."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Return the amount, with two decimals, or None."""
        text = str(value).strip()
        if not text:
            return None
        if not _PRICE.fullmatch(text):
            raise ValueError(_("“%(text)s” is no price: write one such as 7.50.") % {"text": text[:40]})
        return Decimal(text.replace(",", ".")).quantize(Decimal("0.01"))


class Codes(Words):
    """A list of codes, separated by commas or semicolons."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__()
        self.known = known

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Return the codes in the order of their list."""
        given = {part.strip().lower() for part in re.split("[,;]", str(value))} - {""}
        if odd := sorted(given - set(self.known)):
            raise ValueError(
                _("Nobody knows “%(odd)s”. Use only these: %(known)s.")
                % {"odd": ", ".join(odd)[:80], "known": ", ".join(self.known)}
            )
        return [code for code in self.known if code in given]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the codes, separated by commas."""
        return ", ".join(map(str, value or ()))


class Labels(Words):
    """A list of short texts, separated by semicolons."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Return the texts."""
        found = list(dict.fromkeys(filter(None, (one_line(part) for part in str(value).split(";")))))
        if len(found) > LABELS:
            raise ValueError(_("Use at most %(most)s labels.") % {"most": LABELS})
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the texts, separated by semicolons."""
        return "; ".join(map(str, value or ()))


class YesNo(Words):
    """The word yes or no."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Return whether it is yes; what is empty is."""
        text = str(value).strip().lower()
        if text not in (*_YES, *_NO, ""):
            raise ValueError(_("Write yes or no."))
        return text not in _NO

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the word."""
        return "yes" if value else "no"


class Position(Words):
    """A whole number, by which dishes are ordered."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Return the number; what is empty is 0."""
        text = str(value).strip() or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _MOST_POSITION):
            raise ValueError(_("Write a whole number up to %(most)d.") % {"most": _MOST_POSITION})
        return int(text)
