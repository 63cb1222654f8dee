"""A patio for breakfast, weekend brunch and the long midday meal; nothing in the evening."""

from __future__ import annotations

from restaurant_site.demo.places.mexico_city_menu import MENUS
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
        "name": "La Mañana Larga",
        "slug": "la-manana-larga",
        "tagline": "Breakfast under the jacaranda, and lunch that lasts until six",
        "accent": "#b3326b",
        "description": (
            "The corn is cooked with lime every night and ground before sunrise, so that everything flat, folded or "
            "steamed here is a few hours old. Doña Ofelia and her daughters run the comal at the edge of the patio; "
            "pull up a stool and watch. Mornings are for chilaquiles, afternoons for mole and mezcal, and in the "
            "evening we are asleep."
        ),
        "street": "Calle Ahuehuete 58, Roma Norte",
        "postcode": "06700",
        "city": "Mexico City",
        "country": "MX",
        "latitude": "19.41655",
        "longitude": "-99.16107",
        "timezone": "America/Mexico_City",
        "currency": "MXN",
        "text_language": "en",
        "phone": "",
        "email": "hola@manana-larga.example",
        "website": "https://manana-larga.example",
        "min_party": 1,
        "max_party": 10,
        "booking_window_days": 45,
        "hold_minutes": 10,
        "turn_minutes": 90,
        "lead_minutes": 30,
        "cutoff_minutes": 120,
    },
    cuisines=("mexican", "breakfast", "brunch"),
    hours=(("Tu-Fr", "08:00", "18:00"), ("Sa-Su", "08:30", "18:00")),
    areas=(
        DemoArea(
            "Patio",
            (
                DemoTable("P1", 1, 2, step_free=True),
                DemoTable("P2", 1, 2, step_free=True),
                DemoTable("P3", 1, 2, step_free=True),
                DemoTable("P4", 2, 4, step_free=True),
                DemoTable("P5", 2, 4, step_free=True),
                DemoTable("P6", 2, 4, step_free=True),
                DemoTable("P7", 3, 6),
                DemoTable("P8", 3, 6),
            ),
        ),
        DemoArea(
            "Salon",
            (
                DemoTable("S1", 1, 2),
                DemoTable("S2", 1, 2),
                DemoTable("S3", 2, 4),
                DemoTable("S4", 2, 4),
                DemoTable("S5", 5, 8),
            ),
        ),
        DemoArea(
            "Comal bar",
            (
                DemoTable("C1", 1, 2),
                DemoTable("C2", 1, 2),
                DemoTable("C3", 1, 2, online=False),
            ),
        ),
    ),
    combinations=(
        DemoCombination("P1 and P2", "P1 + P2", 3, 4),
        DemoCombination("P4 and P5", "P4 + P5", 5, 8),
        DemoCombination("P7 and P8", "P7 + P8", 7, 12),
        DemoCombination("S3 and S4", "S3 + S4", 5, 8),
    ),
    turns=((2, 75), (4, 90), (8, 105), (12, 120)),
    services=(
        DemoService("Breakfast", "Tu-Fr", "08:30", "11:30", rules={"max_covers": 14}, turns=((4, 60), (12, 75))),
        DemoService(
            "Weekend brunch",
            "Sa-Su",
            "09:00",
            "13:00",
            15,
            rules={"max_covers": 14, "max_online_covers": 10, "max_party": 8, "lead_minutes": 60},
        ),
        DemoService(
            "Comida",
            "Tu-Su",
            "14:00",
            "16:30",
            rules={"max_covers": 18, "max_online_covers": 14, "cutoff_minutes": 180},
            turns=((2, 105), (4, 120), (12, 150)),
        ),
    ),
    special_days=(
        DemoSpecialDay("We are at the market in Oaxaca", after=(8, "We")),
        DemoSpecialDay("Christmas Day", on=(12, 25)),
        DemoSpecialDay(
            "Recalentado brunch",
            on=(1, 1),
            hours="10:00–15:00",
            services=(DemoService("Recalentado", "Mo-Su", "10:00", "13:30", rules={"max_covers": 16}),),
        ),
        DemoSpecialDay(
            "Día de Muertos, altar and mole",
            on=(11, 2),
            hours="09:00–18:00",
            services=(
                DemoService("Breakfast", "Mo-Su", "09:00", "12:00", rules={"max_covers": 14}),
                DemoService("Comida", "Mo-Su", "14:00", "16:30", rules={"max_covers": 18}),
            ),
        ),
        DemoSpecialDay("Independence Day", on=(9, 16)),
    ),
    menus=MENUS,
    crowd=Crowd(
        peaks=("10:00", "14:30"),
        sizes={1: 7, 2: 42, 3: 14, 4: 20, 5: 6, 6: 6, 7: 2, 8: 2, 10: 1},
        cultures={"spanish": 66, "english": 14, "german": 4, "french": 4, "japanese": 3, "any": 9},
        phones=("us", "us", "de", "fr"),
        online=0.72,
        children=0.2,
    ),
)
