"""The menus of Saltbush & Ember."""

from __future__ import annotations

from restaurant_site.demo.spec import DemoMenu, DemoSection, dish

_FIRE = DemoMenu(
    "Over the fire",
    note="Made to be shared; three plates for two people is about right.",
    sections=(
        DemoSection(
            "Snacks",
            (
                dish("Wattleseed bread", "Cultured butter, river salt", "12", "gluten milk", "vegetarian"),
                dish("Coffin Bay oyster", "Finger lime", "6.50", "molluscs", note="each"),
                dish("Fried saltbush", "Vinegar powder", "11", "sulphites", "vegan"),
                dish("Kangaroo tartare", "Pepperberry, quandong, rye wafer", "9", "gluten eggs mustard", note="each"),
                dish("Smoked macadamias", "Honey, bush tomato", "10", "nuts", "vegetarian"),
            ),
        ),
        DemoSection(
            "From the gulf",
            (
                dish("Coorong mullet", "Whole, warrigal greens, lemon", "34", "fish"),
                dish("Spencer Gulf prawns", "Split, burnt chilli butter", "32", "crustaceans milk"),
                dish("Port Lincoln squid", "Black garlic, beach herbs", "29", "molluscs"),
                dish("King George whiting", "Brown butter, capers", "41", "fish milk sulphites", available=False),
                dish("Southern rock lobster", "Half, native lemongrass", "", "crustaceans milk", note="market price"),
            ),
        ),
        DemoSection(
            "From the land",
            (
                dish("Saltbush lamb shoulder", "Six hours, for two or three", "78", "milk celery sulphites"),
                dish(
                    "Dry-aged rib of beef",
                    "Limestone Coast, bone marrow, mustard",
                    "",
                    "mustard sulphites",
                    note="$ 16 per 100 g",
                ),
                dish("Barossa chook", "Half, preserved lemon, pan juices", "42", "celery sulphites"),
                dish("Pork neck", "Apple, fennel, pickled mustard seeds", "44", "mustard sulphites"),
                dish(
                    "Feast for nine to twelve",
                    "Everything from the hearth, in six rounds; ordered with the booking",
                    "115",
                    "gluten crustaceans eggs fish milk nuts celery mustard sesame sulphites molluscs",
                    note="a head",
                ),
            ),
        ),
        DemoSection(
            "From Willunga",
            (
                dish("Pumpkin in the ashes", "Tahini, dukkah, currants", "26", "nuts sesame sulphites", "vegan"),
                dish("Leeks on the coals", "Romesco of almond and pepper", "24", "nuts sulphites", "vegan"),
                dish("Eggplant and miso", "Blackened, toasted sesame", "25", "soy sesame", "vegan"),
                dish("Heirloom tomatoes", "Goat's curd, basil oil", "22", "milk", "vegetarian"),
                dish("Potatoes in embers", "Soured cream, chives", "14", "milk", "vegetarian"),
                dish("Leaves", "Verjuice dressing", "12", "mustard sulphites", "vegan"),
            ),
        ),
        DemoSection(
            "Sweet",
            (
                dish("Quandong pie", "Sour, short crust, custard", "17", "gluten eggs milk", "vegetarian"),
                dish("Burnt honey ice cream", "Wattleseed praline", "15", "eggs milk nuts", "vegetarian"),
                dish("Davidson plum sorbet", "Native mint", "13", "", "vegan"),
                dish("Lamington, ours", "Chocolate, coconut, raspberry", "14", "gluten eggs milk soy", "vegetarian"),
                dish("Cheese from the Hills", "Three kinds, lavosh, muscatels", "24", "gluten milk sulphites"),
            ),
        ),
    ),
)

_CELLAR = DemoMenu(
    "Cellar",
    note="Nothing from further than four hours away.",
    sections=(
        DemoSection(
            "By the glass",
            (
                dish("Eden Valley Riesling", "Lime and slate", "15", "sulphites", "vegan", note="150 ml"),
                dish("Adelaide Hills Chardonnay", "Lean, old oak", "17", "sulphites", "vegan", note="150 ml"),
                dish("McLaren Vale Grenache", "Bush vines, sand", "17", "sulphites", "vegan", note="150 ml"),
                dish("Barossa Shiraz", "The one you came for", "19", "sulphites", "vegan", note="150 ml"),
                dish("Clare Cabernet", "Ten years old", "22", "sulphites", "vegan", note="150 ml"),
            ),
        ),
        DemoSection(
            "Beer, and none",
            (
                dish("Pale ale", "From Port Adelaide", "12", "gluten", "vegan", note="425 ml"),
                dish("Saltbush gose", "Sour, salty, for oysters", "13", "gluten", "vegan", note="425 ml"),
                dish("Lemon myrtle soda", "Made here", "8", "", "vegan"),
                dish("Verjuice spritz", "No alcohol, very dry", "11", "sulphites", "vegan"),
            ),
        ),
    ),
)

MENUS = (_FIRE, _CELLAR)
