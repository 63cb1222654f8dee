"""What a reason for a refusal says to a diner, and what it says to staff."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reservations.engine.errors import Reason

_DINER: dict[Reason, str | Promise] = {
    Reason.ONLINE_BOOKING_OFF: _("This restaurant does not take bookings online at the moment. Please call."),
    Reason.HOURS_UNKNOWN: _("We don't know this restaurant's hours well enough to take bookings. Please call."),
    Reason.CLOSED: _("The restaurant is closed on this day. Please choose another date."),
    Reason.NO_SERVICE: _("The restaurant seats nobody on this day. Please choose another date."),
    Reason.NOT_A_TIME: _("The restaurant seats nobody at this time. Please choose one of the times shown."),
    Reason.PAST: _("This time has passed. Please choose a later one."),
    Reason.PAUSED: _("Online booking is paused for this time. Please choose another one, or call the restaurant."),
    Reason.TOO_LATE: _("It is too late to book this time online. Please choose a later one, or call."),
    Reason.TOO_FAR: _("Bookings for this day are not open yet. Please choose an earlier date."),
    Reason.PARTY_TOO_SMALL: _("This service is for larger parties. Please choose another time, or call."),
    Reason.PARTY_TOO_LARGE: _("Your party is larger than can be booked online. Please call the restaurant."),
    Reason.PACING_FULL: _("The kitchen has as many guests arriving then as it can serve. Please choose another time."),
    Reason.NO_TABLE: _("There is no table for a party like yours here. Please try another size or area, or call."),
    Reason.TABLES_TAKEN: _("Every table for your party is taken then. Please choose another time."),
    Reason.NO_STEP_FREE_TABLE: _("No step-free table is free at this time. Please choose another time, or call."),
    Reason.HOLD_LAPSED: _("We could hold the table no longer, and nothing has been booked."),
    Reason.ALREADY_EXTENDED: _("The hold was extended already; that can be done once."),
    Reason.CUTOFF_PASSED: _("It is too late to change this online. Please call the restaurant."),
    Reason.ALREADY_STARTED: _("The time of this reservation has come. Please call the restaurant."),
    Reason.NOT_STARTED: _("The time of this reservation has not come yet."),
    Reason.NOT_CONFIRMED: _("This reservation can't be changed any more. Please call the restaurant."),
    Reason.NOT_SEATED: _("This party is not seated."),
    Reason.CHANGED_MEANWHILE: _("This was changed meanwhile. Here it is as it is now; please look and try again."),
    Reason.NOT_FEWER: _("Here you can only say that fewer of you come. For more, change the reservation."),
    Reason.WRONG_TABLES: _("These tables can't be had for this party."),
    Reason.NOT_WAITING: _("This entry is not waiting any more."),
    Reason.WAITLIST_OFF: _("This restaurant keeps no waitlist. Please call."),
    Reason.STILL_FREE: _("There is a free table in this window: please choose one of the times."),
    Reason.REQUESTS_OFF: _("This restaurant takes no requests online. Please call."),
    Reason.ALREADY_ANSWERED: _("This request is closed already."),
    Reason.UNDECIDED: _("Please say what is to happen to each reservation."),
    Reason.UPCOMING_VISIT: _("There is a visit to come."),
    Reason.OTHER_GUEST: _("These are not two guests of one restaurant."),
    Reason.ALREADY_STAFF: _("This person belongs to the staff already."),
    Reason.NOT_TO_BE_ADDED: _("This account can't be added."),
    Reason.LAST_OWNER: _("A restaurant keeps one owner at least."),
    Reason.NOTHING_TO_UNDO: _("This can't be undone."),
    Reason.NOTE_TOO_LONG: _("This note is too long."),
    Reason.TOO_MANY_HOLDS: _(
        "Several tables are being held for you already. Please confirm one of them or give it back, "
        "or wait a few minutes, and try again."
    ),
    Reason.BY_PHONE: _("This restaurant confirms this booking by phone. Please call."),
    Reason.TOO_MANY_MAILS: _("We have written several times already. Please look among unwanted mail, or call."),
}

# Where a whole day has no time left, these speak of the day.
_DINER_DAY: dict[Reason, str | Promise] = {
    Reason.PAST: _("There are no more times on this day. Please choose another date."),
    Reason.PAUSED: _("Online booking is paused for this day. Please call the restaurant."),
    Reason.TOO_LATE: _("It is too late to book this day online. Please choose another date, or call."),
    Reason.PACING_FULL: _("Every time of this day is full. Please choose another date."),
    Reason.TABLES_TAKEN: _("Every table for your party is taken on this day. Please choose another date."),
}

_STAFF: dict[Reason, str | Promise] = {
    Reason.ONLINE_BOOKING_OFF: _("Online booking is switched off."),
    Reason.HOURS_UNKNOWN: _("The opening hours were not understood, so there are no services."),
    Reason.CLOSED: _("The restaurant is closed on this day (closure or special day)."),
    Reason.NO_SERVICE: _("No service takes place on this day."),
    Reason.NOT_A_TIME: _("No service seats guests at this time."),
    Reason.PAST: _("This time has passed."),
    Reason.PAUSED: _("Online booking is paused: somebody put the brake on."),
    Reason.TOO_LATE: _("The lead time for online booking has run out."),
    Reason.TOO_FAR: _("The day is beyond the booking window."),
    Reason.PARTY_TOO_SMALL: _("The party is smaller than may book online."),
    Reason.PARTY_TOO_LARGE: _("The party is larger than may book online."),
    Reason.PACING_FULL: _("Pacing: as many covers as allowed arrive at this time already."),
    Reason.NO_TABLE: _("No table or combination seats a party like this (size, area, step-free)."),
    Reason.TABLES_TAKEN: _("Every table or combination that seats the party is taken."),
    Reason.NO_STEP_FREE_TABLE: _("No step-free table is free."),
    Reason.HOLD_LAPSED: _("The hold had lapsed."),
    Reason.ALREADY_EXTENDED: _("The hold was extended already."),
    Reason.CUTOFF_PASSED: _("The cancellation cut-off has passed."),
    Reason.ALREADY_STARTED: _(
        "The time of this party has begun, or it sits already: its tables can be changed, its time can't."
    ),
    Reason.NOT_STARTED: _("The reservation's time has not begun yet."),
    Reason.NOT_CONFIRMED: _("The reservation is not in status confirmed."),
    Reason.NOT_SEATED: _("The party is not seated."),
    Reason.CHANGED_MEANWHILE: _("Somebody has changed it meanwhile. Look at it as it is now, and try again."),
    Reason.NOT_FEWER: _("The party is not smaller than it was. To let it grow, change the reservation."),
    Reason.WRONG_TABLES: _(
        "These tables don't do: each must be in use here, and together they must seat the party, for a time that ends."
    ),
    Reason.NOT_WAITING: _("The party is not waiting any more."),
    Reason.WAITLIST_OFF: _("The restaurant keeps no waitlist."),
    Reason.STILL_FREE: _("A time in this window can still be booked."),
    Reason.REQUESTS_OFF: _("The restaurant takes no requests."),
    Reason.ALREADY_ANSWERED: _("The request was answered, withdrawn or has expired already."),
    Reason.UNDECIDED: _("Choose for each reservation that is hit what is to happen to it."),
    Reason.UPCOMING_VISIT: _("The guest has a visit to come. Cancel it first."),
    Reason.OTHER_GUEST: _("Choose two different guests of one restaurant, neither erased nor merged already."),
    Reason.ALREADY_STAFF: _("This person belongs to the staff already. Change the role instead."),
    Reason.NOT_TO_BE_ADDED: _("This account can't be added here. Ask whoever operates the site."),
    Reason.LAST_OWNER: _("This is the only owner. Make somebody else an owner first."),
    Reason.NOTHING_TO_UNDO: _("There is nothing of it that can be undone by one touch."),
    Reason.NOTE_TOO_LONG: _("The note would be longer than 1,000 characters."),
    Reason.TOO_MANY_HOLDS: _("Too many tables were being held by one browser or from one address."),
    Reason.BY_PHONE: _("The guest has had so many no-shows that they are asked to call."),
    Reason.TOO_MANY_MAILS: _("The guest was written to as often as is allowed."),
}


def diner_text(reason: Reason | str) -> str:
    """Return what a diner is told, and what they can do instead, in the active language."""
    return str(_DINER[Reason(reason)])


def diner_day_text(reason: Reason | str) -> str:
    """Return what a diner is told where a day has no time left for this reason, in the active language."""
    return str(_DINER_DAY.get(Reason(reason)) or _DINER[Reason(reason)])


def passed_text(passed_over: str) -> str:
    """Return in words the rules that a reservation's ``passed_over`` holds, for staff, in the active language."""
    known = [Reason(code) for code in str(passed_over).split(",") if code in Reason.__members__]
    return " ".join(staff_text(reason) for reason in known)


def staff_text(reason: Reason | str) -> str:
    """Return what staff are told: the rule that refused, in the active language."""
    return str(_STAFF[Reason(reason)])
