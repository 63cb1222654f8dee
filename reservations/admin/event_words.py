"""The history in words for staff. What has no words yet is shown as it is stored."""

from __future__ import annotations

import contextlib

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reservations.models import Block, BookingRequest, Brake, Closure, Guest, Membership, Reservation, WaitlistEntry

KINDS: dict[str, Promise] = {
    "held": _("Table held"),
    "confirmed": _("Confirmed"),
    "booked": _("Booked"),
    "walk_in": _("Walk-in"),
    "changed": _("Changed"),
    "moved": _("Moved"),
    "cancelled": _("Cancelled"),
    "released": _("Hold given back"),
    "expired": _("Hold lapsed"),
    "extended": _("Extended"),
    "asked": _("Asked before it is confirmed"),
    "late": _("Announced to be late"),
    "coming": _("Said to be coming"),
    "arrived": _("Arrived"),
    "seated": _("Seated"),
    "finished": _("Finished"),
    "no_show": _("No-show"),
    "noted": _("Note added"),
    "undone": _("Undone"),
    "blocked": _("Tables blocked"),
    "unblocked": _("Block lifted"),
    "paused": _("Online booking stopped"),
    "resumed": _("Online booking resumed"),
    "closed": _("Closed"),
    "reopened": _("Opened again"),
    "joined": _("Joined the waitlist"),
    "offered": _("Table offered"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "lapsed": _("Offer lapsed"),
    "left": _("Left the waitlist"),
    "promoted": _("Promoted on the waitlist"),
    "requested": _("Requested"),
    "proposed": _("Another time proposed"),
    "imported": _("Brought over from another system"),
    "merged": _("Merged with another guest"),
    "erased": _("Personal data erased"),
    "consented": _("Consent given"),
    "withdrew": _("Consent withdrawn"),
    "staff_added": _("Added to the staff"),
    "staff_invited": _("Invited again"),
    "role_changed": _("Role changed"),
    "staff_removed": _("Removed from the staff"),
    "added": _("Added"),
    "deleted": _("Deleted"),
    "sent_again": _("Sent again"),
    "sold_out": _("Sold out"),
    "kept_off": _("Kept off the menu"),
    "back_on": _("Back on the menu"),
    "repriced": _("Prices changed"),
    "reordered": _("Put in another order"),
    "copied": _("Copied"),
    "imported_csv": _("Imported from a CSV file"),
}

LABELS: dict[str, Promise] = {
    "from": _("from"),
    "dishes": _("dishes"),
    "new": _("New"),
    "changed": _("Changed"),
    "removed": _("Removed"),
}
"""What an event says besides fields."""

SUBJECTS: dict[str, tuple[Promise, type[Model]]] = {
    "reservation": (_("Reservation"), Reservation),
    "entry": (_("Waitlist entry"), WaitlistEntry),
    "request": (_("Request"), BookingRequest),
    "block": (_("Block"), Block),
    "guest": (_("Guest"), Guest),
    "closure": (_("Closure"), Closure),
    "membership": (_("Member of staff"), Membership),
    "brake": (_("Brake"), Brake),
}
"""What the write rules tell of. What is set up in the admin is named as its model is: `model_of`."""

ACTORS: dict[str, Promise] = {
    "guest": _("the guest"),
    "staff": _("staff"),
    "job": pgettext_lazy("who did it", "the site itself"),
    "command": pgettext_lazy("who did it", "an operator"),
}

SOURCES: dict[str, Promise] = {
    "web": _("the public site"),
    "admin": _("the admin"),
    "job": _("a due job"),
    "command": _("the command line"),
}


def kind_text(kind: str) -> str:
    """Return what happened."""
    return str(KINDS.get(kind, kind))


def label_text(name: str) -> str:
    """Return what an event calls something that is no field."""
    return str(LABELS.get(name, name.replace("_", " ")))


def model_of(subject: str) -> type[Model] | None:
    """Return the model of an event's subject, of this app or of another whose rows belong to restaurants."""
    if subject in SUBJECTS:
        return SUBJECTS[subject][1]
    for app in apps.get_app_configs():
        with contextlib.suppress(LookupError):
            return app.get_model(subject)
    return None


def subject_text(subject: str) -> str:
    """Return what kind of thing it happened to."""
    if subject in SUBJECTS:
        return str(SUBJECTS[subject][0])
    model = model_of(subject)
    return str(capfirst(model._meta.verbose_name)) if model else subject


def actor_text(actor: str) -> str:
    """Return what kind of person or thing did it."""
    return str(ACTORS.get(actor, actor))


def source_text(source: str) -> str:
    """Return from where it was done."""
    return str(SOURCES.get(source, source))
