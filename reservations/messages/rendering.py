"""What a message says, in its language, read from the rows as they are when it is sent."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.tokens import default_token_generator
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from reservations.links import entry_token, press_token, request_token, reservation_token
from reservations.messages.calendar import calendar_entry, location
from reservations.messages.lines import isolated, one_line
from reservations.messages.outgoing import recipient
from reservations.messages.sheet import sheet_context
from reservations.messages.structured import reservation_document
from reservations.messages.truth import Row, address_of, held_for, is_address, is_to_staff, told_row, untrue
from reservations.models import BookingRequest, Message, Reservation, User, WaitlistEntry
from reservations.queries.rules import cutoff
from restaurant_site.schema_org import script

Kind = Message.Kind

_WITH_CALENDAR = (Kind.CONFIRMATION, Kind.CHANGE, Kind.CANCELLATION)
_ACTIVE = (Reservation.Status.CONFIRMED, Reservation.Status.SEATED)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    content: str
    type: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, ready to be sent. Nothing in it that goes into a header has a line break."""

    to: str
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()
    unsubscribe: str = ""
    """Where a POST ends mails of this kind; of those that need consent."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that is no longer true, and why."""

    because: str


def render(message: Message, now: dt.datetime) -> Mail | Dropped:
    """Return what a message says now, or why it must not go out; now is the database's time.

    The language is the message's where the site has it, else the restaurant's or the site's own.
    Times are the restaurant's wall time, links absolute on SITE_URL.
    """
    if message.kind == Kind.INVITATION:
        return _invitation(message)
    because, row = untrue(message, now), told_row(message)
    if because:
        return Dropped(because)
    with translation.override(_language(message)):
        if row is None or message.kind == Kind.STAFF_SHEET:
            context = sheet_context(message, now)
        else:
            context = _context(message, row, now)
        mail = _mail(message, context, _reply_to(message, row))
        return replace(mail, attachments=_attachments(message, row, context, now))


def _language(message: Message) -> str:
    languages = (message.language, message.restaurant.language, settings.LANGUAGE_CODE)
    return next(code for code in languages if code in dict(settings.LANGUAGES))


def _mail(message: Message, context: dict[str, Any], reply_to: str) -> Mail:
    """Return a mail in the active language, from the templates of the message's kind."""
    context = context | {"language": _language(message)}
    # The first line of the text is the subject.
    subject, _newline, text = render_to_string(f"mail/{message.kind}.txt", context).strip().partition("\n")
    # What was typed is of one line already, and what isolates a name stays.
    subject = " ".join(subject.split())
    return Mail(
        to=address_of(message),
        sender=mailbox(one_line(message.restaurant.name), _site_address()),
        reply_to=reply_to,
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=render_to_string(f"mail/{message.kind}.html", context | {"subject": subject}),
        message_id=message.message_id,
        unsubscribe=f"{context['link']}consent/" if message.kind == Kind.THANKS else "",
    )


def _invitation(message: Message) -> Mail | Dropped:
    """Tell somebody of their place on the staff. Who has no password yet gets a link to set one, made now."""
    member = message.member
    if member is None or not member.user.is_active:
        return Dropped(_("What it tells of is gone."))
    user, restaurant = member.user, message.restaurant
    is_new = not user.has_usable_password()
    with translation.override(_language(message)):
        link = set_password_link(user) if is_new else _absolute("admin:index")
        context = {
            "restaurant": restaurant,
            "place": isolated(one_line(restaurant.name)),
            "address": location(restaurant),
            "name": isolated(one_line(user.name)),
            "role": member.get_role_display(),
            "is_new": is_new,
            "link": link,
        }
        return _mail(message, context, restaurant.email if is_address(restaurant.email) else "")


def set_password_link(user: User) -> str:
    """Return the address at which a user sets a password: good once, and for ``PASSWORD_RESET_TIMEOUT``."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return _absolute("password_reset_confirm", uidb64=uid, token=default_token_generator.make_token(user))


def mailbox(name: str, address: str) -> str:
    """Return a sender as a header has it before it is encoded; name has one line."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if name else address


def _site_address() -> str:
    return parseaddr(settings.EMAIL_FROM)[1]


def _reply_to(message: Message, row: Row | None) -> str:
    """Return whom an answer reaches: the restaurant, and for the restaurant whoever booked; "" where none is known."""
    address = (recipient(row) if row else "") if is_to_staff(message) else message.restaurant.email
    return address if is_address(address) else ""


