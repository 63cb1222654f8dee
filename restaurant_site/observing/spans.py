"""The middleware of traces: nothing, until `tracing` says what a request's span is."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]

of_request: Callable[[HttpRequest, Answer], HttpResponseBase] | None = None


class Spans:
    """Answer within a span where traces are sent. In the settings only then."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer."""
        return self.get_response(request) if of_request is None else of_request(request, self.get_response)
