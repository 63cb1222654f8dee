"""The menus of Last Ferry. Worcestershire sauce holds anchovy and barley."""

from __future__ import annotations

from restaurant_site.demo.spec import DemoMenu, DemoSection, dish

_SUPPER = DemoMenu(
    "Supper",
    note="The whole card until eleven, the late card until one.",
    sections=(
        DemoSection(
            "Raw & cold",
            (
                dish(
                    "Oysters, half a dozen",
                    "East Coast, mignonette, horseradish, saltines",
                    "",
                    "gluten molluscs sulphites",
                    note="market price",
                ),
                dish(
                    "Shrimp cocktail",
                    "Six of them, cocktail sauce that clears the head",
                    "24",
                    "gluten crustaceans fish celery",
                ),
                dish(
                    "Steak tartare",
                    "Cut by hand, egg yolk, grilled rye",
                    "23",
                    "gluten eggs fish mustard",
                ),
                dish("Wedge", "Iceberg, blue cheese, bacon, chives", "17", "eggs milk mustard"),
                dish(
                    "Little gem Caesar",
                    "Anchovy, Parmesan, torn croutons",
                    "18",
                    "gluten eggs fish milk mustard",
                ),
            ),
        ),
        DemoSection(
            "From the broiler",
            (
                dish("Porterhouse for two", "Forty days dry-aged, 40 oz, marrow butter", "148", "milk"),
                dish("New York strip", "14 oz, black pepper, watercress", "62", "milk"),
                dish("Double-cut pork chop", "Brined in cider, apple and mustard", "41", "milk mustard sulphites"),
                dish("Lamb chops", "Three, anchovy and rosemary, burnt lemon", "54", "fish"),
                dish("Half chicken under a brick", "Pan juices, schmaltz potatoes", "34", "celery sulphites"),
                dish(
                    "Swordfish",
                    "Capers, brown butter, parsley",
                    "39",
                    "fish milk sulphites",
                    available=False,
                ),
            ),
            note="Every cut comes with its bone where it has one.",
        ),
        DemoSection(
            "Not from the broiler",
            (
                dish(
                    "Rigatoni alla vodka",
                    "Calabrian chilli, tomato, cream",
                    "26",
                    "gluten milk sulphites",
                    "vegetarian",
                ),
                dish(
                    "Mushroom bourguignon",
                    "Maitake, pearl onions, red wine, polenta",
                    "28",
                    "celery sulphites",
                    "vegan",
                ),
                dish(
                    "French onion soup",
                    "Beef broth, sherry, a lid of Gruyère",
                    "18",
                    "gluten milk celery sulphites",
                ),
                dish(
                    "Lobster roll",
                    "Warm, brown butter, a split bun, chips",
                    "36",
                    "gluten crustaceans eggs milk",
                ),
            ),
        ),
        DemoSection(
            "Sides",
            (
                dish("Creamed spinach", "Nutmeg, a crust", "13", "gluten milk", "vegetarian"),
                dish("Hash browns", "The size of a plate, crisp all over", "12", "", "vegan"),
                dish("Onion rings", "Beer batter, hot honey", "12", "gluten", "vegetarian"),
                dish("Charred broccoli", "Garlic, chilli, lemon", "13", "", "vegan"),
                dish("Parker House rolls", "Four, salted butter", "9", "gluten eggs milk", "vegetarian"),
            ),
        ),
        DemoSection(
            "Late card",
            (
                dish(
                    "The Ferry burger",
                    "Two patties, American cheese, pickles, a potato roll",
                    "24",
                    "gluten eggs fish milk mustard sesame",
                ),
                dish(
                    "Grilled cheese & tomato soup",
                    "Aged Cheddar, sourdough, for dipping",
                    "19",
                    "gluten milk celery",
                    "vegetarian",
                ),
                dish(
                    "Disco fries",
                    "Gravy, cheese curds, scallion",
                    "16",
                    "gluten milk celery",
                ),
                dish(
                    "Steak and eggs",
                    "Hanger, two fried eggs, hash browns",
                    "38",
                    "eggs milk",
                ),
            ),
            note="From eleven until the lights go up.",
        ),
        DemoSection(
            "Sweet",
            (
                dish("Cheesecake", "Sour cherries", "14", "gluten eggs milk", "vegetarian"),
                dish("Chocolate layer cake", "One slice, two forks", "15", "gluten eggs milk soy", "vegetarian"),
                dish("Egg cream", "Which has neither", "8", "milk", "vegetarian"),
                dish("Lemon ice", "In the lemon", "10", "", "vegan"),
            ),
        ),
    ),
)

_BAR = DemoMenu(
    "The bar",
    sections=(
        DemoSection(
            "Martinis, at twenty below",
            (
                dish("House Martini", "Gin, a rinse of dry vermouth, lemon oil", "19", "sulphites", "vegan"),
                dish("Gibson", "Onions that we pickle ourselves", "19", "sulphites", "vegan"),
                dish("Dirty, and we mean it", "Vodka, olive brine, three olives", "19", "sulphites", "vegan"),
                dish("Espresso Martini", "From the old machine", "20", "", "vegan"),
            ),
        ),
        DemoSection(
            "Long and brown",
            (
                dish("Manhattan", "Rye, sweet vermouth, two dashes", "18", "sulphites", "vegan"),
                dish("Missed the Boat", "Mezcal, amaro, grapefruit, salt", "18", "", "vegan"),
                dish("Whiskey Sour", "With egg white, unless you say", "18", "eggs", "vegetarian"),
                dish("Harbor Fog", "No alcohol: Lapsang, lemon, honey, soda", "13", "", "vegetarian"),
            ),
        ),
        DemoSection(
            "Wine and beer",
            (
                dish("Finger Lakes Riesling", "Dry, a glass", "15", "sulphites", "vegan"),
                dish("Cabernet Franc", "North Fork, a glass", "17", "sulphites", "vegan"),
                dish("Pilsner", "From Queens", "9", "gluten", "vegan", note="12 oz"),
                dish("Porter", "On nitro", "10", "gluten", "vegan", note="16 oz"),
            ),
        ),
    ),
)

MENUS = (_SUPPER, _BAR)
