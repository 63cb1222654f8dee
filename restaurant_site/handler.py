"""Django's WSGI handler as the site uses it, around which the page cache lies."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from restaurant_site.caching.pages import PageCache
from restaurant_site.observing.answering import Watched
from restaurant_site.observing.current import current_work


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

    def resolve_request(self, request: HttpRequest) -> Any:
        """Find the view, and note which route led to it."""
        match = super().resolve_request(request)
        current_work().route = f"/{match.route}"
        return match


def make_application() -> Watched:
    """Return the whole site: the page cache with Django behind it, and ahead of both what tells of each request.

    Django must be set up.
    """
    return Watched(PageCache(Utf8Handler()))
