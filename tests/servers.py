"""A pytest plugin that gives the tests servers of their own, before Django's settings are read.

`pyproject.toml` loads it with ``-p``. DATABASE_URL and REDIS_URL replace them.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["SITE_ENV"] = "development"
os.environ["DEBUG"] = "false"

from restaurant_site import development

development.start_servers(Path(__file__).resolve().parent.parent, ["test"], instance="test")
