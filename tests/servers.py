"""A pytest plugin that gives the tests servers of their own, before Django's settings are read.

`pyproject.toml` loads it with ``-p``. DATABASE_URL and REDIS_URL replace them. Each process
of pytest-xdist has a PostgreSQL and a Redis of its own: tests stop them, freeze them and
empty them, which no other test may notice.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ["SITE_ENV"] = "development"
os.environ["DEBUG"] = "false"
# All tests come from one address; those of limits switch them on.
os.environ.setdefault("LIMITS_SCALE", "0")
# The tests make their own, and none of a server that is somebody's.
os.environ["DATABASE_REPLICA_URL"] = ""

from restaurant_site import development

# A folder that ends with the process; the tests that look into it make one each.
_photos = tempfile.TemporaryDirectory(prefix="photos-")
os.environ["PHOTOS_URL"] = Path(_photos.name).as_uri()

# What is ours of them, told to the processes that this one starts.
_OURS = "TEST_SERVERS"
_NAMES = ("DATABASE_URL", "REDIS_URL")
_MOST = 4


def _start() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        for name in os.environ[_OURS].split():
            os.environ.pop(name, None)
    given = {name for name in _NAMES if os.environ.get(name)}
    development.start_servers(
        Path(__file__).resolve().parent.parent, ["test"], instance=f"test-{worker}" if worker else "test"
    )
    if not worker:
        os.environ[_OURS] = " ".join(name for name in _NAMES if name not in given)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes ``-n auto`` is: one a core, and one in all on a Redis that was given.

    A database is made for each process on a server that was given; a Redis is emptied as a whole.
    """
    if "REDIS_URL" not in os.environ[_OURS].split():
        config.option.dist = "no"
        return 0
    return min(os.cpu_count() or 1, _MOST)


_start()
