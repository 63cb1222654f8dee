"""An application that tells which worker answers; at /slow it takes its time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

SECONDS = 0.6


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the worker's process id."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(SECONDS)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
