"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")


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


django.setup(set_prefix=False)
# Behind the set-up, since it has a model.
from restaurant_site.caching import heartbeat  # noqa: E402
from restaurant_site.caching.pages import PageCache  # noqa: E402

application = PageCache(Utf8Handler())
heartbeat.start()
