"""The settings of production, with collected files in a folder of the test's own."""

from __future__ import annotations

import os

from restaurant_site import settings as real

globals().update({name: getattr(real, name) for name in dir(real) if name.isupper()})
STATIC_ROOT = os.environ["COLLECTED"]
