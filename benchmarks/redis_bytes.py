"""What a page of 40 dishes takes in Redis: its entry, and the tokens of its tags, which other pages share.

By MEMORY USAGE, with the key and Redis's own bookkeeping. One figure; median,
minimum and maximum are the same.

    python benchmarks/redis_bytes.py [--json]
"""

from __future__ import annotations

import gzip

from bench.contenders import SITE, hit
from bench.ground import UnmeasurableError, ground
from bench.serving import serving
from bench.telling import Samples, note, tell


def measure() -> Samples:
    """Return the bytes of the menu page."""
    with ground():
        from bench import data

        data.make()
        with serving(SITE) as site:
            answer = hit(site, data.MENU)
            entry, tokens = _stored(f"http://127.0.0.1:{site.port}{data.MENU}?")
    note(f"{len(gzip.decompress(answer.body))} bytes of HTML, {len(answer.body)} in gzip")
    note(f"the entry takes {entry} bytes, its {len(tokens)} tokens {sum(tokens)}")
    return {"redis_bytes_per_page": [float(entry + sum(tokens))]}


def _stored(address: str) -> tuple[int, list[int]]:
    """Return what the entry of a page takes, and each of its tokens."""
    from restaurant_site.caching import entries, pages
    from restaurant_site.caching.keys import entry_key, token_key

    store = pages.layer.store
    key = entry_key("p", address)
    entry = entries.decode(store.read([key]).get(key))
    if entry is None:
        raise UnmeasurableError(f"no entry of {address}")
    server = store.client.get_client(write=False)

    def usage(name: str) -> int:
        return int(server.memory_usage(str(store.client.make_key(name)), samples=0))

    return usage(key), [usage(token_key(tag)) for tag in entry.tags]


if __name__ == "__main__":
    tell("A page of 40 dishes in Redis", measure, {})
