"""One counter of eight seats and two sittings a night.

The counter is four places of two neighbouring seats. A party of up to two takes
one; larger ones take places that lie side by side, as combinations, so that
nobody sits apart.
"""

from __future__ import annotations

from restaurant_site.demo.places.tokyo_menu import MENUS
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
        "name": "Hasseki 八席",
        "slug": "hasseki",
        "tagline": "Eight seats, one cook, two sittings a night",
        "accent": "#2b2f6b",
        "description": (
            "Hasseki means eight seats, and that is all there is: a counter of one hinoki plank, and Mr Okuda behind "
            "it. The course follows what came off the boats at Toyosu this morning and what his brother sends from the "
            "mountains. There is no telephone; book here, until four in the afternoon of the same day. Please come on "
            "time, since everybody begins together."
        ),
        "street": "Tsukimi-yokochō 8-8, Kagurazaka",
        "postcode": "162-0825",
        "city": "Tokyo",
        "country": "JP",
        "latitude": "35.70174",
        "longitude": "139.74012",
        "timezone": "Asia/Tokyo",
        "currency": "JPY",
        "text_language": "en",
        "phone": "",
        "email": "yoyaku@hasseki.example",
        "website": "https://hasseki.example",
        "min_party": 1,
        "max_party": 8,
        "booking_window_days": 30,
        "hold_minutes": 5,
        "turn_minutes": 135,
        "lead_clock": "16:00",
        "cutoff_clock": "12:00",
        "cutoff_days_before": 2,
    },
    cuisines=("japanese", "kappo", "seafood"),
    hours=(("Tu-Sa", "17:45", "23:00"),),
    areas=(
        DemoArea(
            "Counter",
            (
                DemoTable("Seats 1–2", 1, 2, step_free=True),
                DemoTable("Seats 3–4", 1, 2),
                DemoTable("Seats 5–6", 1, 2),
                DemoTable("Seats 7–8", 1, 2),
            ),
        ),
    ),
    combinations=(
        DemoCombination("Seats 1–4", "Seats 1–2 + Seats 3–4", 3, 4),
        DemoCombination("Seats 3–6", "Seats 3–4 + Seats 5–6", 3, 4),
        DemoCombination("Seats 5–8", "Seats 5–6 + Seats 7–8", 3, 4),
        DemoCombination("Seats 1–6", "Seats 1–2 + Seats 3–4 + Seats 5–6", 5, 6),
        DemoCombination("Seats 3–8", "Seats 3–4 + Seats 5–6 + Seats 7–8", 5, 6),
        DemoCombination("The whole counter", "Seats 1–2 + Seats 3–4 + Seats 5–6 + Seats 7–8", 7, 8),
    ),
    turns=((8, 135),),
    services=(
        DemoService("First sitting", "Tu-Sa", "18:00", "18:00", rules={"max_party": 4, "max_covers": 8}),
        DemoService("Second sitting", "Tu-Sa", "20:30", "20:30", rules={"max_covers": 8}),
    ),
    special_days=(
        DemoSpecialDay(
            "New-sake evening, one sitting",
            after=(6, "Fr"),
            hours="18:30–22:30",
            services=(
                DemoService("New-sake evening", "Mo-Su", "19:00", "19:00", rules={"max_party": 4}, turns=((8, 195),)),
            ),
        ),
        DemoSpecialDay("Year's end", on=(12, 30)),
        DemoSpecialDay("Year's end", on=(12, 31)),
        DemoSpecialDay("New Year", on=(1, 1)),
        DemoSpecialDay("New Year", on=(1, 2)),
        DemoSpecialDay("New Year", on=(1, 3)),
    ),
    menus=MENUS,
    crowd=Crowd(
        peaks=("18:00", "20:30"),
        sizes={1: 22, 2: 62, 3: 6, 4: 10},
        cultures={"japanese": 62, "english": 10, "chinese": 8, "korean": 6, "french": 4, "any": 10},
        online=0.92,
        japanese=0.6,
        children=0.0,
    ),
)
