"""Everything that breaks, in turn. Each returns once it is whole again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.redis_fleet import Node as RedisNode
from tests.redis_fleet import until
from tests.soak.ground import Ground, tell
from tests.soak.judging import Breakage

AWAY = 3.0
"""Seconds that what was killed stays away."""
FROZEN = 8.0
"""Seconds for which what is frozen answers nothing."""
HEALED = 30.0
"""Seconds within which Redis must be whole again."""


def a_worker(ground: Ground) -> None:
    ground.before.kill_a_worker()
    until(lambda: len(ground.before.server.workers()) > 1)


def the_sessions_redis(ground: Ground) -> None:
    ground.sessions.kill()
    time.sleep(AWAY)
    ground.sessions.start()


def the_primary(ground: Ground) -> None:
    cache = ground.cache
    gone = cache.named()
    gone.kill()
    until(lambda: cache.named() is not gone and cache.primary() is cache.named(), HEALED)
    time.sleep(AWAY)
    cache.follow(gone, cache.named())
    until(cache.is_well, HEALED)


def the_whole_cache(ground: Ground) -> None:
    cache = ground.cache
    for node in cache.nodes:
        node.kill()
    time.sleep(AWAY)
    first = cache.named()
    first.start()
    cache.follow(_other(ground, first), first)
    until(cache.is_well, HEALED)


def _other(ground: Ground, node: RedisNode) -> RedisNode:
    return next(one for one in ground.cache.nodes if one is not node)


def frozen_sessions(ground: Ground) -> None:
    ground.sessions.freeze()
    time.sleep(FROZEN)
    ground.sessions.thaw()


def frozen_primary(ground: Ground) -> None:
    """Let the primary hang: another one is named, and it comes back as one that believes to be it."""
    node = ground.cache.named()
    node.freeze()
    time.sleep(FROZEN)
    node.thaw()
    until(ground.cache.is_well, HEALED)


def postgresql(ground: Ground) -> None:
    ground.database.kill()
    time.sleep(AWAY)
    ground.database.start()


def frozen_postgresql(ground: Ground) -> None:
    with ground.database.frozen():
        time.sleep(FROZEN)


def a_node(ground: Ground) -> None:
    ground.now.kill()
    time.sleep(AWAY)
    ground.now.start()


BREAKS: tuple[tuple[str, str, Callable[[Ground], None]], ...] = (
    ("a worker is killed", "node", a_worker),
    ("the sessions' Redis is killed", "nothing", the_sessions_redis),
    ("PostgreSQL is killed", "database", postgresql),
    ("the cache's primary is killed, its replica takes over", "nothing", the_primary),
    ("PostgreSQL is frozen", "database", frozen_postgresql),
    ("a whole node is killed", "node", a_node),
    ("the cache's primary is frozen, its replica takes over", "nothing", frozen_primary),
    ("the sessions' Redis is frozen", "nothing", frozen_sessions),
    ("the cache's Redis is killed, replica and all", "nothing", the_whole_cache),
)
"""What is broken, what may follow from it (`Breakage.of`), and how."""


@dataclass(frozen=True, slots=True)
class Plan:
    """For how many seconds all of it goes on, and how often everything is broken."""

    seconds: float
    rounds: int

    @classmethod
    def of(cls, minutes: float) -> Plan:
        """Break everything every three minutes, and at least once."""
        return cls(minutes * 60, max(1, int(minutes // 3)))


def break_in_turn(ground: Ground, plan: Plan, over: threading.Event) -> list[Breakage]:
    """Break everything, evenly over the time; return what was broken when, once it is all whole again."""
    started = time.monotonic()
    count = plan.rounds * len(BREAKS)
    done: list[Breakage] = []
    for number in range(count):
        if over.wait(max(0.0, started + plan.seconds * (number + 0.5) / (count + 0.5) - time.monotonic())):
            break
        name, of, break_it = BREAKS[number % len(BREAKS)]
        began = time.monotonic()
        break_it(ground)
        done.append(Breakage(name, of, began, time.monotonic()))
        tell(f"{began - started:5.0f} s  {name} ({time.monotonic() - began:.1f} s)")
    over.wait(max(0.0, started + plan.seconds - time.monotonic()))
    return done
