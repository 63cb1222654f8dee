"""What a restaurant keeps of its guests, and for how long, by the settings in force."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.models import Restaurant


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the privacy page of a restaurant says. Without reminders, reminder_hours is 0.

    no_shows_call is after how many no-shows a guest is asked to call, 0 for never.
    """

    retention_days: int
    reminder_hours: int
    sends_thanks: bool
    takes_requests: bool
    takes_waitlist: bool
    sheet_by_mail: bool
    confirms_by_mail: bool
    no_shows_call: int


def keeping(restaurant_id: int) -> Keeping | None:
    """Return how a restaurant keeps its guests' data, or None where it is gone."""
    row = Restaurant.objects.filter(pk=restaurant_id).first()
    if row is None:
        return None
    return Keeping(
        retention_days=row.retention_days,
        reminder_hours=row.reminder_hours,
        sends_thanks=row.sends_thanks,
        takes_requests=row.takes_requests,
        takes_waitlist=row.takes_waitlist,
        sheet_by_mail=bool(row.sheet_minutes and row.email),
        confirms_by_mail=row.confirms_by_mail,
        no_shows_call=row.no_shows_call,
    )
