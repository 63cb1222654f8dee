"""``manage.py warm_cache``: make the public pages before the first visitor asks, slowly enough to disturb nobody."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import translation

from reservations.importing.progress import Progress
from reservations.queries import venue
from restaurant_site.caching import store
from restaurant_site.handler import make_application
from restaurant_site.observing.answering import Watched


class Command(BaseCommand):
    """Ask for every public page once, in this process, as a visitor would."""

    help = "Fill the page cache: home, every restaurant and its menu, in every language, and the sitemap."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--host", default="", help="the host name that visitors use; the first of ALLOWED_HOSTS")
        parser.add_argument("--per-second", type=float, default=20, help="at most so many pages a second (20)")
        parser.add_argument("--most", type=int, default=0, metavar="N", help="only the first N restaurants (0: all)")

    def handle(self, *, host: str, per_second: float, most: int, **_options: Any) -> None:
        """Warm the cache and tell what was found."""
        host = host or _first_host()
        if not 0.01 <= per_second <= 10_000:
            raise CommandError("--per-second: use a number from 0.01 to 10000.")
        if most < 0:
            raise CommandError("--most: use a number above 0, or 0 for all.")
        if store.state() != "ok":
            raise CommandError(_away())
        application = make_application()
        paths = list(_paths(most))
        progress = Progress(
            lambda text: self.stderr.write(text, ending=""), total=len(paths), live=self.stderr.isatty()
        )
        started = time.monotonic()
        seen: Counter[str] = Counter()
        for number, path in enumerate(paths):
            wait = started + number / per_second - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            status, how = _ask(application, path, host)
            if status == "400":
                progress.clear()
                raise CommandError(f"The site does not answer to {host!r}: give a name of ALLOWED_HOSTS with --host.")
            if how == "bypass" and store.state() != "ok":
                progress.clear()
                raise CommandError(_away())
            seen[how if status == "200" else f"status {status}"] += 1
            progress(number + 1)
        progress.clear()
        told = ", ".join(f"{number} {how}" for how, number in sorted(seen.items()))
        self.stdout.write(f"{len(paths)} pages of {host} in {time.monotonic() - started:.0f} s: {told}")


def _first_host() -> str:
    for host in settings.ALLOWED_HOSTS:
        if host.strip(".*"):
            return str(host).lstrip(".")
    raise CommandError("ALLOWED_HOSTS names no host: give one with --host.")


def _paths(most: int) -> Iterator[str]:
    slugs: list[str] = []
    for part in range(1, venue.parts() + 1):
        slugs += venue.slugs(part)
    slugs = slugs[:most] if most else slugs
    yield reverse("sitemap")
    for part in range(1, venue.parts() + 1):
        yield reverse("sitemap_part", kwargs={"part": part})
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            pages = [reverse("home")]
            pages += [reverse(name, kwargs={"slug": slug}) for slug in slugs for name in ("restaurant", "menu")]
        yield from pages


def _ask(application: Watched, path: str, host: str) -> tuple[str, str]:
    """Ask the site's own application for a page; return the status, and what X-Cache says."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": host.partition(":")[0],
        "SERVER_PORT": host.partition(":")[2] or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "wsgi.url_scheme": "https" if settings.SECURE_SSL_REDIRECT else "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if settings.SECURE_PROXY_SSL_HEADER and settings.SECURE_SSL_REDIRECT:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        environ[name] = value
    told: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None, /) -> Any:
        told.append((status[:3], dict(headers)))
        return lambda _data: None

    chunks = application(environ, start)
    try:
        for _chunk in chunks:
            pass
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, headers = told[-1]
    return status, headers.get("X-Cache", "")


def _away() -> str:
    return f"Redis is not used at the moment, so nothing can be filled. {store.store('pages').gate.reason}"
