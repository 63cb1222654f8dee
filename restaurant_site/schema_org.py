"""What machines are told of a page, in schema.org's words. Knows no restaurant.

Documents are plain dictionaries, so that they can be compared with the database
in a test; `script` is the one way in which they reach a page or a mail.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

Thing = dict[str, Any]

# As Django's json_script has them: nothing that is said ends the element, or begins another.
_ESCAPED = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def thing(kind: str, **values: Any) -> Thing:
    """Return a thing of schema.org of this type, without what is None, "" or an empty list."""
    return {"@type": kind} | {name: value for name, value in values.items() if value not in (None, "", [], {})}


def term(name: str) -> str:
    """Return the address of one of schema.org's words, such as InStock."""
    return f"https://schema.org/{name}"


def script(document: Thing) -> SafeString:
    """Return a document as JSON-LD in its element.

    The element is data: browsers don't run it, so that the content security
    policy needs no exception for it.
    """
    text = json.dumps({"@context": "https://schema.org", **document}, ensure_ascii=False, separators=(",", ":"))
    escaped = text.translate(_ESCAPED)
    return mark_safe(f'<script type="application/ld+json">{escaped}</script>')  # noqa: S308 - escaped above


def postal_address(*, street: str, postcode: str, city: str, country: str) -> Thing | None:
    """Return a postal address, country as ISO 3166 has it, or None where nothing of it is known."""
    found = thing(
        "PostalAddress", streetAddress=street, postalCode=postcode, addressLocality=city, addressCountry=country
    )
    return found if len(found) > 1 else None
