"""Write rules of consent: what a guest agrees to beyond the visit itself, and taking it back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from reservations.engine.locks import retried
from reservations.history import trail
from reservations.history.trail import GUEST, Event
from reservations.messages.outgoing import booked_by_guest
from reservations.models import Guest, Reservation

__all__ = ["consent", "withdraw"]


def consent(*, reservation: Reservation, needs: bool = False, thanks: bool = False) -> None:
    """Note what the guest of a reservation agrees to, with the moment.

    needs: the dietary needs that were told with it are kept for the next visit,
    where none are known yet. thanks: mails after visits. Without a guest, or
    with nothing agreed to, nothing is written; what was agreed to before stays.
    Who books for somebody else can't agree in the guest's name.
    """

    def work() -> None:
        guest = _locked(reservation) if booked_by_guest(reservation) else None
        if guest is None:
            return
        now = timezone.now()
        new: dict[str, Any] = {}
        if needs and reservation.dietary_needs:
            new["needs_consent_at"] = guest.needs_consent_at or now
            new["dietary_needs"] = guest.dietary_needs or reservation.dietary_needs
        if thanks:
            new["thanks_consent_at"] = guest.thanks_consent_at or now
        _write(guest, new, "consented")

    if needs or thanks:
        retried(work)


def withdraw(*, reservation: Reservation) -> None:
    """Take back whatever the guest of a reservation agreed to; the dietary needs that were kept go with it.

    Those told with a visit stay with that visit. Doing it again changes nothing.
    """

    def work() -> None:
        guest = _locked(reservation)
        if guest is not None:
            _write(guest, {"needs_consent_at": None, "thanks_consent_at": None, "dietary_needs": ""}, "withdrew")

    retried(work)


def _locked(reservation: Reservation) -> Guest | None:
    """Return the guest as it is now, locked, so that a merge or an erasure waits; None of who is nobody."""
    pk = Reservation.objects.values_list("guest_id", flat=True).get(pk=reservation.pk)
    rows = Guest.objects.filter(pk=pk, erased_at=None, merged_into=None)
    return rows.select_for_update().first()


def _write(guest: Guest, values: dict[str, Any], kind: str) -> None:
    changed = sorted(name for name, value in values.items() if getattr(guest, name) != value)
    if not changed:
        return
    Guest.objects.filter(pk=guest.pk).update(**values)
    event = Event(kind, "guest", guest.pk, guest.pk, {"told": changed})
    trail.note(guest.restaurant_id, [event], GUEST, timezone.now())
