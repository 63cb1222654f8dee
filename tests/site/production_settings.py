"""The settings of production, with collected files in a folder of the test's own."""

from __future__ import annotations

import os

from restaurant_site import settings as real

globals().update({name: getattr(real, name) for name in dir(real) if name.isupper()})
STATIC_ROOT = os.environ["COLLECTED"]
ROOT_URLCONF = "tests.site.failing_urls"
# What would stand in the log, were it written as Django writes it: the control of the search for people.
LOGGING = {
    **real.LOGGING,
    "formatters": {**real.LOGGING["formatters"], "raw": {"format": "%(name)s %(message)s"}},
    "handlers": {
        **real.LOGGING["handlers"],
        "raw": {"class": "logging.FileHandler", "formatter": "raw", "filename": os.environ["RAW_LOG"]},
    },
    "root": {**real.LOGGING["root"], "handlers": [*real.LOGGING["root"]["handlers"], "raw"]},
}
