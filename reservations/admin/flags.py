"""What wants heed in a reservation: late, announced as late, said to be coming, the same guest twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reservations.admin import pages
from reservations.admin.counted import CountedFilter
from reservations.admin.formats import clock_text, local_text
from reservations.models import Reservation
from reservations.queries.evening import another_of_guest, is_late
from reservations.queries.floor import same_contact
from reservations.queries.guests import no_shows_from
from reservations.sheet_rows import asked_text, flagged_text

Status = Reservation.Status


class LateFilter(CountedFilter):
    """Parties that should have come by now, and whose time was less than a day ago."""

    title = _("lateness")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the one kind."""
        return [("now", gettext("late now"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to what is flagged: the job loop flags by the restaurant's patience."""
        if self.value() != "now":
            return None
        return queryset.filter(
            status=Status.CONFIRMED,
            late_flagged_at__isnull=False,
            starts_at__gt=timezone.now() - dt.timedelta(days=1),
        )


class TwiceFilter(CountedFilter):
    """Guests with two reservations in one service."""

    title = _("same guest")
    parameter_name = "twice"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the one kind."""
        return [("yes", gettext("twice in one service"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to live reservations whose guest has another in the same service."""
        if self.value() != "yes":
            return None
        return queryset.filter(another_of_guest(), status__in=(Status.CONFIRMED, Status.SEATED))


class EveningColumns:
    """What a reservation's list and form show of its evening."""

    @admin.display(description=_("flags"))
    def flags(self, obj: Reservation) -> str:
        """Return what wants heed."""
        return flags_text(obj)

    @admin.display(description=_("said to be coming"))
    def coming(self, obj: Reservation) -> str:
        """Return when the guest said so."""
        return local_text(obj.coming_at, obj.restaurant.zone)

    @admin.display(description=_("flagged as late"))
    def late_flagged(self, obj: Reservation) -> str:
        """Return since when the party is flagged."""
        return local_text(obj.late_flagged_at, obj.restaurant.zone)

    @admin.display(description=_("arrived"))
    def arrived(self, obj: Reservation) -> str:
        """Return when the party came."""
        return local_text(obj.arrived_at, obj.restaurant.zone)

    @admin.display(description=_("seated"))
    def seated(self, obj: Reservation) -> str:
        """Return when the party sat down."""
        return local_text(obj.seated_at, obj.restaurant.zone)

    @admin.display(description=_("finished"))
    def finished(self, obj: Reservation) -> str:
        """Return when the party left."""
        return local_text(obj.finished_at, obj.restaurant.zone)


def _flagged(reservation: Reservation) -> int:
    """Return the guest's no-shows of the last 12 months where the restaurant wants to see them, else 0."""
    restaurant, guest = reservation.restaurant, reservation.guest_id
    if guest is None:
        return 0
    today = timezone.now().astimezone(restaurant.zone).date()
    return no_shows_from(restaurant.no_shows_flagged, [guest], today).get(guest, 0)


def flags_text(reservation: Reservation) -> str:
    """Return the flags in few words. ``is_twice``, where the row was read with it, counts."""
    found = [asked_text(reservation)] if reservation.is_asked else []
    if reservation.status == Status.CONFIRMED:
        if is_late(reservation, timezone.now()) and reservation.starts_at > timezone.now() - dt.timedelta(days=1):
            found.append(gettext("late"))
        if reservation.arrived_at:
            found.append(gettext("arrived"))
        if reservation.late_minutes:
            found.append(gettext("says %(minutes)d min late") % {"minutes": reservation.late_minutes})
        if reservation.coming_at:
            found.append(gettext("coming"))
    if getattr(reservation, "is_twice", False) and reservation.status in (Status.CONFIRMED, Status.SEATED):
        found.append(gettext("twice"))
    if reservation.cancelled_late:
        found.append(gettext("cancelled late"))
    return ", ".join(found)


def notes(request: HttpRequest, reservation: Reservation) -> list[tuple[str, str]]:
    """Return what stands above a reservation's form, each a kind of message and a sentence."""
    zone = reservation.restaurant.zone
    found: list[tuple[str, str]] = []
    if reservation.status == Status.CONFIRMED:
        if reservation.late_flagged_at:
            text = gettext("Late: the party should have come, and was flagged at %(time)s.")
            found.append(("warning", text % {"time": clock_text(reservation.late_flagged_at, zone)}))
        if reservation.late_minutes:
            text = gettext("The guest has announced to be %(minutes)d minutes late.")
            found.append(("info", text % {"minutes": reservation.late_minutes}))
        if reservation.coming_at:
            text = gettext("The guest has said to be coming (%(time)s).")
            found.append(("info", text % {"time": local_text(reservation.coming_at, zone)}))
    if reservation.is_asked:
        text = gettext("Not confirmed yet: {asked}. The table is held until {until}; you may confirm it.")
        until = clock_text(reservation.held_until, zone) if reservation.held_until else "–"
        found.append(("warning", format_html(text, asked=asked_text(reservation), until=until)))
    if no_shows := _flagged(reservation):
        found.append(("warning", gettext("The guest: %(flag)s.") % {"flag": flagged_text(no_shows)}))
    if reservation.cancelled_late:
        found.append(("warning", gettext("Cancelled after the cut-off.")))
    if reservation.status in (Status.CONFIRMED, Status.SEATED):
        for other in same_contact(reservation):
            text = gettext("The same guest has another reservation in this service: {other}, {start}, {covers}.")
            found.append(
                (
                    "warning",
                    format_html(
                        text,
                        other=pages.link_to(request, other),
                        start=local_text(other.starts_at, zone),
                        covers=pages.covers_text(other.party_size),
                    ),
                )
            )
    return found
