"""A seafood room under a railway arch, with a bar where nobody books."""

from __future__ import annotations

from restaurant_site.demo.places.london_menu import MENUS
from restaurant_site.demo.spec import (
    Crowd,
    DemoArea,
    DemoClosure,
    DemoCombination,
    DemoPlace,
    DemoService,
    DemoSpecialDay,
    DemoTable,
)

PLACE = DemoPlace(
    fields={
        "name": "The Tide Table",
        "slug": "the-tide-table",
        "tagline": "Oysters, crab and day-boat fish under a railway arch",
        "accent": "#1d5c6e",
        "description": (
            "Three day boats in Cornwall telephone us before six, and by noon what they landed is on the ice. We "
            "grill it over vine wood, dress it with very little, and pour cold white wine next to it. The trains "
            "pass overhead every four minutes; after the second glass you will not notice. The stools at the oyster "
            "bar are kept for whoever walks in."
        ),
        "street": "Arch 27, Capstan Walk, Bermondsey",
        "postcode": "SE1",
        "city": "London",
        "country": "GB",
        "latitude": "51.49945",
        "longitude": "-0.07718",
        "timezone": "Europe/London",
        "currency": "GBP",
        "text_language": "en",
        "phone": "+44 20 7946 0142",
        "email": "ahoy@tide-table.example",
        "website": "https://tide-table.example",
        "min_party": 1,
        "max_party": 10,
        "booking_window_days": 60,
        "hold_minutes": 8,
        "turn_minutes": 120,
        "lead_minutes": 120,
        "cutoff_minutes": 1440,
    },
    cuisines=("seafood", "british", "oysters"),
    hours=(
        ("Tu", "17:00", "23:00"),
        ("We-Sa", "12:00", "15:30"),
        ("We-Sa", "17:00", "23:30"),
        ("Su", "12:00", "18:30"),
    ),
    areas=(
        DemoArea(
            "The arch",
            (
                DemoTable("A1", 1, 2, step_free=True),
                DemoTable("A2", 1, 2, step_free=True),
                DemoTable("A3", 1, 2),
                DemoTable("A4", 1, 2),
                DemoTable("A5", 2, 4, step_free=True),
                DemoTable("A6", 2, 4, step_free=True),
                DemoTable("A7", 2, 4),
                DemoTable("A8", 2, 4),
                DemoTable("A9", 4, 6, step_free=True),
                DemoTable("A10", 5, 8),
            ),
        ),
        DemoArea(
            "Oyster bar",
            (
                DemoTable("O1", 1, 2, online=False),
                DemoTable("O2", 1, 2, online=False),
                DemoTable("O3", 1, 2, online=False),
            ),
        ),
        DemoArea(
            "Pavement",
            (
                DemoTable("P1", 1, 2, step_free=True),
                DemoTable("P2", 1, 2, step_free=True),
                DemoTable("P3", 2, 4, step_free=True),
            ),
        ),
    ),
    combinations=(
        DemoCombination("A1 and A2", "A1 + A2", 3, 4),
        DemoCombination("A3 and A4", "A3 + A4", 3, 4),
        DemoCombination("A5 and A6", "A5 + A6", 5, 8),
        DemoCombination("A7 and A8", "A7 + A8", 5, 8),
        DemoCombination("A9 and A10", "A9 + A10", 9, 14),
        DemoCombination("P1 and P2", "P1 + P2", 3, 4),
    ),
    plan={
        "A1": (1, 1, "round"),
        "A2": (6, 1, "round"),
        "A3": (11, 1, "round"),
        "A4": (16, 1, "round"),
        "A5": (1, 6, "square"),
        "A6": (7, 6, "square"),
        "A7": (13, 6, "square"),
        "A8": (19, 6, "square"),
        "A9": (1, 12, "long"),
        "A10": (10, 12, "long"),
        "O1": (1, 1, "round"),
        "O2": (5, 1, "round"),
        "O3": (9, 1, "round"),
        "P1": (1, 1, "round"),
        "P2": (6, 1, "round"),
        "P3": (11, 1, "square"),
    },
    turns=((2, 105), (4, 120), (8, 135), (14, 165)),
    services=(
        DemoService(
            "Lunch",
            "We-Sa",
            "12:00",
            "14:30",
            rules={"max_covers": 14, "lead_minutes": 45},
            turns=((2, 90), (14, 105)),
        ),
        DemoService("Dinner", "Tu-Sa", "17:30", "21:30", 15, rules={"max_covers": 14, "max_online_covers": 10}),
        DemoService(
            "Shellfish Sunday",
            "Su",
            "12:00",
            "16:00",
            rules={"min_party": 2, "max_covers": 16, "max_online_covers": 12},
        ),
    ),
    special_days=(
        DemoSpecialDay(
            "Spring-tide supper, one long table",
            after=(3, "Th"),
            hours="12:00–15:30, 19:00–23:30",
            services=(
                DemoService("Lunch", "Mo-Su", "12:00", "14:00", rules={"max_covers": 14}, turns=((14, 105),)),
                DemoService("Spring-tide supper", "Mo-Su", "19:00", "19:30", turns=((14, 210),)),
            ),
        ),
        DemoSpecialDay(
            "Christmas Eve, lunch only",
            on=(12, 24),
            hours="12:00–16:00",
            services=(DemoService("Christmas Eve lunch", "Mo-Su", "12:00", "14:00", rules={"max_covers": 14}),),
        ),
        DemoSpecialDay("Christmas Day", on=(12, 25)),
        DemoSpecialDay("Boxing Day", on=(12, 26)),
        DemoSpecialDay(
            "New Year's Eve",
            on=(12, 31),
            hours="from 18:00",
            services=(
                DemoService("Early table", "Mo-Su", "18:00", "18:30", turns=((14, 135),)),
                DemoService(
                    "Until the bells",
                    "Mo-Su",
                    "20:45",
                    "21:30",
                    15,
                    rules={"lead_minutes": 2880, "cutoff_minutes": 10080},
                    turns=((14, 225),),
                ),
            ),
        ),
        DemoSpecialDay("New Year's Day", on=(1, 1)),
    ),
    closures=(DemoClosure(18, 5, "The arch is being repainted"),),
    menus=MENUS,
    crowd=Crowd(
        peaks=("13:00", "19:30"),
        sizes={1: 6, 2: 50, 3: 13, 4: 20, 5: 4, 6: 5, 8: 2},
        cultures={
            "english": 46,
            "indian": 10,
            "irish": 8,
            "african": 8,
            "french": 6,
            "italian": 5,
            "polish": 4,
            "chinese": 4,
            "any": 9,
        },
        phones=("uk", "uk", "uk", "fr"),
        online=0.84,
        children=0.07,
    ),
)
