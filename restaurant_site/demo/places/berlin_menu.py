"""The menus of Zum Stillen Ochsen."""

from __future__ import annotations

from restaurant_site.demo.spec import DemoMenu, DemoSection, dish

_FOOD = DemoMenu(
    "From the oven and the garden",
    note="All roasts come from farms within a hundred kilometres. When one is eaten up, it is eaten up.",
    sections=(
        DemoSection(
            "To begin",
            (
                dish(
                    "Brot & Griebenschmalz",
                    "Our own rye sourdough, lard with apple and crackling, pickled gherkins",
                    "6.50",
                    "gluten mustard",
                ),
                dish(
                    "Obazda",
                    "Ripe Camembert beaten with paprika and a splash of wheat beer, red onion, a warm pretzel",
                    "9.80",
                    "gluten milk",
                    "vegetarian",
                ),
                dish(
                    "Rote-Bete-Tatar",
                    "Beetroot baked in salt, horseradish, capers, pumpkin seeds, rye crisp",
                    "11.50",
                    "gluten mustard sulphites",
                    "vegan",
                ),
                dish(
                    "Matjeshering",
                    "Young soused herring, cream with apple and dill, potatoes from the ashes",
                    "12.90",
                    "fish milk",
                ),
                dish(
                    "Kürbissuppe",
                    "Hokkaido squash, ginger, roasted seeds and their oil",
                    "8.90",
                    "celery",
                    "vegan",
                ),
                dish(
                    "Feldsalat",
                    "Lamb's lettuce, bacon, a soft egg, warm potato dressing",
                    "11.80",
                    "eggs mustard celery sulphites",
                ),
            ),
        ),
        DemoSection(
            "Slow roasts",
            (
                dish(
                    "Ochsenschulter",
                    "Ox shoulder, fourteen hours in the embers, its own juices, celeriac, bread dumpling",
                    "26.50",
                    "gluten eggs milk celery sulphites",
                ),
                dish(
                    "Krustenbraten",
                    "Pork with a crackling crust, dark beer gravy, red cabbage, potato dumpling",
                    "22.80",
                    "gluten celery mustard sulphites",
                ),
                dish(
                    "Halbe Bauernente",
                    "Half a farmhouse duck, oranges, thyme, savoy cabbage in cream",
                    "29.50",
                    "milk celery sulphites",
                ),
                dish(
                    "Gans am Sonntag",
                    "Goose with chestnuts, baked apple, kale and two kinds of dumpling; Sundays only",
                    "38.00",
                    "gluten eggs celery sulphites",
                    available=False,
                ),
                dish(
                    "Spanferkel for the table",
                    "A whole suckling pig for eight or more, ordered three days ahead",
                    "",
                    "gluten celery mustard",
                    note="€ 36 a head",
                ),
            ),
            note="From noon until the last slice.",
        ),
        DemoSection(
            "From the pan",
            (
                dish(
                    "Wiener Schnitzel",
                    "Veal, fried in clarified butter, potato and cucumber salad, cold cranberries",
                    "27.50",
                    "gluten eggs milk mustard celery",
                ),
                dish(
                    "Königsberger Klopse",
                    "Veal dumplings in a white caper sauce with anchovy, beetroot, buttered potatoes",
                    "21.50",
                    "gluten eggs fish milk celery mustard",
                ),
                dish(
                    "Zander",
                    "Pike-perch from the Havel on its skin, lentils from the Swabian Alb, sorrel",
                    "26.80",
                    "fish milk celery sulphites",
                ),
                dish(
                    "Käsespätzle",
                    "Hand-scraped spätzle, mountain cheese, fried onions, a green salad",
                    "17.90",
                    "gluten eggs milk mustard",
                    "vegetarian",
                ),
                dish(
                    "Pilzgulasch",
                    "Wild mushrooms, smoked paprika, caraway, bread dumpling without egg",
                    "18.50",
                    "gluten soy celery",
                    "vegan",
                ),
            ),
        ),
        DemoSection(
            "Beside it",
            (
                dish("Bratkartoffeln", "Potatoes fried with onion and marjoram", "5.50", "", "vegan"),
                dish("Rotkohl", "Red cabbage with apple and clove", "4.90", "sulphites", "vegan"),
                dish("Gurkensalat", "Cucumber, soured cream, dill", "4.90", "milk", "vegetarian"),
                dish("Brezel", "A pretzel, butter with chives", "3.80", "gluten milk", "vegetarian"),
            ),
        ),
        DemoSection(
            "Sweet",
            (
                dish(
                    "Kaiserschmarrn",
                    "Torn pancake, rum raisins, plum compote; twenty minutes, for two",
                    "16.50",
                    "gluten eggs milk sulphites",
                    "vegetarian",
                ),
                dish(
                    "Rote Grütze",
                    "Red berries barely set, vanilla sauce made with oats",
                    "8.50",
                    "gluten",
                    "vegan",
                ),
                dish(
                    "Schwarzwälder im Glas",
                    "Chocolate, sour cherries, kirsch, cream",
                    "9.50",
                    "gluten eggs milk sulphites",
                    "vegetarian",
                ),
                dish(
                    "Käsebrett",
                    "Five raw-milk cheeses, fruit bread, fig mustard",
                    "14.50",
                    "gluten milk mustard nuts",
                ),
            ),
        ),
    ),
)

_DRINKS = DemoMenu(
    "Beer, wine and the rest",
    sections=(
        DemoSection(
            "From the tap",
            (
                dish("Kellerbier", "Unfiltered, from a barrel, 5.1 %", "4.90", "gluten", "vegan", note="0.5 l"),
                dish("Rauchbier", "Smoked malt from Bamberg, 5.2 %", "5.20", "gluten", "vegan", note="0.5 l"),
                dish(
                    "Berliner Weisse", "Sour wheat, with or without woodruff", "4.80", "gluten", "vegan", note="0.33 l"
                ),
                dish("Alkoholfreies Helles", "Below 0.5 %", "4.60", "gluten", "vegan", note="0.5 l"),
            ),
        ),
        DemoSection(
            "By the glass",
            (
                dish("Riesling trocken", "Nahe, slate and lime", "7.20", "sulphites", "vegan", note="0.2 l"),
                dish("Silvaner", "Franconia, from the round bottle", "7.50", "sulphites", "vegan", note="0.2 l"),
                dish("Spätburgunder", "Ahr, light and cool", "8.90", "sulphites", "vegan", note="0.2 l"),
                dish("Rhabarberschorle", "Rhubarb juice and sparkling water", "4.40", "", "vegan", note="0.4 l"),
            ),
        ),
    ),
)

MENUS = (_FOOD, _DRINKS)
