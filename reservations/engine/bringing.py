"""Write rules of what comes from another system: a reservation to come, and a guest.

Both open the outermost transaction themselves. The rules of staff hold: what
they could not book is refused, and nothing is sent unless it is asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from reservations.engine.availability import Ask
from reservations.engine.deciding import Decision, Wish
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details, known_guest
from reservations.engine.locks import retried
from reservations.engine.placing import place
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.messages.outgoing import Kind, of_booking, send_later
from reservations.models import Guest, Reservation, User
from reservations.queries.day import Fresh

NOTES_LENGTH = 2000
MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """What the other system knew of a guest besides name, contact and needs."""

    tags: tuple[str, ...] = ()
    notes: str = ""


def bring_booking(
    *,
    wish: Wish,
    details: Details,
    profile: Profile,
    key: str,
    by: By,
    user: User | None,
    language: str = "",
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    tell: bool = False,
) -> tuple[Reservation, bool]:
    """Book a reservation of another system for a time to come, and return it and whether it is new.

    key names the row that it comes from: brought again, whatever else it says by
    then, it gives the first answer. exceed_pacing needs a user, who is recorded
    with every reservation that does. Raises `Refused` as `booking.book` does,
    but keeps no refusal: nobody was turned away.
    """
    bound = hashlib.sha256(f"import {wish.restaurant_id} {key}".encode()).hexdigest()
    ask = Ask(
        party=wish.party,
        area_id=wish.area_id,
        step_free=wish.step_free or details.needs_step_free,
        online=False,
        ignore_pacing=exceed_pacing and user is not None,
    )
    made = ""

    def fields(fresh: Fresh, decision: Decision) -> dict[str, Any]:
        return {
            "status": Reservation.Status.CONFIRMED,
            "source": Reservation.Source.IMPORT,
            "confirmed_at": fresh.now,
            "idempotency_key": bound,
            "language": language,
            "created_by": user,
            "pacing_exceeded_by": user if decision.exceeds_pacing else None,
            "pacing_reason": pacing_reason if decision.exceeds_pacing else "",
            "guest_id": known_guest(wish.restaurant_id, details, language, by, fresh.now),
            **details.by_column(),
        }

    def then(reservation: Reservation, fresh: Fresh) -> None:
        nonlocal made
        made = reservation.reference
        guest = reservation.guest_id
        if guest and (told := _enrich(guest, profile)):
            event = Event("changed", "guest", guest, guest, {"told": told})
            trail.note(wish.restaurant_id, [event], by, fresh.now)
        if tell:
            rows = of_booking(reservation, fresh.restaurant, fresh.now)
            send_later([row for row in rows if row.kind != Kind.STAFF_BOOKED])

    reservation = place(wish, ask, fields, key=bound, by=by, then=then, recorded=False)
    return reservation, reservation.reference == made


def bring_guest(*, restaurant_id: int, details: Details, profile: Profile, by: By, language: str = "") -> int:
    """Write down a guest of another system, or add to one who is known by e-mail or phone; return the number.

    Nothing that is known is overwritten, and bringing the same again adds
    nothing. Raises `Refused` (OTHER_GUEST) without either contact: a name alone
    is nobody.
    """

    def work() -> int:
        pk = known_guest(restaurant_id, details, language, by, timezone.now())
        if pk is None:
            raise Refused(Reason.OTHER_GUEST)
        told = _enrich(pk, profile, details.dietary_needs)
        event = Event("imported", "guest", pk, pk, {"told": told} if told else {})
        trail.note(restaurant_id, [event], by, timezone.now())
        return pk

    return retried(work)


def _enrich(pk: int, profile: Profile, needs: str = "") -> list[str]:
    """Add tags, notes and needs that a guest does not have yet, as far as there is room; return what was added to."""
    if not profile.tags and not profile.notes and not needs:
        return []
    guest = Guest.objects.select_for_update().get(pk=pk)
    tags = list(dict.fromkeys([*guest.tags, *profile.tags]))[: max(MOST_TAGS, len(guest.tags))]
    notes = guest.notes
    if profile.notes and profile.notes not in notes:
        notes = "\n".join(text for text in (notes, profile.notes) if text)
        notes = notes[: max(NOTES_LENGTH, len(guest.notes))]
    added = {"dietary_needs": guest.dietary_needs or needs, "notes": notes, "tags": tags}
    new = {name: value for name, value in added.items() if value != getattr(guest, name)}
    if new:
        Guest.objects.filter(pk=pk).update(**new)
    return list(new)
