"""Runs a coroutine in a thread of its own: after the browser's tests this thread has an event loop already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Await what work() returns, and close the database connections of its thread."""

    def alone() -> None:
        try:
            asyncio.run(work())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(alone).result(60)
