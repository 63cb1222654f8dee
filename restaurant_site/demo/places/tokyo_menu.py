"""The menus of Hasseki. Soy sauce holds wheat; the kitchen's own miso is of rice and soy."""

from __future__ import annotations

from restaurant_site.demo.spec import DemoMenu, DemoSection, dish

_COURSE_NOTE = "in the course"

_OMAKASE = DemoMenu(
    "Omakase",
    note="One course for everybody. Tell us of allergies when you book: on the evening itself we can't change it.",
    sections=(
        DemoSection(
            "Tonight",
            (
                dish(
                    "Omakase",
                    "Eleven courses at the counter, about two hours",
                    "19800",
                    "gluten crustaceans eggs fish soy sesame molluscs",
                ),
                dish(
                    "Shōjin omakase",
                    "Eleven courses from the temple kitchen, without fish, meat or egg; ask two days ahead",
                    "17600",
                    "gluten soy sesame",
                    "vegan",
                ),
                dish("Sake pairing", "Six cups from small breweries", "7700", "", "vegan"),
                dish("Tea pairing", "Five teas, cold and warm", "4400", "", "vegan"),
            ),
        ),
        DemoSection(
            "How it goes",
            (
                dish(
                    "Sakizuke 先付",
                    "Sesame tofu, sea urchin, a leaf of shiso",
                    "",
                    "gluten fish soy sesame",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Owan お椀",
                    "Clear soup of bonito and kelp, pike conger, matsutake",
                    "",
                    "gluten fish soy",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Tsukuri 造り",
                    "Three fish of the morning, cut to order, salt and soy",
                    "",
                    "gluten fish soy",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Yakimono 焼物",
                    "Blackthroat seaperch over binchōtan",
                    "",
                    "gluten fish soy",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Agemono 揚物",
                    "Tiger prawn and its head, lily bulb, green salt",
                    "",
                    "gluten crustaceans eggs",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Takiawase 炊合せ",
                    "Octopus simmered soft, daikon, new potato",
                    "",
                    "gluten fish soy molluscs",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Chawanmushi 茶碗蒸し",
                    "Savoury custard, gingko nut, snow crab",
                    "",
                    "gluten crustaceans eggs fish soy",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Donabe gohan 土鍋ご飯",
                    "Rice in the clay pot, salmon roe, pickles, red miso soup",
                    "",
                    "gluten fish soy",
                    note=_COURSE_NOTE,
                ),
                dish(
                    "Mizumono 水物",
                    "A slice of muskmelon; nothing else",
                    "",
                    "",
                    "vegan",
                    note=_COURSE_NOTE,
                ),
            ),
            note="An example: what is not good enough this morning is not on the counter tonight.",
        ),
        DemoSection(
            "If you are still hungry",
            (
                dish("Tamagoyaki 玉子焼", "Rolled omelette, sweet and warm", "880", "gluten eggs fish soy"),
                dish("Tekka maki 鉄火巻", "Tuna roll, fresh wasabi", "1980", "gluten fish soy"),
                dish("Ikura don 小丼", "A small bowl of rice and salmon roe", "2640", "gluten fish soy"),
                dish(
                    "Nodoguro 一貫",
                    "Seared seaperch on rice, one piece",
                    "",
                    "gluten fish soy",
                    note="market price",
                    available=False,
                ),
            ),
        ),
    ),
)

_DRINKS = DemoMenu(
    "Sake and tea",
    sections=(
        DemoSection(
            "Sake 日本酒",
            (
                dish("Junmai, Akita", "Dry, clean, best cold", "1320", "", "vegan", note="120 ml"),
                dish("Kimoto, Hyōgo", "Broad and savoury, warmed", "1430", "", "vegan", note="120 ml"),
                dish("Junmai daiginjō, Yamagata", "White peach, very cold", "2420", "", "vegan", note="120 ml"),
                dish("Koshu, Gifu", "Aged nine years, for the end", "2860", "", "vegan", note="60 ml"),
            ),
        ),
        DemoSection(
            "Beer and highballs",
            (
                dish("Draught lager", "In a small, cold glass", "990", "gluten", "vegan", note="300 ml"),
                dish("Highball", "Barley whisky, hard soda", "1210", "", "vegan"),
                dish("Umeshu", "Plums of last June, on one large stone of ice", "1100", "", "vegan"),
                dish("Yuzu soda", "Without alcohol", "880", "", "vegan"),
            ),
        ),
        DemoSection(
            "Tea お茶",
            (
                dish("Gyokuro, Uji", "Brewed three times", "1320", "", "vegan"),
                dish("Hōjicha", "Roasted over the last of the charcoal", "660", "", "vegan"),
                dish("Cold-steeped sencha", "Overnight, on ice", "880", "", "vegan"),
            ),
        ),
        DemoSection(
            "To take home",
            (
                dish("Chirimen sanshō", "Tiny fish and mountain pepper, a jar", "1620", "gluten fish soy"),
                dish(
                    "Bara chirashi",
                    "Scattered sushi in a lacquer box; order by noon",
                    "4860",
                    "gluten crustaceans eggs fish soy",
                ),
                dish("Red miso", "Of rice and soy, two winters old", "1080", "soy", "vegan", note="300 g"),
                dish("Rice from Uonuma", "Polished on Monday", "1080", "", "vegan", note="450 g"),
            ),
        ),
    ),
)

MENUS = (_OMAKASE, _DRINKS)
