"""Django's WSGI handler as the site uses it, around which the page cache lies."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

from restaurant_site.caching.pages import PageCache


class Utf8Request(WSGIRequest):
    """A request whose text is UTF-8, whatever charset its sender claims.

    Browsers send UTF-8. Django believes a ``charset`` parameter and looks it up
    before any middleware runs: an unknown one is an error of the server, and
    one such as utf-7 smuggles in what no database takes.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Read the content type; leave the encoding as it is."""
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        self.content_params.pop("charset", None)


class Utf8Handler(WSGIHandler):
    """Django's handler, with requests that are UTF-8."""

    request_class = Utf8Request


def make_application() -> PageCache:
    """Return the whole site: the page cache with Django behind it. Django must be set up."""
    return PageCache(Utf8Handler())
