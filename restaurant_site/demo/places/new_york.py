"""A bar-restaurant whose kitchen is open past midnight."""

from __future__ import annotations

from restaurant_site.demo.places.new_york_menu import MENUS
from restaurant_site.demo.spec import (
    Crowd,
    DemoArea,
    DemoCombination,
    DemoPlace,
    DemoService,
    DemoSpecialDay,
    DemoTable,
)

PLACE = DemoPlace(
    fields={
        "name": "Last Ferry",
        "slug": "last-ferry",
        "tagline": "Chops, cold Martinis and a kitchen that stays up until one",
        "accent": "#8a1f2b",
        "description": (
            "A narrow room near the river, built in 1911 for people who had missed the boat. The booths are original, "
            "the steaks are dry-aged for forty days, and the Martinis are kept at twenty below. From Wednesday to "
            "Saturday the last table is seated at one in the morning, and nobody brings the bill before you ask."
        ),
        "street": "41 Lantern Slip",
        "postcode": "10002",
        "city": "New York",
        "country": "US",
        "latitude": "40.71163",
        "longitude": "-73.98957",
        "timezone": "America/New_York",
        "currency": "USD",
        "text_language": "en",
        "phone": "+1 212-555-0143",
        "email": "hello@last-ferry.example",
        "website": "https://last-ferry.example",
        "min_party": 1,
        "max_party": 8,
        "booking_window_days": 45,
        "hold_minutes": 7,
        "turn_minutes": 105,
        "lead_minutes": 15,
        "cutoff_minutes": 60,
    },
    cuisines=("american", "steak_house", "cocktails"),
    hours=(("Su-Tu", "17:00", "00:30"), ("We-Sa", "17:00", "03:00")),
    areas=(
        DemoArea(
            "Bar room",
            (
                DemoTable("T1", 1, 2, step_free=True),
                DemoTable("T2", 1, 2, step_free=True),
                DemoTable("T3", 1, 2, step_free=True),
                DemoTable("T4", 1, 2, step_free=True),
                DemoTable("T5", 1, 3),
                DemoTable("Bar left", 1, 2, online=False),
                DemoTable("Bar right", 1, 2, online=False),
            ),
        ),
        DemoArea(
            "Booths",
            (
                DemoTable("Booth 1", 2, 4, step_free=True),
                DemoTable("Booth 2", 2, 4, step_free=True),
                DemoTable("Booth 3", 2, 4),
                DemoTable("Booth 4", 2, 4),
                DemoTable("Booth 5", 2, 4),
                DemoTable("Booth 6", 4, 6),
            ),
        ),
        DemoArea(
            "Engine room",
            (
                DemoTable("E1", 2, 4),
                DemoTable("E2", 2, 4),
                DemoTable("E3", 5, 8),
            ),
        ),
    ),
    combinations=(
        DemoCombination("T1 and T2", "T1 + T2", 3, 4),
        DemoCombination("T3 and T4", "T3 + T4", 3, 4),
        DemoCombination("E1 and E2", "E1 + E2", 5, 8),
        DemoCombination("The engine room", "E1 + E2 + E3", 9, 16, online=False),
    ),
    plan={
        "T1": (1, 1, "round"),
        "T2": (6, 1, "round"),
        "T3": (11, 1, "round"),
        "T4": (16, 1, "round"),
        "T5": (21, 1, "square"),
        "Bar left": (3, 7, "long"),
        "Bar right": (10, 7, "long"),
        "Booth 1": (1, 1, "square"),
        "Booth 2": (7, 1, "square"),
        "Booth 3": (13, 1, "square"),
        "Booth 4": (19, 1, "square"),
        "Booth 5": (25, 1, "square"),
        "Booth 6": (31, 1, "long"),
        "E1": (1, 1, "square"),
        "E2": (7, 1, "square"),
        "E3": (13, 1, "long"),
    },
    turns=((2, 90), (4, 105), (8, 135), (16, 180)),
    services=(
        DemoService("Dinner", "Su-Tu", "18:00", "22:30", rules={"max_covers": 16, "max_online_covers": 12}),
        DemoService(
            "Late supper",
            "We-Sa",
            "18:00",
            "01:00",
            rules={"max_covers": 16, "max_online_covers": 12, "max_party": 6},
        ),
    ),
    special_days=(
        DemoSpecialDay("Private party, the whole house", after=(10, "Mo")),
        DemoSpecialDay(
            "Christmas Eve, early closing",
            on=(12, 24),
            hours="17:00–22:00",
            services=(DemoService("Early supper", "Mo-Su", "17:00", "20:00", rules={"max_covers": 16}),),
        ),
        DemoSpecialDay("Christmas Day", on=(12, 25)),
        DemoSpecialDay(
            "New Year's Eve, two sittings",
            on=(12, 31),
            hours="from 18:00",
            services=(
                DemoService("First sitting", "Mo-Su", "18:00", "18:30", turns=((16, 165),)),
                DemoService(
                    "Over midnight", "Mo-Su", "21:30", "00:30", rules={"lead_minutes": 1440}, turns=((16, 180),)
                ),
            ),
        ),
        DemoSpecialDay("New Year's Day", on=(1, 1)),
        DemoSpecialDay("Independence Day", on=(7, 4)),
    ),
    menus=MENUS,
    crowd=Crowd(
        peaks=("20:00", "22:30"),
        sizes={1: 5, 2: 52, 3: 12, 4: 20, 5: 4, 6: 5, 8: 1},
        cultures={
            "english": 34,
            "spanish": 16,
            "italian": 10,
            "chinese": 9,
            "korean": 6,
            "indian": 8,
            "african": 7,
            "any": 10,
        },
        phones=("us",),
        online=0.82,
        children=0.02,
    ),
)
