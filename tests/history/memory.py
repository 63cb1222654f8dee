"""A store in memory, that can be away, refuse an event, or be slow to show what it was given."""

from __future__ import annotations

from collections.abc import Sequence

from reservations.history.happened import Happened, Unavailable, moment


class MemoryStore:
    """Keeps events by number. away raises `Unavailable`; refuses names numbers of events that it does not take."""

    def __init__(self) -> None:
        self.kept: dict[int, Happened] = {}
        self.away = False
        self.refuses: set[int] = set()
        self.questions = 0

    def add(self, events: Sequence[Happened]) -> None:
        for event in events:
            self._asked()
            if event.id in self.refuses:
                raise ValueError("no")
            self.kept[event.id] = event

    def recent(self, restaurant_id: int, limit: int) -> tuple[Happened, ...]:
        self._asked()
        found = [event for event in self.kept.values() if event.restaurant_id == restaurant_id]
        return tuple(sorted(found, key=moment, reverse=True)[:limit])

    def of_subject(self, restaurant_id: int, subject: str, number: int) -> tuple[Happened, ...]:
        found = self.recent(restaurant_id, len(self.kept))
        return tuple(event for event in reversed(found) if (event.subject, event.number) == (subject, number))

    def digests(self, restaurant_id: int) -> dict[int, str]:
        return {event.id: event.digest for event in self.recent(restaurant_id, len(self.kept))}

    def _asked(self) -> None:
        self.questions += 1
        if self.away:
            raise Unavailable("away")
