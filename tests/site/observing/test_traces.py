"""Traces leave the site only where that is asked for, and with nothing of a person."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.conftest import ROOT, database_url
from tests.factories import make_venue

TYPED = "zyxa.quellenhofer@gast.example"

WALK = """
import io, os, sys
from restaurant_site.wsgi import application
TYPED, slug = sys.argv[1:]
def ask(path, query="", **more):
    told = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr, "REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": TYPED, **more}
    answer = application(environ, lambda status, headers, exc=None: told.append((status, dict(headers))))
    b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return told[0]
print(ask(f"/restaurants/{slug}/times/", "date=2030-01-01&party=2&q=" + TYPED)[1]["X-Request-ID"])
ask(f"/restaurants/{slug}/reservations/{TYPED}/")
assert ask("/healthz", HTTP_HOST="169.254.1.2")[0].startswith("200")
TRACING = ("opentelemetry.sdk.trace", "opentelemetry.instrumentation", "azure.monitor")
loaded = any(name.startswith(TRACING) for name in sys.modules)
assert loaded == bool(os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING")), "loaded" if loaded else "not loaded"
if loaded:
    import requests
    from django.db import DatabaseError, connection
    from opentelemetry import trace
    with trace.get_tracer("restaurant_site").start_as_current_span("request"):
        requests.get(os.environ["ELSEWHERE"] + "/" + TYPED + "?q=" + TYPED, headers={"X-Typed": TYPED})
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'literal-of-a-person', %s", [TYPED])
    try:
        with trace.get_tracer("library").start_as_current_span("GET /" + TYPED) as span:
            span.set_attribute("url.path", "/" + TYPED)
            raise ValueError(TYPED)
    except ValueError:
        pass
from restaurant_site.observing import beginning
beginning.end()
"""


class Insights(HTTPServer):
    """Takes telemetry as Application Insights does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.items: list[dict[str, Any]] = []
        self.bodies = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Insights

    def do_GET(self) -> None:
        self._answer(b"elsewhere")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        items = json.loads(body)
        self.server.bodies += body
        self.server.items += items
        self._answer(json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def insights() -> Iterator[Insights]:
    server = Insights()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def walk(slug: str, **variables: str) -> str:
    """Serve some requests in a process of its own, and return the id of the first."""
    environment = os.environ | {"DATABASE_URL": database_url(), "SITE_ENV": "development", **variables}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WALK, TYPED, slug],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done.stdout.decode().splitlines()[0]


@pytest.mark.django_db(transaction=True)
def test_spans_arrive_and_hold_nothing_that_was_typed(insights: Insights) -> None:
    venue = make_venue()
    id_ = walk(
        venue.slug,
        APPLICATIONINSIGHTS_CONNECTION_STRING=(
            f"InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint={insights.url}/"
        ),
        OTEL_TRACES_SAMPLER="always_on",
        ELSEWHERE=insights.url,
    )
    told = {item["data"]["baseData"].get("name") for item in insights.items}
    assert {"GET /restaurants/<slug:slug>/times/", "SELECT", "GET /"} <= told
    of_request = [item for item in insights.items if id_ in json.dumps(item)]
    assert of_request
    statements = json.dumps([item for item in insights.items if "SELECT" in json.dumps(item)])
    assert "SELECT ?, %s" in statements
    for word in (TYPED, TYPED.replace("@", "%40"), "203.0.113.77", "literal-of-a-person", venue.slug, "ValueError"):
        assert word not in insights.bodies.decode(), word


@pytest.mark.django_db(transaction=True)
def test_without_its_variable_the_library_is_not_imported() -> None:
    walk(make_venue().slug, APPLICATIONINSIGHTS_CONNECTION_STRING="")
