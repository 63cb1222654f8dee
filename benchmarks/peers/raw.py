"""Two WSGI functions that send the bytes that the site sent, and do nothing else.

BENCH_ANSWER names a folder with the body and the headers of the site's answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_folder = Path(os.environ["BENCH_ANSWER"])
_body = (_folder / "body").read_bytes()
_all = [(name, value) for name, value in json.loads((_folder / "headers.json").read_text())]
_few = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(_body)))]


def bare(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Send the body with its type and length."""
    start_response("200 OK", _few)
    return [_body]


def same_headers(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Send the body with every header that the site sends."""
    start_response("200 OK", _all)
    return [_body]
