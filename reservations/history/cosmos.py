"""The history's copy in Azure Cosmos DB for NoSQL: one item an event, one logical partition a restaurant.

An item's id is the event's primary key, so that copying it twice leaves one.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from azure.core.exceptions import AzureError
from azure.cosmos import CosmosClient, DatabaseProxy, PartitionKey
from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError
from azure.identity import DefaultAzureCredential

from reservations.history.happened import Happened, Unavailable

T = TypeVar("T")

logger = logging.getLogger("reservations.history")

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 3, 5, 5
"""Of one attempt, and of an operation with its one retry: after so long no further attempt is made."""
PAUSE = 30.0
"""Seconds for which a process does not ask again after a failure: staff wait once, and fills of the cache go on."""

_KEY = "/restaurant"


@dataclass(frozen=True, slots=True)
class Account:
    """Where the container is, and how it is reached. Without a key the machine's own identity signs in."""

    url: str
    key: str = field(repr=False)
    database: str
    container: str
    ttl_days: int


class CosmosStore:
    """A store in one container. Made without a connection; the first question connects."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._client: CosmosClient | None = None
        self._prepared = False
        self._paused_until = 0.0

    def add(self, events: Sequence[Happened]) -> None:
        """Write events one by one.

        A transactional batch would save round trips, but takes one restaurant's
        events alone, and one that is refused fails the others.
        """
        if not self._prepared:
            self._ask(self._prepare)
            self._prepared = True
        for item in map(_item, events):
            self._ask(partial(self._upsert, item))

    def recent(self, restaurant_id: int, limit: int) -> tuple[Happened, ...]:
        """Return the newest events, newest first."""
        # By one property: ordering by two needs a composite index, which a
        # container that others made may lack.
        text = "SELECT TOP @limit * FROM c WHERE c.restaurant = @restaurant ORDER BY c.moment DESC"
        return tuple(map(_event, self._query(text, restaurant_id, limit=limit)))

    def of_subject(self, restaurant_id: int, subject: str, number: int) -> tuple[Happened, ...]:
        """Return all events of one subject, oldest first."""
        text = (
            "SELECT * FROM c WHERE c.restaurant = @restaurant AND c.subject = @subject AND c.number = @number"
            " ORDER BY c.moment"
        )
        return tuple(map(_event, self._query(text, restaurant_id, subject=subject, number=number)))

    def digests(self, restaurant_id: int) -> dict[int, str]:
        """Return the digest of every event by its number."""
        text = "SELECT c.id, c.digest FROM c WHERE c.restaurant = @restaurant"
        return {int(item["id"]): item["digest"] for item in self._query(text, restaurant_id)}

    def _upsert(self, item: dict[str, Any], database: DatabaseProxy) -> None:
        database.get_container_client(self._account.container).upsert_item(item, timeout=WHOLE_SECONDS)

    def _query(self, text: str, restaurant_id: int, **values: Any) -> list[dict[str, Any]]:
        # The condition repeats the partition's key: the service goes by the one
        # that is given beside the query, the tests' emulator by this alone.
        partition = str(restaurant_id)
        parameters: list[dict[str, Any]] = [
            {"name": f"@{name}", "value": value} for name, value in {"restaurant": partition, **values}.items()
        ]

        def run(database: DatabaseProxy) -> list[dict[str, Any]]:
            items = database.get_container_client(self._account.container)
            return list(items.query_items(text, parameters=parameters, partition_key=partition, timeout=WHOLE_SECONDS))

        return self._ask(run)

    def _ask(self, operation: Callable[[DatabaseProxy], T]) -> T:
        """Run an operation; raises `Unavailable`, and ValueError for an event that the service won't take."""
        try:
            return operation(self._connected().get_database_client(self._account.database))
        except AzureError as error:
            if isinstance(error, CosmosHttpResponseError) and error.status_code in (400, 413):
                raise ValueError(f"Cosmos DB refuses an event: {_reason(error)}") from error
            raise self._failed(error) from error

    def _connected(self) -> CosmosClient:
        """Return the one client; to make it asks the account for its regions."""
        with self._lock:
            if time.monotonic() < self._paused_until:
                raise Unavailable("Cosmos DB failed a moment ago.")
            if self._client is None:
                try:
                    self._client = CosmosClient(
                        self._account.url,
                        # Of an emulator on this machine azure-cosmos verifies no certificate, of any other it does.
                        credential=self._account.key or DefaultAzureCredential(),
                        connection_timeout=CONNECT_SECONDS,
                        read_timeout=READ_SECONDS,
                        retry_total=1,
                        retry_connect=1,
                        retry_read=1,
                        retry_status=1,
                        timeout=WHOLE_SECONDS,
                    )
                except (AzureError, ValueError) as error:
                    # A ValueError is a key that is no base64.
                    raise self._failed(error) from error
            return self._client

    def _failed(self, error: Exception) -> Unavailable:
        self._paused_until = time.monotonic() + PAUSE
        # Whoever empties or restores the account meanwhile finds it made again.
        self._prepared = False
        logger.warning("Cosmos DB can't be asked, and is not for %d s: %s", PAUSE, _reason(error))
        return Unavailable(_reason(error))

    def _prepare(self, database: DatabaseProxy) -> None:
        """Make what is missing, and give the container the settings' time to live."""
        account, ttl = self._account, self._account.ttl_days * 24 * 60 * 60
        container = database.get_container_client(account.container)
        try:
            found = container.read(timeout=WHOLE_SECONDS)
        except CosmosResourceNotFoundError:
            made = self._connected().create_database_if_not_exists(account.database)
            made.create_container_if_not_exists(account.container, PartitionKey(_KEY), default_ttl=ttl or None)
            return
        # -1 is on, with nothing that ends.
        if max(found.get("defaultTtl") or 0, 0) == ttl:
            return
        try:
            # What is not given here would be reset.
            database.replace_container(
                container,
                found["partitionKey"],
                indexing_policy=found.get("indexingPolicy"),
                default_ttl=ttl or None,
                conflict_resolution_policy=found.get("conflictResolutionPolicy"),
                analytical_storage_ttl=found.get("analyticalStorageTtl"),
            )
        except CosmosHttpResponseError as error:
            # An identity that signs in without a key may only read and write items.
            logger.warning("The container's time to live is not COSMOS_TTL_DAYS: %s", _reason(error))


def _reason(error: Exception) -> str:
    # The first line alone: the others are the service's whole answer.
    return str(error).partition("\n")[0]


def _item(event: Happened) -> dict[str, Any]:
    at = event.happened_at.isoformat(timespec="microseconds")
    return {
        "id": str(event.id),
        "restaurant": str(event.restaurant_id),
        # Texts of one width, so that they sort as `happened.moment` does.
        "moment": f"{at} {event.id:020d}",
        "at": at,
        "chain": event.chain,
        "position": event.position,
        "digest": event.digest,
        "kind": event.kind,
        "subject": event.subject,
        "number": event.number,
        "guest": event.guest,
        "actor": event.actor,
        "user": event.user_id,
        "source": event.source,
        "changes": event.changes,
    }


def _event(item: dict[str, Any]) -> Happened:
    return Happened(
        id=int(item["id"]),
        restaurant_id=int(item["restaurant"]),
        chain=item["chain"],
        position=item["position"],
        digest=item["digest"],
        kind=item["kind"],
        subject=item["subject"],
        number=item["number"],
        guest=item["guest"],
        actor=item["actor"],
        user_id=item["user"],
        source=item["source"],
        changes=item["changes"],
        happened_at=dt.datetime.fromisoformat(item["at"]),
    )
