"""The menus of The Tide Table."""

from __future__ import annotations

from restaurant_site.demo.spec import DemoMenu, DemoSection, dish

_FOOD = DemoMenu(
    "Today's slate",
    note="Weights and prices of the fish are chalked up at noon and at five.",
    sections=(
        DemoSection(
            "Oysters",
            (
                dish("Rock oysters", "Porlock Bay, shallot vinegar", "3.80", "molluscs sulphites", note="each"),
                dish("Native oysters", "Mersea, from September to April", "", "molluscs", note="market price, each"),
                dish("Angels on horseback", "Baked in bacon, toast", "13.50", "gluten molluscs"),
                dish(
                    "Oyster and stout",
                    "Six rocks, half a pint, brown bread and butter",
                    "26",
                    "gluten milk molluscs sulphites",
                ),
            ),
        ),
        DemoSection(
            "Small",
            (
                dish(
                    "Potted brown shrimp",
                    "Morecambe Bay, mace butter, hot toast",
                    "12.50",
                    "gluten crustaceans milk",
                ),
                dish("Smoked cod's roe", "Radishes, crisps", "10.50", "gluten fish milk"),
                dish(
                    "Cornish crab on toast",
                    "White meat and brown, lemon mayonnaise",
                    "17.50",
                    "gluten crustaceans eggs mustard",
                ),
                dish("Mackerel, cured and torched", "Gooseberry, dill", "11.50", "fish sulphites"),
                dish(
                    "Leeks vinaigrette",
                    "Chopped egg, tarragon, fried breadcrumbs",
                    "10",
                    "gluten eggs mustard sulphites",
                    "vegetarian",
                ),
                dish(
                    "Fish soup", "Rouille, Gruyère, croutons", "14", "gluten crustaceans eggs fish milk celery mustard"
                ),
            ),
        ),
        DemoSection(
            "Over vine wood",
            (
                dish("Whole lemon sole", "Brown shrimp butter", "36", "crustaceans fish milk"),
                dish("Monkfish on the bone", "Smoked paprika, white beans", "33", "fish celery sulphites"),
                dish(
                    "Native lobster", "Half or whole, garlic butter, chips", "", "crustaceans milk", note="market price"
                ),
                dish("Turbot for the table", "To share, hollandaise", "", "eggs fish milk", note="£ 92 a kilo"),
                dish("Cuttlefish", "In its ink, polenta", "25", "fish molluscs celery sulphites", available=False),
                dish("Hispi cabbage", "Seaweed butter, hazelnuts", "19.50", "milk nuts", "vegetarian"),
            ),
        ),
        DemoSection(
            "From the kitchen",
            (
                dish(
                    "Fish pie",
                    "Smoked haddock, prawns, a lid of mash",
                    "23.50",
                    "gluten crustaceans fish milk mustard",
                ),
                dish("Mussels", "Cider, bacon, cream, a loaf", "21", "gluten milk molluscs sulphites"),
                dish("Beer-battered haddock", "Chips, mushy peas, tartare sauce", "22.50", "gluten eggs fish mustard"),
                dish(
                    "Squash and barley",
                    "Roast squash, pearl barley, kale, pickled walnut",
                    "18.50",
                    "gluten nuts celery sulphites",
                    "vegan",
                ),
            ),
        ),
        DemoSection(
            "Next to it",
            (
                dish("Chips", "Fried in beef dripping", "6.50"),
                dish("Jersey Royals", "Mint, butter", "6.50", "milk", "vegetarian", available=False),
                dish("Samphire", "Lemon", "7.50", "", "vegan"),
                dish("Tomato salad", "Lovage, rapeseed oil", "8", "", "vegan"),
            ),
        ),
        DemoSection(
            "After",
            (
                dish("Treacle tart", "Clotted cream", "9.50", "gluten eggs milk", "vegetarian"),
                dish("Chocolate pot", "Sea salt, shortbread", "9", "gluten eggs milk soy", "vegetarian"),
                dish("Poached rhubarb", "Ginger, almond granola", "8.50", "gluten nuts", "vegan"),
                dish("Three British cheeses", "Oatcakes, quince", "14", "gluten milk"),
            ),
        ),
    ),
)

_WINE = DemoMenu(
    "Short wine list",
    sections=(
        DemoSection(
            "White, by the glass",
            (
                dish("Bacchus", "Essex, elderflower", "9.50", "sulphites", "vegan", note="175 ml"),
                dish("Muscadet sur lie", "Made for the first dozen", "8.50", "sulphites", "vegan", note="175 ml"),
                dish("Albariño", "Rías Baixas", "10", "sulphites", "vegan", note="175 ml"),
                dish("Chablis", "From a small cellar", "13.50", "sulphites", "vegan", note="175 ml"),
            ),
        ),
        DemoSection(
            "Sparkling, red and without",
            (
                dish("English sparkling", "Kent, five years on the lees", "14", "sulphites", "vegan", note="125 ml"),
                dish("Chilled Gamay", "For monkfish and friends", "9.50", "sulphites", "vegan", note="175 ml"),
                dish("Oyster stout", "Brewed with the shells", "6.20", "gluten molluscs", note="pint"),
                dish("Sea buckthorn spritz", "No alcohol", "6", "", "vegan"),
            ),
        ),
    ),
)

MENUS = (_FOOD, _WINE)
