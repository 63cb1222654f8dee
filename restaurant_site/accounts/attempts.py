"""Failed sign-ins, counted for a name at an address: reading and writing the rows of django-axes.

A row holds the name, the address and a number, and nothing else of the request.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Max, Q, Sum, Value, When
from django.http import HttpRequest
from django.utils import timezone

from reservations.models import normalise_email
from restaurant_site.client_address import client_address, network_of

NAME_LIMIT = 50
"""So many failures of one name from all addresses together; then only addresses where it has signed in may go on."""

KEPT = dt.timedelta(days=30)
"""For so long rows are kept: of failures for operators to see, of success to know a person's own addresses."""

_BATCH, _BATCHES = 500, 20
_NOTHING = {"user_agent": "", "http_accept": "", "path_info": ""}


def name_of(credentials: dict[str, Any] | None) -> str:
    """Return the name that somebody signs in by, in the account's one spelling, cut to what a row holds."""
    typed = str((credentials or {}).get(settings.AXES_USERNAME_FORM_FIELD) or "")
    plain = "".join(sign for sign in typed if unicodedata.category(sign) not in ("Cc", "Cs"))
    return normalise_email(plain)[:254]


def address_of(request: HttpRequest) -> str | None:
    """Return whom failures of a request are counted for: an address, of IPv6 the first of its /64; None if unknown."""
    address = network_of(client_address(request)).partition("/")[0]
    return None if address == "unknown" else address


def locked_until(name: str, address: str | None, now: dt.datetime) -> dt.datetime | None:
    """Return until when a name may not try from an address, or None where it may.

    One statement, and one more for a name that is tried from everywhere.
    """
    here = Q(ip_address=address) if address else Q(ip_address__isnull=True)
    rows = AccessAttempt.objects.filter(username=name, attempt_time__gt=now - settings.AXES_COOLOFF_TIME).order_by()
    found: dict[str, Any] = rows.aggregate(
        here=Sum("failures_since_start", filter=here),
        last_here=Max("attempt_time", filter=here),
        all=Sum("failures_since_start"),
        last=Max("attempt_time"),
    )
    if (found["here"] or 0) >= settings.AXES_FAILURE_LIMIT:
        return _after(found["last_here"])
    if (found["all"] or 0) >= NAME_LIMIT and not _is_known(name, address):
        return _after(found["last"])
    return None


def _after(last: dt.datetime) -> dt.datetime:
    cool_off: dt.timedelta = settings.AXES_COOLOFF_TIME
    return last + cool_off


def _is_known(name: str, address: str | None) -> bool:
    return bool(address) and AccessLog.objects.filter(username=name, ip_address=address).exists()


def record_failure(name: str, address: str | None, now: dt.datetime) -> None:
    """Count a failure; after the cool-off counting begins anew."""
    rows = AccessAttempt.objects.filter(username=name, ip_address=address, user_agent="")
    is_old = Q(attempt_time__lte=now - settings.AXES_COOLOFF_TIME)
    one_more = Case(When(is_old, then=Value(1)), default=F("failures_since_start") + 1)
    if rows.update(failures_since_start=one_more, attempt_time=now):
        return
    try:
        with transaction.atomic():
            AccessAttempt.objects.create(
                username=name, ip_address=address, failures_since_start=1, get_data="", post_data="", **_NOTHING
            )
    except IntegrityError:
        # Another try of the same moment was first.
        rows.update(failures_since_start=one_more, attempt_time=now)


def record_success(name: str, address: str | None, now: dt.datetime) -> None:
    """Forget the failures of a name at an address, and keep that it has signed in there."""
    AccessAttempt.objects.filter(username=name, ip_address=address).delete()
    if address is None:
        return
    if not AccessLog.objects.filter(username=name, ip_address=address).update(attempt_time=now):
        AccessLog.objects.create(username=name, ip_address=address, **_NOTHING)


def unlock(name: str) -> int:
    """Forget the failures of a name everywhere; return how many rows there were."""
    return int(AccessAttempt.objects.filter(username=normalise_email(name)).delete()[0])


def forget_attempts() -> int:
    """Delete rows that are older than `KEPT`, a bounded number at a time; return how many."""
    done = 0
    now = timezone.now()
    for model in (AccessAttempt, AccessLog):
        for _batch in range(_BATCHES):
            old = model.objects.filter(attempt_time__lt=now - KEPT).order_by("pk")
            numbers = list(old.values_list("pk", flat=True)[:_BATCH])
            if not numbers:
                break
            done += int(model.objects.filter(pk__in=numbers).delete()[0])
    return done
