"""The accent of a restaurant: a colour that its pages are kept in, and that everybody can read."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from restaurant_site import colours


def validate_accent(text: str) -> None:
    """Raise ValidationError unless the text is a colour that stands out from the page; then name the nearest."""
    colour = colours.written(text)
    if colour is None or colour != text:
        raise ValidationError(_("Write the colour with six digits, such as #1f5a48."), code="no_colour")
    if not colours.works(colour):
        raise ValidationError(
            _(
                "%(colour)s is too light: buttons in it would not stand out from the page. "
                "The nearest colour that works is %(nearest)s."
            ),
            code="too_light",
            params={"colour": colour, "nearest": colours.nearest(colour)},
        )
