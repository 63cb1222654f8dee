"""A Redis with a replica and three Sentinels, and a cluster of three primaries with a replica each, to be broken."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from tests.redis_server import AT_ONCE, RedisServer

HOST = "127.0.0.1"
SERVICE = "tafel"
SLOTS = 16384


class Node(RedisServer):
    """A server on a port as well, as its fellows need it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        super().__init__(folder, port=str(self.port), bind=HOST, **settings)

    def announce(self, port: int) -> None:
        """Let its cluster name another port for clients, behind which it is reached too."""
        self._settings |= {"cluster-announce-port": str(port), "cluster-announce-bus-port": str(self.port + 10_000)}


def free_port() -> int:
    """Return a port that nobody uses, and neither the one 10,000 above it, which is a cluster's second.

    Both are below those that the system gives out, or a connection of somebody else may take one meanwhile.
    """
    while True:
        port = random.randrange(10_000, 22_000)
        with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
            first.bind((HOST, port))
            second.bind((HOST, port + 10_000))
            return port


def client_of(port: int, password: str = "", patience: float = 5) -> redis.Redis:
    """Return a client of one server."""
    return redis.Redis(port=port, password=password or None, socket_timeout=patience, retry=AT_ONCE)


def until(holds: Callable[[], object], seconds: float = 15) -> None:
    """Wait until it holds; what it raises of Redis is a no."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        with contextlib.suppress(redis.RedisError, OSError):
            if holds():
                return
        time.sleep(0.05)
    raise AssertionError("It never held.")


# --- Sentinel ---------------------------------------------------------------------------


class Watched:
    """A primary and its replica, watched by three Sentinels that need half a second to miss one, or `missed_after`."""

    missed_after = 0.5
    """Seconds."""

    def __init__(self, folder: Path, *, password: str = "", sentinel_password: str = "") -> None:
        told = {"requirepass": password, "masterauth": password} if password else {}
        self.password = password
        self.nodes = [Node(folder / f"redis{number}", **told) for number in range(2)]
        self.sentinels = [
            Node(folder / f"sentinel{number}", **({"requirepass": sentinel_password} if sentinel_password else {}))
            for number in range(3)
        ]
        self.sentinel_password = sentinel_password
        hosts = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        login = f":{password}@" if password else ""
        query = f"?sentinel_password={sentinel_password}" if sentinel_password else ""
        self.url = f"redis+sentinel://{login}{hosts}/{SERVICE}/0{query}"

    def start(self) -> Watched:
        """Start all, and wait until the Sentinels know each other and the replica."""
        first, second = self.nodes
        first.start()
        self.follow(second, first)
        until(lambda: self.at(second).info("replication")["master_link_status"] == "up")
        # Told of the replica as soon as they look, and ten seconds later the next time.
        for sentinel in self.sentinels:
            self._start(sentinel, first.port)
        until(lambda: all(self._knows(sentinel) for sentinel in self.sentinels))
        return self

    def at(self, node: Node) -> redis.Redis:
        """Return a client of a node."""
        return client_of(node.port, self.password)

    def _start(self, sentinel: Node, port: int) -> None:
        folder = sentinel.socket.parent
        lines = [
            f"port {sentinel.port}",
            f"bind {HOST}",
            f"dir {folder}",
            f"sentinel monitor {SERVICE} {HOST} {port} 2",
            f"sentinel down-after-milliseconds {SERVICE} {int(self.missed_after * 1000)}",
            f"sentinel failover-timeout {SERVICE} 3000",
            *([f"sentinel auth-pass {SERVICE} {self.password}"] if self.password else []),
            *(
                [f"requirepass {self.sentinel_password}", f"sentinel sentinel-pass {self.sentinel_password}"]
                if self.sentinel_password
                else []
            ),
        ]
        (folder / "sentinel.conf").write_text("\n".join([*lines, ""]))
        sentinel.run(str(folder / "sentinel.conf"), "--sentinel")

    def _knows(self, sentinel: Node) -> bool:
        client = client_of(sentinel.port, self.sentinel_password, patience=1)
        masters: Any = client.sentinel_masters()
        (told,) = masters.values()
        return bool(told["num-other-sentinels"] == 2 and told["num-slaves"] == 1)

    def primary(self) -> Node | None:
        """Return the node that is the primary now, if one is."""
        alive = [node for node in self.nodes if node.alive]
        return next((node for node in alive if self.at(node).info("replication")["role"] == "master"), None)

    def follow(self, node: Node, primary: Node) -> None:
        """Start a node, empty, as a replica of the other."""
        node.start(replicaof=f"{HOST} {primary.port}", repl_diskless_sync_delay="0")

    def named(self) -> Node:
        """Return the node that the Sentinels call the primary, whatever it says itself."""
        port = self.named_by(self.sentinels[0])
        return next(node for node in self.nodes if node.port == port)

    def is_well(self) -> bool:
        """Return whether the primary that is named serves, and the other follows it."""
        primary = self.named()
        other = next(node for node in self.nodes if node is not primary)
        return bool(
            self.at(primary).info("replication")["role"] == "master"
            and self.at(other).info("replication").get("master_link_status") == "up"
        )

    def owner(self, _name: str) -> Node:
        """Return the primary that holds a key."""
        node = self.primary()
        assert node is not None
        return node

    def goes_on_without(self, lost: Node) -> bool:
        """Return whether all Sentinels name another primary, and that one is."""
        (other,) = (node for node in self.nodes if node is not lost)
        named = {self.named_by(sentinel) for sentinel in self.sentinels}
        return named == {other.port} and self.at(other).info("replication")["role"] == "master"

    def named_by(self, sentinel: Node) -> int:
        """Return the port of the primary that a Sentinel names."""
        told: Any = client_of(sentinel.port, self.sentinel_password, patience=1).sentinel_masters()
        return int(told[SERVICE]["port"])

    def stop(self) -> None:
        """End all."""
        for node in (*self.nodes, *self.sentinels):
            node.thaw()
            node.kill()


# --- Cluster ----------------------------------------------------------------------------


class ClusterOf6:
    """Three primaries with a replica each, or with none; a second and a half until one is missed."""

    def __init__(self, folder: Path, *, replicas: bool = True, **settings: str) -> None:
        told = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": "1500",
            "cluster-config-file": "nodes.conf",
            "repl-diskless-sync-delay": "0",
            **settings,
        }
        self.nodes = [Node(folder / f"node{number}", **told) for number in range(6 if replicas else 3)]
        self.url = "redis+cluster://" + ",".join(f"{HOST}:{node.port}" for node in self.nodes[:3])

    def start(self) -> ClusterOf6:
        """Start all, give slots to the first three, and wait until each has its replica."""
        for number, node in enumerate(self.nodes):
            node.start()
            self.do(node, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, node in enumerate(self.nodes[:3]):
            first, last = SLOTS * number // 3, SLOTS * (number + 1) // 3
            self.do(node, "CLUSTER", "ADDSLOTS", *range(first, last))
        for node in self.nodes[1:]:
            self.do(node, "CLUSTER", "MEET", HOST, self.nodes[0].port)
        until(lambda: all(len(self.known(node)) == len(self.nodes) for node in self.nodes))
        for number, node in enumerate(self.nodes[3:]):
            self.do(node, "CLUSTER", "REPLICATE", self.name(self.nodes[number]))
        until(self.is_well)
        return self

    def do(self, node: Node, *command: Any) -> Any:
        """Run a command at a node."""
        return client_of(node.port).execute_command(*command)  # type: ignore[no-untyped-call]

    def name(self, node: Node) -> str:
        """Return the name that a node has in the cluster."""
        return str(self.do(node, "CLUSTER MYID").decode())

    def known(self, node: Node) -> dict[str, dict[str, Any]]:
        """Return what a node knows of all, by address."""
        return dict(self.do(node, "CLUSTER NODES"))

    def is_well(self) -> bool:
        """Return whether every node serves, and every replica follows."""
        for node in self.nodes:
            if self.do(node, "CLUSTER INFO")["cluster_state"] != "ok":
                return False
            told = client_of(node.port).info("replication")
            if told["role"] == "slave" and told["master_link_status"] != "up":
                return False
        return True

    def owner(self, name: str) -> Node:
        """Return the primary that holds a key."""
        asked = next(node for node in self.nodes if node.alive)
        slot = self.do(asked, "CLUSTER", "KEYSLOT", name)
        port = next(port for first, last, port in self.owners(asked) if first <= slot <= last)
        return next(node for node in self.nodes if node.port == port)

    def owners(self, node: Node) -> list[tuple[int, int, int]]:
        """Return what a node says of the slots: the first, the last, and the port of their primary."""
        return [(first, last, primary[1]) for first, last, primary, *_more in self.do(node, "CLUSTER SLOTS")]

    def goes_on_without(self, lost: Node) -> bool:
        """Return whether all the others say that all slots are served, and none of them by that one."""
        others = [node for node in self.nodes if node is not lost]
        return all(
            self.do(node, "CLUSTER INFO")["cluster_state"] == "ok"
            and lost.port not in {port for _first, _last, port in self.owners(node)}
            for node in others
        )

    def stop(self) -> None:
        """End all."""
        for node in self.nodes:
            node.thaw()
            node.kill()


@contextlib.contextmanager
def running(fleet: Any) -> Iterator[Any]:
    """Start a fleet, and end it with the block."""
    try:
        yield fleet.start()
    finally:
        fleet.stop()
