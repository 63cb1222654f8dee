"""A menu page of 40 dishes from the cache, by the worker's CPU for a request, against gunicorn and the peers.

One gunicorn with one worker for each contender, all on one core, the client on
another; short slices, contender by contender. A ratio is another's CPU divided
by the site's: above 1 the site is cheaper. The raw contenders are a WSGI
function that sends the gzip body which the site sends. The site's worker is
measured with its heartbeat.

    python benchmarks/page_hits.py [--json]
"""

from __future__ import annotations

import contextlib
import gzip
import os

from bench.contenders import SITE, check_same, hit, peer, raw
from bench.ground import UnmeasurableError, ground
from bench.serving import cores, pin, pin_redis, serving
from bench.slices import Contender, costs, ratios
from bench.telling import Samples, left_out, note, tell

ROUNDS = 40
SECONDS = 30.0
# Whatever renders the page takes as long for a few requests as the others for hundreds.
FEW = 4
PEERS = {"cacheops": FEW, "cacheops_view": 200, "cachalot": FEW}
AIMS = {"page_hit_vs_raw": "at least 0.50", "page_hit_vs_cache_page": "at least 2.5"}


def measure() -> Samples:
    """Return the ratios of every round."""
    client, workers = cores()
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(ground())
        from bench import data

        data.make()
        pin_redis(found.redis_url, client)
        site = stack.enter_context(serving(SITE, core=workers))
        answer = hit(site, data.MENU)
        note(f"the page: {len(gzip.decompress(answer.body))} bytes, {len(answer.body)} in gzip")
        bare = stack.enter_context(raw("bare", answer, workers))
        same = stack.enter_context(raw("same_headers", answer, workers))
        whole = stack.enter_context(peer("cache_page", found, core=workers))
        check_same("cache_page", whole, data.MENU, answer)
        contenders = [
            Contender("page_hit", site, data.MENU),
            Contender("not_modified", site, data.MENU, headers={"If-None-Match": answer.header("ETag")}, status=b"304"),
            Contender("raw", bare, data.MENU),
            Contender("raw_same_headers", same, data.MENU),
            Contender("cache_page", whole, data.MENU),
            Contender("empty_view", whole, "/empty/"),
        ]
        for name, requests in PEERS.items():
            try:
                server = stack.enter_context(peer(name, found, core=workers))
            except UnmeasurableError as error:
                left_out(f"page_hit_vs_{name}", str(error))
                continue
            check_same(name, server, data.MENU, answer)
            contenders.append(Contender(name, server, data.MENU, requests))
        pin(os.getpid(), client)
        spent = costs(contenders, ROUNDS, SECONDS)
    others = [name for name in spent if name not in ("page_hit", "not_modified")]
    samples = {f"page_hit_vs_{name}": ratios(spent, name, "page_hit") for name in others}
    return samples | {"not_modified_vs_raw": ratios(spent, "raw", "not_modified")}


if __name__ == "__main__":
    tell("A page from the cache: CPU of the other / CPU of the site", measure, AIMS)