def _context(message: Message, row: Row, now: dt.datetime) -> dict[str, Any]:
    restaurant = message.restaurant
    hold = held_for(row) if message.kind in (Kind.OFFER, Kind.PROPOSAL) else _asked(message, row)
    timed = hold or row
    context = {
        "kind": message.kind,
        "row": row,
        "is_entry": isinstance(row, WaitlistEntry),
        "to_staff": is_to_staff(message),
        "restaurant": restaurant,
        "zone": restaurant.timezone,
        "place": isolated(one_line(restaurant.name)),
        "address": location(restaurant),
        "name": isolated(one_line(getattr(row, "booker_name", "") or row.name)),
        "guest": isolated(one_line(row.name)),
        "who": isolated(one_line(row.name)) or row.reference,
        "party": timed.party_size,
        "link": _press_link(row) if message.kind == Kind.ASKED else link_to(row),
        "place_link": _absolute("restaurant", slug=restaurant.address),
        "staff_link": _staff_link(row),
        "data": message.data,
        "held_until": hold.held_until.astimezone(restaurant.zone) if hold and hold.held_until else None,
    }
    if not isinstance(timed, WaitlistEntry):
        context["start"] = timed.starts_at.astimezone(restaurant.zone)
    if isinstance(row, Reservation):
        context |= _of_reservation(message, row, now)
    elif isinstance(row, BookingRequest):
        context["asked"] = row.starts_at.astimezone(restaurant.zone)
        context["expires"] = row.expires_at.astimezone(restaurant.zone)
    return context


def _asked(message: Message, row: Row) -> Reservation | None:
    return row if message.kind == Kind.ASKED and isinstance(row, Reservation) else None


def _of_reservation(message: Message, reservation: Reservation, now: dt.datetime) -> dict[str, Any]:
    restaurant = message.restaurant
    limit = cutoff(restaurant, reservation.service).moment(
        reservation.starts_at, reservation.service_date, restaurant.timezone
    )
    was = message.data.get("was")
    return {
        "structured": script(reservation_document(reservation, link=link_to(reservation)))
        if message.kind in _WITH_CALENDAR
        else "",
        "cancel_until": limit.astimezone(restaurant.zone) if limit > now else None,
        # A late cancellation is better than a table that stays empty.
        "late_after": limit < reservation.starts_at,
        "was": dt.datetime.fromisoformat(was).astimezone(restaurant.zone) if was else None,
        "was_party": message.data.get("was_party", reservation.party_size),
        "others": _others(reservation, message.recipient) if message.kind == Kind.CONFIRMATION else [],
        "answer": _answer(reservation) if message.data.get("answered") else "",
    }


def _answer(reservation: Reservation) -> str:
    """Return what staff wrote to the guest when they accepted the request that it came from."""
    return BookingRequest.objects.filter(reservation=reservation).values_list("answer", flat=True).first() or ""


def _others(reservation: Reservation, to: str) -> list[Reservation]:
    """Return what else the guest has in the same service, which may be a mistake; what the address has booked alone.

    Whoever books in a guest's name, or types a guest's phone, must not learn where the guest is.
    """
    if reservation.guest_id is None or reservation.service_id is None:
        return []
    same = Reservation.objects.filter(
        Q(email=to) | Q(booker_email=to),
        restaurant_id=reservation.restaurant_id,
        service_date=reservation.service_date,
        service_id=reservation.service_id,
        guest_id=reservation.guest_id,
        status__in=_ACTIVE,
    )
    return list(same.exclude(pk=reservation.pk).order_by("starts_at", "pk"))


def _attachments(
    message: Message, row: Row | None, context: dict[str, Any], now: dt.datetime
) -> tuple[Attachment, ...]:
    if message.kind not in _WITH_CALENDAR or not isinstance(row, Reservation):
        return ()
    method, text = calendar_entry(
        row,
        attendee=message.recipient,
        organiser=_site_address(),
        link=context["link"],
        summary=message.restaurant.name,
        now=now,
    )
    # Attached, not an alternative to the text: Outlook would show it instead of the mail.
    return (Attachment("reservation.ics", text, f"text/calendar; method={method}"),)


def link_to(row: Row) -> str:
    """Return the absolute address of the guest's page of a row, in the active language."""
    slug, key = row.restaurant.slug, (row.restaurant_id, row.reference)
    if isinstance(row, Reservation):
        return _absolute("reservation", slug=slug, token=reservation_token(*key))
    if isinstance(row, WaitlistEntry):
        return _absolute("waitlist_entry", slug=slug, token=entry_token(*key))
    return _absolute("request", slug=slug, token=request_token(*key))


def _press_link(row: Row) -> str:
    token = press_token(row.restaurant_id, row.reference, recipient(row))
    return _absolute("press", slug=row.restaurant.slug, token=token)


def _staff_link(row: Row) -> str:
    if not admin.site.is_registered(type(row)):
        return _absolute("admin:index")
    return _absolute(f"admin:{row._meta.label_lower.replace('.', '_')}_change", object_id=row.pk)


def _absolute(name: str, **arguments: Any) -> str:
    return f"{settings.SITE_URL}{reverse(name, kwargs=arguments)}"
