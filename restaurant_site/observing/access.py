"""The access log: one line a request on standard output, written together by a thread, some times a second.

A line costs the request that it tells of little more than its text. No line
has anything that was sent: an address is its route, and nobody's own address is there.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from typing import Final

from restaurant_site.observing.current import _Work

EVERY: Final = 0.25
"""Seconds between two writes; so much of the log a process that is killed takes with it."""
MOST: Final = 20_000
"""Lines that wait while nobody takes them, such as on a full disk; beyond them lines are lost, and counted."""

is_on = False
is_json = True

_lines: deque[str] = deque()
_names: dict[str, str] = {}
_second = (0, "")
_lost = 0
_started: int | None = None
_writing = threading.Lock()


def start(*, as_json: bool) -> None:
    """Write the log from here on, by a thread of this process."""
    global is_on, is_json, _started
    is_on, is_json = True, as_json
    if _started == os.getpid():
        return
    _started = os.getpid()
    _lines.clear()
    threading.Thread(target=_write_on, name="access-log", daemon=True).start()


def note(method: str, route: str, status: int, cache: str, sent: int, seconds: float, work: _Work) -> None:
    """Tell of one request: milliseconds, and how many bytes of a body there were, -1 where nobody knows."""
    global _lost
    if len(_lines) >= MOST:
        _lost += 1
        return
    if not is_json:
        _lines.append(
            f"{_now()} {method} {route} {status} {seconds * 1000:.1f} ms {cache or '-'} "
            f"{work.statements} statements {work.seconds * 1000:.1f} ms {sent} bytes {work.id}\n"
        )
        return
    _lines.append(
        f'{{"time":"{_now()}","level":"INFO","logger":"access","request":"{work.id}","method":{_quoted(method)},'
        f'"route":{_quoted(route)},"status":{status},"ms":{seconds * 1000:.2f},"cache":"{cache}",'
        f'"statements":{work.statements},"sql_ms":{work.seconds * 1000:.2f},"bytes":{sent}}}\n'
    )


def flush() -> None:
    """Write what waits; where that fails it is lost."""
    global _lost
    with _writing:
        # One by one: requests go on adding.
        lines = [_lines.popleft() for _line in range(len(_lines))]
        if _lost:
            lines.append(f'{{"time":"{_now()}","level":"WARNING","logger":"access","lost":{_lost}}}\n')
            _lost = 0
        if not lines:
            return
        try:
            sys.stdout.write("".join(lines))
            sys.stdout.flush()
        except (OSError, ValueError):
            _lost += len(lines)


def _write_on() -> None:
    while True:
        time.sleep(EVERY)
        flush()


def _quoted(text: str) -> str:
    """Return a route or a method as JSON; of both there are few."""
    found = _names.get(text)
    if found is None:
        found = _names[text] = json.dumps(text, ensure_ascii=False)
    return found


def _now() -> str:
    global _second
    now = time.time()
    whole = int(now)
    second, text = _second
    if second != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = (whole, text)
    return f"{text}.{int((now - whole) * 1000):03d}Z"
