"""Which primary of a cluster has which slot, as the process was last told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot

from restaurant_site.caching.keys import TokenKey, token_key

Node = tuple[str, int]


class Incomplete(ValueError):  # noqa: N818 - a state of the cluster, not a fault of the code
    """Not every slot has a primary."""


@dataclass(frozen=True, slots=True)
class SlotMap:
    """The primaries; the primary of each slot; and for each primary the name of a token that lies with it."""

    primaries: tuple[Node, ...]
    owners: list[Node]
    probes: dict[Node, TokenKey]

    def owner(self, key: str) -> Node:
        """Return the primary of a key."""
        return self.owners[key_slot(key.encode())]


def read_map(answer: Sequence[Any], asked: Node) -> SlotMap:
    """Return the map of an answer to ``CLUSTER SLOTS``; a node that doesn't know its own name is the one asked.

    Raises Incomplete where a slot has no primary, which then can't be renewed either.
    """
    owners: list[Node] = [asked] * SLOTS
    primaries: set[Node] = set()
    missing = SLOTS
    # By ranges, since a heartbeat reads one twice a second: there are thousands of slots.
    for first, last, primary, *_replicas in answer:
        node = _text(primary[0]) or asked[0], int(primary[1])
        owners[first : last + 1] = [node] * (last + 1 - first)
        primaries.add(node)
        missing -= last + 1 - first
    if missing > 0:
        raise Incomplete(f"{missing} slots of the cluster have no primary.")
    return SlotMap(tuple(sorted(primaries)), owners, _probes(owners, primaries))


def _probes(owners: list[Node], primaries: set[Node]) -> dict[Node, TokenKey]:
    """Return for each primary the first name of a heartbeat that falls into one of its slots."""
    found: dict[Node, TokenKey] = {}
    number = 0
    while primaries - found.keys():
        name = token_key(f"heartbeat:{number}")
        found.setdefault(owners[key_slot(name.encode())], name)
        number += 1
    return found


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
