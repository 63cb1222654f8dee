"""The menu page as each contender serves it: the site, bare gunicorn, and the peers."""

from __future__ import annotations

import contextlib
import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.client import Answer, ask_once
from bench.ground import Ground, UnmeasurableError
from bench.serving import PACKAGES, Server, serving

SITE = "restaurant_site.wsgi:application"
PLAIN = "peers.plain:application"
_PEER = "peers.wsgi:application"
_DATABASES = {"cache_page": 1, "cacheops": 2, "cacheops_view": 3, "cachalot": 4}
_INSTALLED = {"cacheops": "cacheops", "cacheops_view": "cacheops", "cachalot": "cachalot"}
WHOLE_PAGES = ("cache_page", "cacheops_view")
"""The peers that keep the page; the others keep its queries."""
# Of the message, and gunicorn's own.
_GUNICORN = frozenset({"server", "date", "connection"})


@contextlib.contextmanager
def raw(function: str, answer: Answer, core: int) -> Iterator[Server]:
    """Serve the bytes of an answer of the site's by `peers.raw.bare` or `peers.raw.same_headers`."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "body").write_bytes(answer.body)
        headers = [pair for pair in answer.headers if pair[0].lower() not in _GUNICORN]
        Path(folder, "headers.json").write_text(json.dumps(headers), encoding="utf-8")
        with serving(f"peers.raw:{function}", {"BENCH_ANSWER": folder}, core=core) as server:
            yield server


@contextlib.contextmanager
def peer(name: str, ground: Ground, *, workers: int = 1, core: int | None = None) -> Iterator[Server]:
    """Serve the site's pages without its cache, the menu page under a peer. Raises UnmeasurableError without it."""
    package = _INSTALLED.get(name)
    if package and not (PACKAGES / package).is_dir():
        raise UnmeasurableError(f"{package} is not installed: `make bench` does it")
    environment: Mapping[str, str] = {
        "BENCH_PEER": name,
        "BENCH_REDIS_URL": ground.redis(_DATABASES[name]),
        "DJANGO_SETTINGS_MODULE": "peers.settings",
        # The site's own cache is out of the way.
        "REDIS_URL": "none",
    }
    with serving(_PEER, environment, workers=workers, core=core, packages=bool(package)) as server:
        yield server


def hit(server: Server, path: str) -> Answer:
    """Return the site's answer from its cache, with the page's tags known to the worker."""
    for _time in range(4):
        answer = ask_once(server.port, path)
    if answer.header("X-Cache") != "hit":
        raise UnmeasurableError(f"the site did not serve {path} from its cache: {answer.headers}")
    return answer


def check_same(name: str, server: Server, path: str, wanted: Answer) -> None:
    """Raise ValueError where a peer does not send the page that the site sends, in gzip, or not from its cache."""
    answer, again = ask_once(server.port, path), ask_once(server.port, path)
    if answer.header("Content-Encoding") != "gzip" or gzip.decompress(answer.body) != gzip.decompress(wanted.body):
        raise ValueError(f"{name} sends another page than the site.")
    if (answer.header("X-Made") == again.header("X-Made")) != (name in WHOLE_PAGES):
        raise ValueError(f"{name} keeps the whole page, or does not, other than expected.")
