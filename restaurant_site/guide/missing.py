"""What keeps diners from booking, or would surprise them: each with the page on which it is put right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from menus.models import Dish
from reservations.engine.errors import Reason
from reservations.engine.fitting import candidates
from reservations.engine.plan import Ask, DayPlan
from reservations.jobs.beats import state
from reservations.models import OpeningPeriod, Restaurant, Service, Table, TurnTime
from reservations.queries.day import day_plan
from restaurant_site.guide.steps import Step, address

_REAL_MAIL = "restaurant_site.smtp.EmailBackend"

STEP_OF: dict[Reason, Step] = {
    Reason.ONLINE_BOOKING_OFF: Step.OPEN,
    Reason.HOURS_UNKNOWN: Step.OPEN,
    Reason.NO_SERVICE: Step.SERVICES,
    Reason.TOO_FAR: Step.SERVICES,
    Reason.PARTY_TOO_SMALL: Step.SERVICES,
    Reason.PARTY_TOO_LARGE: Step.SERVICES,
    Reason.PACING_FULL: Step.SERVICES,
    Reason.NO_TABLE: Step.TABLES,
}
"""Where a refusal of the test search is put right; closures and full tables are nobody's mistake."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing. blocks says that nobody can book because of it."""

    text: str
    link: str
    blocks: bool = False


def lacks(restaurant: Restaurant) -> list[Lack]:
    """Return what is missing, what keeps everybody from booking first."""
    found = [*_booking(restaurant), *_tables(restaurant), *_services(restaurant), *_around(restaurant)]
    return sorted(found, key=lambda lack: not lack.blocks)


def as_if_open(restaurant: Restaurant, plan: DayPlan) -> DayPlan:
    """Return a day as diners would find it once a draft is published."""
    is_on = restaurant.online_booking == Restaurant.Booking.ON
    return replace(plan, online_reason=None) if is_on else plan


def _booking(restaurant: Restaurant) -> list[Lack]:
    link = address(Step.OPEN, restaurant)
    found = []
    if restaurant.visibility == Restaurant.Visibility.DRAFT:
        found.append(Lack(_("It is a draft: only staff see it."), link, blocks=True))
    elif restaurant.visibility == Restaurant.Visibility.PRIVATE:
        found.append(Lack(_("It is private: only those who have the link see it and book."), link))
    if restaurant.online_booking != Restaurant.Booking.ON:
        found.append(Lack(_("Online booking is off."), link, blocks=True))
    return found


def _tables(restaurant: Restaurant) -> list[Lack]:
    link = address(Step.TABLES, restaurant)
    tables = Table.objects.filter(restaurant=restaurant, is_active=True)
    if not tables.exists():
        return [Lack(_("There are no tables."), link, blocks=True)]
    if not tables.filter(is_online=True).exists():
        return [Lack(_("No table can be booked online."), link, blocks=True)]
    plan = day_plan(restaurant.pk, timezone.now().astimezone(restaurant.zone).date(), seatings=False)
    sizes = range(restaurant.min_party, restaurant.max_party + 1)
    unseated = [party for party in sizes if not candidates(plan, Ask(party=party))]
    if not unseated:
        return []
    text = _("No table seats %(parties)s, though parties of %(least)d to %(most)d may book online.")
    words = {"parties": _numbers(unseated), "least": restaurant.min_party, "most": restaurant.max_party}
    return [Lack(text % words, link)]


def _services(restaurant: Restaurant) -> list[Lack]:
    link = address(Step.SERVICES, restaurant)
    today = timezone.now().astimezone(restaurant.zone).date()
    rows = Service.objects.filter(restaurant=restaurant, special_day=None).exclude(valid_until__lt=today)
    masks = list(rows.values_list("weekdays", flat=True))
    if not masks:
        return [Lack(_("There is no service: no time is offered."), link, blocks=True)]
    found = []
    if free := [str(WEEKDAYS[day]) for day in range(7) if not any(mask & (1 << day) for mask in masks)]:
        found.append(Lack(_("No service on these days: %(days)s.") % {"days": ", ".join(free)}, link))
    if not TurnTime.objects.filter(restaurant=restaurant).exists():
        text = ngettext(
            "Every party holds its table for %(count)d minute, whatever its size.",
            "Every party holds its table for %(count)d minutes, whatever its size.",
            restaurant.turn_minutes,
        )
        found.append(Lack(text % {"count": restaurant.turn_minutes}, link))
    return found


def _around(restaurant: Restaurant) -> list[Lack]:
    place = address(Step.PLACE, restaurant)
    own_page = reverse("admin:reservations_restaurant_change", args=(restaurant.pk,))
    checks: Sequence[tuple[bool, str | Promise, str]] = (
        (not restaurant.phone, gettext_lazy("Diners who can't book online find no phone number."), place),
        (not restaurant.email, gettext_lazy("The restaurant has no e-mail: it hears nothing of bookings."), place),
        (
            settings.EMAIL_BACKEND != _REAL_MAIL,
            gettext_lazy("No e-mail sender is configured (EMAIL_URL): no guest gets a mail."),
            "",
        ),
        (state().is_silent, gettext_lazy("The job loop does not run (manage.py run_jobs): no mail goes out."), ""),
        (
            not OpeningPeriod.objects.filter(restaurant=restaurant).exists(),
            gettext_lazy("Diners are shown no opening hours."),
            own_page,
        ),
        (
            not Dish.objects.filter(restaurant=restaurant).exists(),
            gettext_lazy("There is no menu."),
            address(Step.MENU, restaurant),
        ),
    )
    return [Lack(str(text), link) for is_missing, text, link in checks if is_missing]


def _numbers(numbers: list[int]) -> str:
    """Return ascending numbers as ranges: “1, 5–8”."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ", ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in ranges)


def week_from(date: dt.date) -> list[dt.date]:
    """Return a date and the six after it."""
    return [date + dt.timedelta(days=day) for day in range(7)]
