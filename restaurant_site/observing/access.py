"""The access log: one line a request on standard output, written together by a thread, some times a second.

A line costs the request that it tells of little more than its text. No line
has anything that was sent: an address is its route, and nobody's own address is
there. Always JSON: programs read it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from typing import Final

from restaurant_site.observing.current import Work

EVERY: Final = 0.25
"""Seconds between two writes; so much of the log a process that is killed takes with it."""
MOST: Final = 20_000
"""Lines that wait while nobody takes them, such as on a full disk; beyond them lines are lost, and counted."""

_NO_SQL: Final = ',"statements":0,"sql_ms":0'

is_on = False

_lines: deque[str] = deque()
_second = (0, "")
_lost = 0
_started: int | None = None
_writing = threading.Lock()


def start() -> None:
    """Write the log from here on, by a thread of this process."""
    global is_on, _started
    is_on = True
    if _started == os.getpid():
        return
    _started = os.getpid()
    _lines.clear()
    threading.Thread(target=_write_on, name="access-log", daemon=True).start()


def note(line: str, sent: int, seconds: float, work: Work) -> None:
    """Tell of one request: what it has in common with others as JSON, how many bytes of a body, and how long it took.

    -1 bytes where nobody knows.
    """
    global _lost
    if len(_lines) >= MOST:
        _lost += 1
        return
    sql = f',"statements":{work.statements},"sql_ms":{work.seconds * 1000:.2f}' if work.statements else _NO_SQL
    _lines.append(
        f'{{"time":"{_now()}","logger":"access","request":"{work.id}",{line[1:-1]}{sql},'
        f'"ms":{seconds * 1000:.2f},"bytes":{sent}}}\n'
    )


def flush() -> None:
    """Write what waits; where that fails it is lost."""
    global _lost
    with _writing:
        # One by one: requests go on adding.
        lines = [_lines.popleft() for _line in range(len(_lines))]
        if _lost:
            lines.append(f'{{"time":"{_now()}","logger":"access","lost":{_lost}}}\n')
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


def _now() -> str:
    global _second
    now = time.time()
    whole = int(now)
    second, text = _second
    if second != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = (whole, text)
    return f"{text}.{int((now - whole) * 1000):03d}Z"
