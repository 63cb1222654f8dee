"""A tavern with a taproom, two rooms and a terrace, and tables that are pushed together."""

from __future__ import annotations

from restaurant_site.demo.places.berlin_menu import MENUS
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
        "name": "Zum Stillen Ochsen",
        "slug": "zum-stillen-ochsen",
        "tagline": "A Kreuzberg tavern with slow roasts, cellar beer and a chestnut yard",
        "accent": "#3d5a2a",
        "description": (
            "The oven is lit at nine in the morning and the first roast leaves it at noon. In between lie a whole ox "
            "shoulder, six loaves of rye and, on Sundays, the goose. We pour beer from small Franconian breweries, "
            "keep two rooms for those who have something to celebrate, and heat the chestnut yard with stoves "
            "until the last guest wants to go home."
        ),
        "street": "Kastanienufer 12",
        "postcode": "10999",
        "city": "Berlin",
        "country": "DE",
        "latitude": "52.49631",
        "longitude": "13.42874",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "text_language": "en",
        "phone": "+49 30 23125142",
        "email": "tisch@stiller-ochse.example",
        "website": "https://stiller-ochse.example",
        "min_party": 1,
        "max_party": 12,
        "booking_window_days": 60,
        "hold_minutes": 10,
        "turn_minutes": 120,
        "lead_minutes": 60,
        "cutoff_minutes": 180,
    },
    cuisines=("german", "regional", "beer_garden"),
    hours=(
        ("Mo-Tu", "17:00", "23:30"),
        ("We-Sa", "12:00", "15:30"),
        ("We-Sa", "17:00", "23:30"),
        ("Su", "12:00", "22:30"),
    ),
    areas=(
        DemoArea(
            "Taproom",
            (
                DemoTable("S1", 1, 2, step_free=True),
                DemoTable("S2", 1, 2, step_free=True),
                DemoTable("S3", 1, 2),
                DemoTable("S4", 2, 4, step_free=True),
                DemoTable("S5", 2, 4, step_free=True),
                DemoTable("S6", 2, 4),
                DemoTable("S7", 2, 4),
                DemoTable("Regulars", 1, 6, online=False),
            ),
        ),
        DemoArea(
            "Chestnut yard",
            (
                DemoTable("K1", 1, 2, step_free=True),
                DemoTable("K2", 1, 2, step_free=True),
                DemoTable("K3", 2, 4, step_free=True),
                DemoTable("K4", 2, 4, step_free=True),
                DemoTable("K5", 2, 4, step_free=True),
                DemoTable("K6", 2, 4, step_free=True),
                DemoTable("K7", 3, 6, step_free=True),
                DemoTable("K8", 3, 6, step_free=True),
            ),
        ),
        DemoArea(
            "Green room",
            (
                DemoTable("G1", 2, 4),
                DemoTable("G2", 2, 4),
                DemoTable("G3", 2, 4),
                DemoTable("G4", 2, 4),
            ),
        ),
        DemoArea("Hunters' room", (DemoTable("J1", 6, 12),)),
    ),
    combinations=(
        DemoCombination("S4 and S5", "S4 + S5", 5, 8),
        DemoCombination("S6 and S7", "S6 + S7", 5, 8),
        DemoCombination("K3 and K4", "K3 + K4", 5, 8),
        DemoCombination("K5 and K6", "K5 + K6", 5, 8),
        DemoCombination("K7 and K8", "K7 + K8", 7, 12),
        DemoCombination("G1 and G2", "G1 + G2", 5, 8),
        DemoCombination("G3 and G4", "G3 + G4", 5, 8),
        DemoCombination("The whole green room", "G1 + G2 + G3 + G4", 9, 16, online=False),
    ),
    plan={
        "S1": (1, 1, "round"),
        "S2": (1, 6, "round"),
        "S3": (1, 11, "round"),
        "S4": (7, 1, "square"),
        "S5": (13, 1, "square"),
        "S6": (7, 8, "square"),
        "S7": (13, 8, "square"),
        "Regulars": (20, 4, "round"),
        "K1": (1, 1, "round"),
        "K2": (1, 6, "round"),
        "K3": (6, 1, "square"),
        "K4": (12, 1, "square"),
        "K5": (6, 7, "square"),
        "K6": (12, 7, "square"),
        "K7": (19, 1, "long"),
        "K8": (19, 7, "long"),
        "G1": (1, 1, "square"),
        "G2": (7, 1, "square"),
        "G3": (13, 1, "square"),
        "G4": (19, 1, "square"),
        "J1": (4, 2, "long"),
    },
    turns=((2, 105), (4, 120), (8, 150), (16, 180)),
    services=(
        DemoService(
            "Lunch",
            "We-Sa",
            "12:00",
            "14:00",
            rules={"max_covers": 20, "max_online_covers": 16},
            turns=((4, 75), (16, 90)),
        ),
        DemoService("Sunday roast", "Su", "12:00", "15:30", rules={"min_party": 2, "max_covers": 24}),
        DemoService("Dinner", "Mo-Sa", "17:30", "21:30", 15, rules={"max_covers": 16, "max_online_covers": 12}),
        DemoService(
            "Sunday supper", "Su", "17:30", "20:00", rules={"max_party": 8, "max_covers": 20, "max_online_covers": 16}
        ),
    ),
    special_days=(
        DemoSpecialDay("Wedding party, the whole house", after=(9, "Tu")),
        DemoSpecialDay("Christmas Eve", on=(12, 24)),
        DemoSpecialDay(
            "Goose on Christmas Day",
            on=(12, 25),
            hours="12:00–17:00",
            services=(
                DemoService("Goose, first sitting", "Mo-Su", "12:00", "12:00", rules={"lead_minutes": 2880}),
                DemoService("Goose, second sitting", "Mo-Su", "14:30", "14:30", rules={"lead_minutes": 2880}),
            ),
        ),
        DemoSpecialDay(
            "Goose on Boxing Day",
            on=(12, 26),
            hours="12:00–17:00",
            services=(
                DemoService("Goose, first sitting", "Mo-Su", "12:00", "12:00", rules={"lead_minutes": 2880}),
                DemoService("Goose, second sitting", "Mo-Su", "14:30", "14:30", rules={"lead_minutes": 2880}),
            ),
        ),
        DemoSpecialDay(
            "New Year's Eve, five courses",
            on=(12, 31),
            hours="from 18:30",
            services=(DemoService("New Year's Eve", "Mo-Su", "18:30", "19:30", turns=((16, 330),)),),
        ),
        DemoSpecialDay("New Year's Day", on=(1, 1)),
    ),
    menus=MENUS,
    crowd=Crowd(
        peaks=("12:30", "19:30"),
        sizes={1: 4, 2: 40, 3: 15, 4: 22, 5: 6, 6: 7, 7: 2, 8: 3, 10: 1},
        cultures={
            "german": 50,
            "turkish": 9,
            "polish": 7,
            "english": 8,
            "french": 5,
            "italian": 5,
            "arabic": 5,
            "any": 11,
        },
        phones=("de", "de", "de", "uk", "fr"),
        online=0.75,
        german=0.65,
        children=0.16,
    ),
)
