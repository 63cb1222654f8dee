"""The site's settings without its own cache, and with one of the peers, which BENCH_PEER names.

cache_page, cacheops (its queries), cacheops_view (its cached_view_as) or
cachalot. Middlewares, templates and database are the site's. Each has a Redis
database of its own, which BENCH_REDIS_URL names.
"""

from __future__ import annotations

import os
from typing import Any

from restaurant_site import settings as site
from restaurant_site.settings import *  # noqa: F403 - settings are built upon settings

PEER = os.environ["BENCH_PEER"]
PEER_REDIS_URL = os.environ["BENCH_REDIS_URL"]

ROOT_URLCONF = "peers.urls"
_APPS = {"cacheops": "cacheops", "cacheops_view": "cacheops", "cachalot": "cachalot"}
# Ahead of the models: cacheops hooks into them while they are made.
INSTALLED_APPS = [*([_APPS[PEER]] if PEER in _APPS else []), *site.INSTALLED_APPS]

CACHE_ENABLED = False
CACHES = site.CACHES | {
    # As django-redis comes.
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": PEER_REDIS_URL, "TIMEOUT": 600}
}

# The site's templates, with their fragments rendered anew each time.
_engine: dict[str, Any] = site.TEMPLATES[0]
TEMPLATES = [_engine | {"OPTIONS": {**_engine["OPTIONS"], "libraries": {"caching": "peers.fragments"}}}]

CACHEOPS_REDIS = PEER_REDIS_URL
CACHEOPS = {"*.*": {"ops": "all" if PEER == "cacheops" else (), "timeout": 600}}
CACHALOT_TIMEOUT = 600
