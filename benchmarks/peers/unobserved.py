"""The site without what tells of each request: no id, no line in the access log, no metrics."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")
django.setup(set_prefix=False)

# Behind the set-up: the cache has a model.
from restaurant_site.caching import heartbeat  # noqa: E402
from restaurant_site.caching.pages import PageCache  # noqa: E402
from restaurant_site.database import waits  # noqa: E402
from restaurant_site.handler import Utf8Handler  # noqa: E402

waits.bound(waits.WEB)
application = PageCache(Utf8Handler())
heartbeat.start()
