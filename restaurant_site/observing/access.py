"""The access log: one line a request on standard output, written together by a thread, some times a second.

A line costs the request that it tells of next to nothing: its text is made by
that thread. No line has anything that was sent: an address is its route, and
nobody's own address is there. Always JSON: programs read it.
"""

from __future__ import annotations

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

_told: deque[tuple[float, str, str, int, float, int, float]] = deque()
_second = (0, "")
_lost = 0
_writing = threading.Lock()


def start() -> None:
    """Write the log from here on, by a thread of this process."""
    global is_on
    is_on = True
    threading.Thread(target=_write_on, name="access-log", daemon=True).start()


def note(line: str, sent: int, seconds: float, work: Work) -> None:
    """Tell of one request: what it has in common with others as JSON, how many bytes of a body, and how long it took.

    -1 bytes where nobody knows. The text is made later, of many lines at once.
    """
    global _lost
    if len(_told) >= MOST:
        _lost += 1
        return
    _told.append((time.time(), line, work.id, sent, seconds, work.statements, work.seconds))


def flush() -> None:
    """Write what waits; where that fails it is lost."""
    global _lost
    with _writing:
        # One by one: requests go on adding.
        lines = [_line(*_told.popleft()) for _each in range(len(_told))]
        if _lost:
            lines.append(f'{{"time":"{_text_of(time.time())}","logger":"access","lost":{_lost}}}\n')
            _lost = 0
        if not lines:
            return
        try:
            sys.stdout.write("".join(lines))
            sys.stdout.flush()
        except (OSError, ValueError):
            _lost += len(lines)


def _line(moment: float, line: str, id_: str, sent: int, seconds: float, statements: int, in_sql: float) -> str:
    sql = f',"statements":{statements},"sql_ms":{in_sql * 1000:.2f}' if statements else _NO_SQL
    return (
        f'{{"time":"{_text_of(moment)}","logger":"access","request":"{id_}",{line[1:-1]}{sql},'
        f'"ms":{seconds * 1000:.2f},"bytes":{sent}}}\n'
    )


def _write_on() -> None:
    while True:
        time.sleep(EVERY)
        flush()


def _text_of(moment: float) -> str:
    global _second
    whole = int(moment)
    second, text = _second
    if second != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = (whole, text)
    return f"{text}.{int((moment - whole) * 1000):03d}Z"
