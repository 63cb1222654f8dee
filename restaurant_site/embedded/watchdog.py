"""The process that stops an instance's servers once all its users are gone.

It is what remains when they end without a word: kill -9, a closed terminal, a crash.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from . import locks, postgres, redis_server
from .control import shut_down
from .layout import Home, clear
from .process import end, noted

# Asked for under the start lock only, and so in turns instead of one long wait: a
# user who leaves can then tell for sure whether it was the last.
_PERIOD = 0.5
_STOP = {postgres.NAME: postgres.stop_signals, redis_server.NAME: redis_server.stop_signals}


def watch(home: Home, lock: int) -> None:
    """Return when the instance has no users, its servers have ended, or it is deleted.

    ``lock`` is the descriptor of the watchdog's lock, already held.
    """
    servers: dict[str, int] = {}
    sockets: Path | None = None
    while True:
        time.sleep(_PERIOD)
        now = {name: pid for name in _STOP if (pid := noted(home.pid_file(name)))}
        now_sockets = home.sockets()
        # Looked at after reading, so that what was read is of the folder we watch.
        if not locks.still_at(lock, home.watchdog_lock):
            # It was deleted, and a new one may already be in use: end what was
            # started in the old one and touch nothing else.
            end([_STOP[name](pid) for name, pid in servers.items()])
            if sockets and not sockets.is_relative_to(home.path):
                clear(sockets)
            return
        servers = now
        sockets = now_sockets or sockets
        try:
            with locks.exclusive(home.start_lock, timeout=0):
                if locks.unused(home.users):
                    shut_down(home, watchdog=False)
                    # Before the start lock, or whoever takes that next would count on us.
                    os.close(lock)
                    return
        except (locks.BusyError, OSError):
            continue


def main() -> None:
    """Watch the home given as the first argument, holding the lock given as the second."""
    home, lock = Home(Path(sys.argv[1])), int(sys.argv[2])
    os.set_inheritable(lock, False)
    watch(home, lock)
