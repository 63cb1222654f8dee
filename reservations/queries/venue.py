"""What diners are shown of restaurants: the listing, and one restaurant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from reservations.models import (
    Area,
    Closure,
    OpeningPeriod,
    Restaurant,
    RestaurantCuisine,
    SpecialDay,
)
from reservations.models.venue import KEY_SIGN
from restaurant_site.photos.photo import Photo

SITEMAP_PART = 250
"""Restaurants in one part of the sitemap: with every page in every language, each naming the others."""

PAGE = 24
"""Restaurants on one page of the listing."""


@dataclass(frozen=True, slots=True)
class Card:
    """A restaurant in the listing."""

    slug: str
    name: str
    tagline: str
    city: str
    cuisines: tuple[str, ...]
    bookable: bool
    photo: Photo | None = None
    accent: str = ""
    text_language: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the listing, and how many restaurants match in all."""

    cards: tuple[Card, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class HoursLine:
    """A day of the opening hours, and its periods as pairs of local times; none is closed."""

    day: int
    periods: tuple[tuple[dt.time, dt.time], ...]

    @property
    def label(self) -> str:
        """The day's name in the active language."""
        return str(OpeningPeriod.Day(self.day).label)


@dataclass(frozen=True, slots=True)
class DateNotice:
    """A date or range of dates that differs from the usual hours; of a service that alone is closed, its name."""

    starts_on: dt.date
    ends_on: dt.date
    name: str
    closed: bool
    hours: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One restaurant, as its page shows it. Of a private one the slug carries the key, as its address does."""

    id: int
    slug: str
    visibility: str
    name: str
    tagline: str
    description: str
    street: str
    postcode: str
    city: str
    country: str
    latitude: Decimal | None
    longitude: Decimal | None
    phone: str
    email: str
    website: str
    timezone: str
    currency: str
    online_booking: str
    hours_text: str
    min_party: int
    max_party: int
    window_days: int
    hold_minutes: int
    takes_requests: bool
    takes_waitlist: bool
    from_openstreetmap: bool
    cuisines: tuple[str, ...]
    hours: tuple[HoursLine, ...]
    notices: tuple[DateNotice, ...]
    areas: tuple[tuple[int, str], ...]
    photo: Photo | None = None
    accent: str = ""
    text_language: str = ""
    """The code of the language of its own texts; "" where none is told."""

    @property
    def listed(self) -> bool:
        """Whether the page may be found by those who don't have its address."""
        return self.visibility == Restaurant.Visibility.PUBLIC

    @property
    def bookable(self) -> bool:
        """Whether diners can book online at all."""
        return self.online_booking == Restaurant.Booking.ON


def listing(*, text: str = "", city: str = "", cuisine: str = "", page: int = 1) -> Listing:
    """Return a page of the published restaurants that match, 24 a page; a page beyond the last is the last."""
    rows = Restaurant.objects.filter(is_published=True)
    if text:
        rows = rows.filter(name__icontains=text)
    if city:
        rows = rows.filter(city__iexact=city)
    if cuisine:
        rows = rows.filter(pk__in=RestaurantCuisine.objects.filter(cuisine=cuisine).values("restaurant_id"))
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    shown = rows.order_by("position", "name", "pk").prefetch_related("cuisines")[(page - 1) * PAGE : page * PAGE]
    cards = tuple(
        Card(
            slug=row.slug,
            name=row.name,
            tagline=row.tagline,
            city=row.city,
            cuisines=tuple(str(cuisine) for cuisine in row.cuisines.all()),
            bookable=row.online_booking == Restaurant.Booking.ON,
            photo=row.photo,
            accent=row.accent,
            text_language=row.text_language,
        )
        for row in shown
    )
    return Listing(cards, total, page, pages)


def cities(limit: int = 300) -> list[str]:
    """Return the cities with most restaurants, by name; the filter suggests them."""
    rows = _published().exclude(city="").values("city").annotate(count=Count("pk")).order_by("-count", "city")[:limit]
    return sorted(row["city"] for row in rows)


def cuisines(limit: int = 100) -> list[str]:
    """Return the most common cuisines, by name; the filter suggests them."""
    rows = (
        RestaurantCuisine.objects.filter(restaurant__is_published=True)
        .values("cuisine")
        .annotate(count=Count("pk"))
        .order_by("-count", "cuisine")[:limit]
    )
    return sorted(row["cuisine"].replace("_", " ") for row in rows)


def only_slug() -> str | None:
    """Return the slug of the one published restaurant, or None where there are more or none."""
    slugs = list(_published().order_by("pk").values_list("slug", flat=True)[:2])
    return slugs[0] if len(slugs) == 1 else None


def slugs(part: int) -> list[str]:
    """Return the slugs of the published restaurants, `SITEMAP_PART` a part; part counts from 1."""
    rows = _published().order_by("pk").values_list("slug", flat=True)
    return list(rows[(part - 1) * SITEMAP_PART : part * SITEMAP_PART])


def parts() -> int:
    """Return how many parts `slugs` has, at least one."""
    return max(1, -(-_published().count() // SITEMAP_PART))


def id_of(address: str) -> int | None:
    """Return the primary key of the restaurant that an address leads to: its slug, or slug and key; else None.

    A private restaurant is found by its key alone. A published one that was
    private still is too, so that nobody's link dies.
    """
    slug, sign, key = address.partition(KEY_SIGN)
    row = Restaurant.objects.filter(slug=slug).only("slug", "link_key", "is_published").first()
    # Azure SQL finds a slug in any case; only the one that it is written in has an address.
    if row is None or row.slug != slug:
        return None
    if not sign:
        return row.pk if row.visibility != Restaurant.Visibility.PRIVATE else None
    return row.pk if row.link_key and constant_time_compare(key, row.link_key) else None


def place(pk: int, *, drafts: bool = False) -> Place | None:
    """Return a restaurant that is no draft, with the special days and closures of the next 60 days, or None.

    drafts shows those too: to staff.
    """
    row = Restaurant.objects.filter(pk=pk).first()
    if row is None or (row.visibility == Restaurant.Visibility.DRAFT and not drafts):
        return None
    return Place(
        id=row.pk,
        slug=row.address,
        visibility=str(row.visibility),
        name=row.name,
        tagline=row.tagline,
        description=row.description,
        street=row.street,
        postcode=row.postcode,
        city=row.city,
        country=row.country,
        latitude=row.latitude,
        longitude=row.longitude,
        phone=row.phone,
        email=row.email,
        website=row.website,
        timezone=row.timezone,
        currency=row.currency,
        online_booking=row.online_booking,
        hours_text=row.hours_text,
        min_party=row.min_party,
        max_party=row.max_party,
        window_days=row.booking_window_days,
        hold_minutes=row.hold_minutes,
        takes_requests=row.takes_requests,
        takes_waitlist=row.takes_waitlist,
        from_openstreetmap=(row.source_ref or "").startswith("osm:"),
        cuisines=tuple(str(cuisine) for cuisine in row.cuisines.all()),
        hours=_hours(row),
        notices=_notices(row),
        areas=areas(row.pk),
        photo=row.photo,
        accent=row.accent,
        text_language=row.text_language,
    )


def areas(restaurant_id: int) -> tuple[tuple[int, str], ...]:
    """Return the areas that a guest may ask for, with their numbers: those that have a table bookable online."""
    return tuple(
        Area.objects.filter(restaurant_id=restaurant_id, tables__is_active=True, tables__is_online=True)
        .distinct()
        .order_by("position", "pk")
        .values_list("pk", "name")
    )


def _published() -> QuerySet[Restaurant]:
    return Restaurant.objects.filter(is_published=True)


def _hours(restaurant: Restaurant) -> tuple[HoursLine, ...]:
    rows = list(OpeningPeriod.objects.filter(restaurant=restaurant).order_by("day", "opens"))
    if not rows:
        return ()
    periods: dict[int, list[tuple[dt.time, dt.time]]] = {day.value: [] for day in list(OpeningPeriod.Day)[:7]}
    for row in rows:
        of_day = periods.setdefault(row.day, [])
        if row.opens is not None and row.closes is not None:
            of_day.append((row.opens, row.closes))
    return tuple(HoursLine(day, tuple(of_day)) for day, of_day in sorted(periods.items()))


def _notices(restaurant: Restaurant, days: int = 60) -> tuple[DateNotice, ...]:
    today = timezone.now().astimezone(restaurant.zone).date()
    until = today + dt.timedelta(days=days)
    special = SpecialDay.objects.filter(restaurant=restaurant, date__gte=today, date__lte=until).order_by("date")
    closures = Closure.objects.filter(restaurant=restaurant, ends_on__gte=today, starts_on__lte=until)
    found = [DateNotice(row.date, row.date, row.name, row.is_closed, row.hours) for row in special]
    found += [
        DateNotice(row.starts_on, row.ends_on, row.reason, True, "", row.service.name if row.service else "")
        for row in closures.select_related("service")
    ]
    return _joined(sorted(found, key=lambda notice: (notice.starts_on, notice.ends_on)))


def _joined(notices: list[DateNotice]) -> tuple[DateNotice, ...]:
    """Join days that follow each other and say the same: a season is one notice, not sixty."""
    joined: list[DateNotice] = []
    for notice in notices:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.ends_on + dt.timedelta(days=1) == notice.starts_on
            and (last.name, last.closed, last.hours, last.service)
            == (notice.name, notice.closed, notice.hours, notice.service)
        ):
            joined[-1] = replace(last, ends_on=notice.ends_on)
        else:
            joined.append(notice)
    return tuple(joined)
