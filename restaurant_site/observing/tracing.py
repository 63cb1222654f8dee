"""Traces for Azure Monitor, through its OpenTelemetry distribution: imported only where they are wanted.

A span is a request that Django answers, a statement of it, or a call to another
service. What leaves is a list of what may: routes instead of addresses, shapes of
statements, hosts; no values, no headers, no texts of exceptions.
"""

from __future__ import annotations

import os
import time
from typing import Final

from azure.monitor.opentelemetry import configure_azure_monitor
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from restaurant_site.observing import spans, statements
from restaurant_site.observing.current import Work, current_work
from restaurant_site.observing.metrics import METHODS
from restaurant_site.observing.spans import Answer

_OURS: Final = "restaurant_site"
_FAILED: Final = 500
KEPT: Final = frozenset(
    {
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "net.peer.name",
        "net.peer.port",
        "server.address",
        "server.port",
        "db.system",
        "db.statement",
        "az.namespace",
        "error.type",
        "site.request",
        "site.statements",
    }
)
"""The attributes that leave; everything else that a library notes stays here."""

# Microsoft's own measurements of its exporter, settings that it fetches, and a question to the virtual machine.
_QUIET: Final = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "azure_app_service",
    # Metrics are Prometheus's, and logs go to standard error, without people.
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_SERVICE_NAME": "restaurant-site",
}
_LIBRARIES: Final = {
    # Its middleware asks for the Host header ahead of the probes, which have one of their own; ours is in `spans`.
    "django": {"enabled": False},
    "requests": {"enabled": True},
    "azure_sdk": {"enabled": True},
    **{name: {"enabled": False} for name in ("fastapi", "flask", "httpx", "httpx2", "psycopg2", "urllib", "urllib3")},
}
_tracer = trace.get_tracer(_OURS)


def start() -> None:
    """Send spans from here on: in each process after the fork, since it starts threads.

    How many is said by OpenTelemetry's own variables (OTEL_TRACES_SAMPLER), by default five traces a second.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    configure_azure_monitor(
        connection_string=settings.APPLICATIONINSIGHTS_CONNECTION_STRING,
        disable_offline_storage=True,
        enable_live_metrics=False,
        enable_performance_counters=False,
        instrumentation_options=_LIBRARIES,
        span_processors=[Scrubbing()],
    )
    spans.of_request = _of_request
    statements.of_statement = _of_statement


def stop() -> None:
    """Send what is not sent yet; as a process ends."""
    if (shutdown := getattr(trace.get_tracer_provider(), "shutdown", None)) is not None:
        shutdown()


class Scrubbing(SpanProcessor):
    """Leaves in a span that ended what may leave; the exporter's processor comes behind it and sees no more."""

    def on_end(self, span: ReadableSpan) -> None:
        """Take the rest out."""
        # Once a span has ended there is no other way: https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-filter
        attributes = dict(span.attributes or {})
        span._attributes = {name: value for name, value in attributes.items() if name in KEPT}
        span._events = ()
        span._links = ()
        span._status = Status(span.status.status_code)
        scope = span.instrumentation_scope
        if scope is None or scope.name != _OURS:
            # The Azure libraries name a span by its address.
            host = span._attributes.get("server.address") or span._attributes.get("net.peer.name") or ""
            method = attributes.get("http.request.method") or attributes.get("http.method") or "call"
            span._name = f"{method} {host}".strip()


def _of_request(request: HttpRequest, answer: Answer) -> HttpResponseBase:
    """Let Django answer within a span, the child of a trusted proxy's."""
    with _tracer.start_as_current_span(
        "request",
        context=extract({"traceparent": str(request.META.get("HTTP_TRACEPARENT", ""))}),
        kind=SpanKind.SERVER,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        response = answer(request)
        told = _told(current_work(), request, response.status_code)
        span.update_name(f"{told['http.request.method']} {told['http.route']}")
        span.set_attributes(told)
        if response.status_code >= _FAILED:
            span.set_status(StatusCode.ERROR)
        return response


def _told(work: Work, request: HttpRequest, status: int) -> dict[str, str | int]:
    return {
        "http.request.method": request.method if request.method in METHODS else "other",
        "http.route": work.route or "none",
        "http.response.status_code": status,
        "site.request": work.id,
        "site.statements": work.statements,
    }


def _of_statement(sql: str, seconds: float, vendor: str) -> None:
    """Note a statement that has just ended."""
    # Most requests are not sampled: for them nothing is made of it.
    if not trace.get_current_span().is_recording():
        return
    now = time.time_ns()
    shape = statements.shape(sql)
    span = _tracer.start_span(
        shape.partition(" ")[0],
        kind=SpanKind.CLIENT,
        start_time=now - int(seconds * 1e9),
        attributes={"db.system": "mssql" if vendor == "microsoft" else vendor, "db.statement": shape},
    )
    span.end(now)
