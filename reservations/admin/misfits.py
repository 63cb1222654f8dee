"""Who is to come to a table that was made smaller or put out of use: staff are told, and may move them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import ngettext

from reservations.admin import pages
from reservations.admin.answering import reserved_text
from reservations.models import Reservation, Table
from reservations.queries.floor import misfits

Status = Reservation.Status

_MOST = 10
"""So many are named: more would bury the page."""


def warn(request: HttpRequest, table: Table) -> None:
    """Tell which parties to come a table does not suit any more, each with the page that moves it."""
    found = misfits(table, timezone.now())
    if not found:
        return
    text = ngettext(
        "{table} suits {count} party to come no more. It stands; move it to other tables: {parties}",
        "{table} suits {count} parties to come no more. They stand; move them to other tables: {parties}",
        len(found),
    )
    may = request.user.has_perm(pages.CHANGE)
    parties = format_html_join(
        "; ",
        '<a href="{}">{}</a>, {}, {}',
        (
            (
                # What is held is moved once it is confirmed.
                pages.reservation_address(row, "move" if may and row.status == Status.CONFIRMED else "change"),
                row,
                reserved_text(row),
                pages.covers_text(row.party_size),
            )
            for row in found[:_MOST]
        ),
    )
    if len(found) > _MOST:
        parties = format_html("{}; …", parties)
    messages.warning(request, format_html(text, table=table, count=len(found), parties=parties))
