"""The cached read of a restaurant's recent activity: Redis, on a miss the store, then Redis is filled."""

from __future__ import annotations

from reservations.history import reading
from reservations.history.reading import Activity
from reservations.history.trail import tag
from restaurant_site.caching.reads import cached
from restaurant_site.caching.stamps import do_not_store

RECENT = 100
"""So many events are recent."""


# A minute: where the store's account has a weaker consistency than “strong”, a
# fill may miss what was copied a moment ago, and no write would end it.
@cached(tags=lambda restaurant_id: (tag(restaurant_id),), seconds=60)
def recent_activity(restaurant_id: int) -> Activity:
    """Return a restaurant's newest events, newest first; kept only where the store could be asked."""
    found = reading.recent(restaurant_id, RECENT)
    if found.store_away:
        do_not_store("the history's store is away")
    return found
