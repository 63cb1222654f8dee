"""Makes what the traffic is about: two houses of many tables, a menu, and a member of staff. Prints it as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

PASSWORD = "correct horse battery staple"
DISHES = 4
DATES = range(3, 17)
"""Days ahead on which tables are booked: far more tables than can be booked in ten minutes."""


@dataclass(frozen=True, slots=True)
class Made:
    """Addresses on the site, the ids of the dishes whose prices change, and who works there."""

    pages: list[str]
    menu: str
    dishes: list[int]
    times: list[str]
    staff_pages: list[str]
    add: str
    dates: list[str]
    email: str


def main() -> None:
    """Make it all in the database of DATABASE_URL."""
    import django

    django.setup()
    from django.urls import reverse

    from menus.models import Section
    from tests import factories as make

    houses = [
        make.make_venue(tables=[2] * 80, service={"interval_minutes": 15}, name=name, city="Berlin")
        for name in ("Soak", "Rinse")
    ]
    for house in houses:
        make.make_turn_time(house, up_to=2, minutes=45)
    house = houses[0]
    section = Section.objects.get(menu=make.make_menu(house, dishes=[]))
    dishes = [
        make.make_dish(section, name=f"Dish {number}", price="1.00", is_available=False) for number in range(DISHES)
    ]
    dates = [make.days_ahead(house, days).isoformat() for days in DATES]
    staff = make.make_staff(password=PASSWORD)
    sheets = [reverse("admin:reservations_restaurant_sheet", args=(house.pk, date)) for date in dates[:3]]
    made = {
        "pages": [
            "/",
            "/?q=Rinse",
            *(f"/restaurants/{one.slug}/" for one in houses),
            f"/restaurants/{house.slug}/menu/",
        ],
        "menu": f"/restaurants/{house.slug}/menu/",
        "dishes": [dish.pk for dish in dishes],
        "times": [f"/restaurants/{one.slug}/times/?date={date}&party=2" for one in houses for date in dates],
        "staff_pages": [
            reverse("admin:index"),
            *sheets,
            reverse("admin:reservations_restaurant_timeline", args=(house.pk,)),
            reverse("admin:reservations_reservation_changelist"),
        ],
        "add": f"{reverse('admin:reservations_reservation_add')}?restaurant={house.pk}",
        "dates": dates,
        "email": staff.email,
    }
    print(json.dumps(made))  # noqa: T201


if __name__ == "__main__":
    main()
