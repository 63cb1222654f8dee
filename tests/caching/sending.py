"""How hostile requests are sent, and what of an answer belongs to a page."""

from __future__ import annotations

from tests.caching.asking import Told
from tests.caching.pages_here import OF_THE_MOMENT
from tests.conftest import Site
from tests.wire import Wire

PATHS = [
    "/",
    "/restaurants/here/",
    "/restaurants/here/menu/",
    "/de/restaurants/here/",
    "/sitemap.xml",
    "/sitemap-1.xml",
]


def sent(site: Site, line: bytes, *headers: bytes, body: bytes = b"", host: bytes = b"127.0.0.1") -> Told:
    """Send a request as it is, and return the answer as it came."""
    host_lines = () if any(header.lower().startswith(b"host:") for header in headers) else (b"Host: " + host,)
    request = b"\r\n".join([line + b" HTTP/1.1", *host_lines, b"Connection: close", *headers, b"", body])
    answer = Wire(site.url).raw(request)
    head, _, rest = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    told = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    return Told(int(lines[0].split()[1]) if lines[0] else 0, told, rest)


def page_of(answer: Told) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what of an answer is the page's, not the moment's."""
    return answer.status, sorted(pair for pair in answer.headers if pair[0] not in OF_THE_MOMENT), answer.body
