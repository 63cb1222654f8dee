"""The site's settings, with the addresses of the checker beside its own."""

from restaurant_site.settings import *  # noqa: F403

ROOT_URLCONF = "tests.concurrency.stale.urls"
LOGGING_CONFIG = None
