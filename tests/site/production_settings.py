"""The settings of production, with collected files in a folder of the test's own."""

from __future__ import annotations

import copy
import os
from typing import Any

from restaurant_site import settings as real

globals().update({name: getattr(real, name) for name in dir(real) if name.isupper()})
STATIC_ROOT = os.environ["COLLECTED"]
ROOT_URLCONF = "tests.site.failing_urls"
# What would stand in the log, were it written as Django writes it: the control of the search for people.
LOGGING: dict[str, Any] = copy.deepcopy(real.LOGGING)
LOGGING["formatters"]["raw"] = {"format": "%(name)s %(message)s"}
LOGGING["handlers"]["raw"] = {
    "class": "logging.FileHandler",
    "formatter": "raw",
    "filename": os.environ["RAW_LOG"],
}
LOGGING["root"]["handlers"].append("raw")
