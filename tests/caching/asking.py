"""How the tests of whole pages ask: the application in this process, each of two workers, and what Redis then holds."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.core.cache import caches
from django.db.models.functions import Now

from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.pages import layer
from restaurant_site.handler import make_application
from restaurant_site.observing.answering import Watched
from tests.conftest import Site
from tests.pages import Page, read

# What the site writes into Redis on its own, whoever asks for what.
_HOUSEKEEPING = ("stats:", "heartbeat", "replay", "sweep")


@dataclass(frozen=True)
class Told:
    """What the application answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, "" where there is none."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), "")

    @property
    def how(self) -> str:
        """What X-Cache says."""
        return self.header("X-Cache")

    @property
    def page(self) -> Page:
        """The page, read."""
        return read(self.body)


def application() -> Watched:
    """Return the site's application as a worker has it that has just started; without the threads of a worker."""
    layer.hints.clear()
    layer.passes.clear()
    return make_application()


def ask(app: Any, target: str, method: str = "GET", *, host: str = "testserver", **headers: str) -> Told:
    """Ask an application of this process; underscores in the names of headers stand for hyphens."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, told: list[tuple[str, str]], _error: Any = None, /) -> Any:
        begun.append((status, told))
        return lambda _data: None

    chunks = app(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, told = begun[-1]
    return Told(int(status[:3]), told, body)


def keys() -> set[str]:
    """Return the keys in Redis, without those that come and go by themselves."""
    client = caches["default"].client.get_client()  # type: ignore[attr-defined]
    found = {key.decode() for key in client.keys("*")}
    return {key for key in found if not any(f":{word}" in key for word in _HOUSEKEEPING)}


def page_keys() -> list[str]:
    """Return the keys of the stored pages."""
    return sorted(key for key in keys() if key.startswith("pages:") and ":p:" in key and ":lock:" not in key)


def settle() -> None:
    """Confirm what this process wrote: else a worker sweeps it two seconds later, which costs a miss at any moment."""
    Invalidation.objects.filter(confirmed_at=None).update(confirmed_at=Now())


def forget() -> None:
    """Empty Redis, as a restart of it does."""
    caches["default"].clear()


class Worker:
    """One worker of the served site, over a connection that it keeps."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection

    def get(self, path: str, **headers: str) -> Told:
        """Ask this worker for a page."""
        self.connection.request("GET", path, headers={name.replace("_", "-"): given for name, given in headers.items()})
        answer = self.connection.getresponse()
        return Told(answer.status, answer.getheaders(), answer.read())


@contextmanager
def both_workers(site: Site) -> Iterator[tuple[Worker, Worker]]:
    """Connect to both workers of the site: the kernel decides who accepts, so connect until each has."""
    url = urlsplit(site.url)
    assert url.hostname
    found: dict[int, http.client.HTTPConnection] = {}
    opened: list[http.client.HTTPConnection] = []
    deadline = time.monotonic() + 20
    try:
        while len(found) < 2:
            assert time.monotonic() < deadline, "one worker accepts everything"
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
            opened.append(connection)
            Worker(connection).get("/healthz")
            assert connection.sock is not None
            found.setdefault(_process_of(site, connection.sock.getsockname()[1]), connection)
        first, second = found.values()
        yield Worker(first), Worker(second)
    finally:
        for connection in opened:
            connection.close()


def _process_of(site: Site, client_port: int) -> int:
    """Return the worker that holds the other end of a connection from this port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    server_port = urlsplit(site.url).port
    inode = next(
        line[9]
        for line in lines
        if int(line[1].split(":")[1], 16) == server_port and int(line[2].split(":")[1], 16) == client_port
    )
    for child in site.workers():
        for descriptor in Path(f"/proc/{child}/fd").iterdir():
            try:
                if str(descriptor.readlink()) == f"socket:[{inode}]":
                    return child
            except OSError:
                continue
    raise AssertionError("no worker holds the connection")
