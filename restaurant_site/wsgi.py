"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")
django.setup(set_prefix=False)

# Behind the set-up: the cache has a model.
from restaurant_site.caching import heartbeat  # noqa: E402
from restaurant_site.database import waits  # noqa: E402
from restaurant_site.handler import make_application  # noqa: E402
from restaurant_site.observing import beginning  # noqa: E402

waits.bound(waits.WEB)
application = make_application()
heartbeat.start()
beginning.begin()
