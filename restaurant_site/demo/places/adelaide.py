"""Cooking over embers in the southern hemisphere, half an hour off the full hour from UTC."""

from __future__ import annotations

from restaurant_site.demo.places.adelaide_menu import MENUS
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
        "name": "Saltbush & Ember",
        "slug": "saltbush-ember",
        "tagline": "South Australian produce, red-gum fire and a very long table",
        "accent": "#8f4a1f",
        "description": (
            "An old cooperage in the parklands' shadow, with a hearth where the barrels were bent. We cook Coorong "
            "mullet, Flinders Ranges saltbush lamb and whatever the garden at Willunga has too much of, over red gum "
            "and vine cuttings. The cellar holds nothing from further than four hours away, and the long table holds "
            "twelve."
        ),
        "street": "9 Quandong Lane, Bowden",
        "postcode": "5007",
        "city": "Adelaide",
        "country": "AU",
        "latitude": "-34.90487",
        "longitude": "138.57813",
        "timezone": "Australia/Adelaide",
        "currency": "AUD",
        "text_language": "en",
        "phone": "+61 8 5550 0142",
        "email": "fire@saltbush-ember.example",
        "website": "https://saltbush-ember.example",
        "min_party": 1,
        "max_party": 12,
        "booking_window_days": 90,
        "hold_minutes": 15,
        "turn_minutes": 135,
        "lead_minutes": 240,
        "cutoff_clock": "12:00",
        "cutoff_days_before": 1,
    },
    cuisines=("australian", "barbecue", "wine"),
    hours=(("Th", "16:00", "23:00"), ("Fr-Su", "12:00", "23:00"), ("Mo", "17:30", "22:30")),
    areas=(
        DemoArea(
            "By the hearth",
            (
                DemoTable("H1", 1, 2, step_free=True),
                DemoTable("H2", 1, 2, step_free=True),
                DemoTable("H3", 1, 2, step_free=True),
                DemoTable("H4", 2, 4, step_free=True),
                DemoTable("H5", 2, 4, step_free=True),
                DemoTable("H6", 2, 4),
                DemoTable("H7", 4, 6),
            ),
        ),
        DemoArea(
            "Verandah",
            (
                DemoTable("V1", 1, 2),
                DemoTable("V2", 1, 2),
                DemoTable("V3", 2, 4),
                DemoTable("V4", 2, 4),
            ),
        ),
        DemoArea(
            "Long table",
            (
                DemoTable("L1", 2, 4, step_free=True),
                DemoTable("L2", 2, 4, step_free=True),
                DemoTable("L3", 2, 4, step_free=True),
            ),
        ),
        DemoArea("Kitchen pass", (DemoTable("Pass", 1, 2, online=False),)),
    ),
    combinations=(
        DemoCombination("H4 and H5", "H4 + H5", 5, 8),
        DemoCombination("V3 and V4", "V3 + V4", 5, 8),
        DemoCombination("L1 and L2", "L1 + L2", 5, 8),
        DemoCombination("L2 and L3", "L2 + L3", 5, 8),
        DemoCombination("The long table", "L1 + L2 + L3", 9, 12),
    ),
    turns=((2, 120), (4, 135), (8, 165), (12, 180)),
    services=(
        DemoService("Long lunch", "Fr-Su", "12:00", "14:00", rules={"max_covers": 16}, turns=((4, 150), (12, 180))),
        DemoService(
            "Twilight snacks",
            "Th-Fr",
            "16:00",
            "17:00",
            rules={"max_party": 4, "max_covers": 12, "lead_minutes": 30},
            turns=((4, 75),),
            valid=(-14, 75),
        ),
        DemoService("Dinner", "Th-Mo", "17:30", "20:30", 15, rules={"max_covers": 12, "max_online_covers": 10}),
    ),
    special_days=(
        DemoSpecialDay(
            "Growers' Sunday, long lunch only",
            after=(4, "Su"),
            hours="12:00–17:30",
            services=(
                DemoService("Growers' lunch", "Mo-Su", "12:00", "13:30", rules={"max_covers": 20}, turns=((12, 210),)),
            ),
        ),
        DemoSpecialDay("Christmas Day", on=(12, 25)),
        DemoSpecialDay("Boxing Day", on=(12, 26)),
        DemoSpecialDay(
            "New Year's Eve on the verandah",
            on=(12, 31),
            hours="from 18:00",
            services=(DemoService("New Year's Eve", "Mo-Su", "18:00", "19:00", turns=((12, 390),)),),
        ),
        DemoSpecialDay("New Year's Day", on=(1, 1)),
    ),
    closures=(DemoClosure(38, 9, "We are picking grapes"),),
    menus=MENUS,
    crowd=Crowd(
        peaks=("12:30", "16:30", "19:00"),
        sizes={1: 3, 2: 44, 3: 13, 4: 24, 5: 5, 6: 6, 8: 3, 10: 1, 12: 1},
        cultures={
            "english": 44,
            "italian": 12,
            "greek": 10,
            "vietnamese": 9,
            "chinese": 7,
            "indian": 6,
            "irish": 4,
            "any": 8,
        },
        phones=("au",),
        online=0.86,
        children=0.12,
    ),
)
