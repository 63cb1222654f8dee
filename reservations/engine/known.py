"""Who comes again: a guest is found within a restaurant by e-mail or phone, or written down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, models
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from reservations.engine.inserts import insert
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.models import Guest, Restaurant, contact_key
from reservations.queries.guests import no_shows_from
from reservations.queries.prepared import Param, Prepared, Question, together

_COLUMNS = tuple(field.attname for field in Guest._meta.concrete_fields)


def _same(by_phone: Q) -> QuerySet[Guest, Any]:
    """Return who may be meant, the one of this very contact first: a phone may be shared by more than are read."""
    key = Q(key=Param("key", models.CharField()))
    return (
        Guest.objects.filter(
            key | Q(by_phone, phone=Param("phone", models.CharField())),
            restaurant_id=Param("restaurant", models.BigIntegerField()),
            erased_at=None,
        )
        .annotate(other=Case(When(key, then=Value(0)), default=Value(1)))
        .order_by("other", "pk")
        .select_for_update()
        .values_list(*_COLUMNS)[:20]
    )


# A family shares a phone: with an address it is who has told none yet, or somebody new. Who was merged has told that
# of the guest who was kept.
_BY_EMAIL = Prepared(
    lambda: _same(Q(~Exists(Guest.objects.filter(pk=OuterRef("merged_into")).exclude(email="").order_by()), email=""))
)
_BY_PHONE = Prepared(lambda: _same(Q()))


@dataclass(frozen=True, slots=True)
class Details:
    """Who comes, and what they told. Mails go to the booker, where somebody books for the guest."""

    name: str = ""
    email: str = ""
    phone: str = ""
    occasion: str = ""
    dietary_needs: str = ""
    note: str = ""
    children: int = 0
    high_chairs: int = 0
    needs_step_free: bool = False
    booker_name: str = ""
    booker_email: str = ""

    def by_column(self) -> dict[str, Any]:
        """Return what was told by the names of the reservation's columns."""
        return {name: getattr(self, name) for name in self.__slots__}


def known_guest(restaurant_id: int, details: Details, language: str, by: By, now: dt.datetime) -> int | None:
    """Return the number of the guest with this e-mail or phone, written down where there is none yet.

    Inside a transaction. None without either contact: a name alone is nobody.
    What a guest has not told before is added to what is known, and the history says
    so; nothing is overwritten. Dietary needs stay with the visit: `consenting` keeps them.
    Raises IntegrityError where another transaction writes the same guest down at
    this moment, for `retried`.
    """
    asked = asked_guest(restaurant_id, details)
    return guest_from(together(*asked)[0], restaurant_id, details, language, by, now) if asked else None


def asked_guest(restaurant_id: int, details: Details) -> list[Question]:
    """Return the question of `known_guest`, to be asked together with others; none without a contact."""
    email, phone = details.email, details.phone
    if not email and not phone:
        return []
    # Locked: a guest that is being merged or erased must not get a visit that its rule did not see.
    # A phone that nobody has, where none was told.
    same = _BY_EMAIL if email else _BY_PHONE
    return [same.asked(restaurant=restaurant_id, key=contact_key(email, phone), phone=phone or "none")]


def found_guest(found_rows: list[Any], details: Details) -> int | None:
    """Return the number of the guest that is meant, from the answer to `asked_guest`; None of somebody new."""
    found = _meant(found_rows, details)
    return (found.merged_into_id or int(found.pk)) if found else None


def _meant(found_rows: list[Any], details: Details) -> Guest | None:
    """Return the guest of this very contact, else the only one to whom the phone leads; None of somebody new."""
    rows = [Guest.from_db(connection.alias, _COLUMNS, row) for row in found_rows]
    if not rows:
        return None
    is_one = len({row.merged_into_id or row.pk for row in rows}) == 1
    return rows[0] if is_one or rows[0].key == contact_key(details.email, details.phone) else None


def is_to_call(restaurant: Restaurant, guest: int | None, now: dt.datetime) -> bool:
    """Return whether a guest (by number) has so many no-shows that the restaurant wants to be called; read fresh.

    One statement, where the restaurant wants that and the guest is known.
    """
    if guest is None:
        return False
    local_date = now.astimezone(restaurant.zone).date()
    return bool(no_shows_from(restaurant.no_shows_call, [guest], local_date))


def guest_from(
    found_rows: list[Any],
    restaurant_id: int,
    details: Details,
    language: str,
    by: By,
    now: dt.datetime,
    number: int | None = None,
) -> int:
    """Return what `known_guest` does, from the answer to its question.

    number is for who is new, where one was asked for: then nothing is waited for within `one_trip`.
    """
    met = _meant(found_rows, details)
    if met is not None:
        return _learnt(met, details, language, by, now)
    new = Guest(
        pk=number,
        restaurant_id=restaurant_id,
        key=contact_key(details.email, details.phone),
        name=details.name,
        email=details.email,
        phone=details.phone,
        language=language,
    )
    insert(new)
    return int(new.pk)


def still_guest(pk: int, details: Details, language: str, by: By, now: dt.datetime) -> int:
    """Return the number of a guest who tells another phone, or of the one into which they were merged.

    Inside a transaction. The address on the card stays: staff have perhaps corrected it.
    """
    met = Guest.objects.select_for_update().get(pk=pk)
    return pk if met.erased_at else _learnt(met, replace(details, email=""), language, by, now)


def _learnt(met: Guest, details: Details, language: str, by: By, now: dt.datetime) -> int:
    """Add what a guest has not told before, and return the number: of a sign, both are those of who was kept."""
    found = met
    if met.merged_into_id:
        # Else what is told now would find nobody the next time.
        found = Guest.objects.select_for_update().get(pk=met.merged_into_id)
        if found.merged_into_id:
            return found.merged_into_id
    told = {"name": details.name, "phone": details.phone, "language": language, "email": details.email}
    new = {name: value for name, value in told.items() if value and not getattr(found, name)}
    if new:
        key = contact_key(details.email, details.phone)
        # A sign that has the key keeps it.
        own_key = {"key": key} if "email" in new and met.key != key else {}
        Guest.objects.filter(pk=found.pk).update(**new, **own_key)
        event = Event("changed", "guest", found.pk, found.pk, trail.difference(dict.fromkeys(new, ""), new))
        trail.note(found.restaurant_id, [event], by, now)
    return int(found.pk)


def kept_guest(pk: int) -> int:
    """Return the number of a guest, or of the one into which it was merged, locked: a merge waits.

    Inside a transaction.
    """
    found = Guest.objects.select_for_update().filter(pk=pk).values_list("merged_into_id", flat=True).first()
    return found or pk
