"""The menus of La Mañana Larga. Its tortillas are of corn and lime alone."""

from __future__ import annotations

from restaurant_site.demo.spec import DemoMenu, DemoSection, dish

_MORNING = DemoMenu(
    "La mañana",
    note="Served until half past one.",
    sections=(
        DemoSection(
            "Sweet bread and fruit",
            (
                dish("Concha", "Vanilla or cacao, from our oven", "48", "gluten eggs milk", "vegetarian"),
                dish("Garibaldi", "A little cake, apricot, nonpareils", "52", "gluten eggs milk", "vegetarian"),
                dish("Fruta de temporada", "Papaya, mamey, pineapple, lime and chilli salt", "98", "", "vegan"),
                dish(
                    "Yogur con amaranto",
                    "Sheep's yoghurt, toasted amaranth, honey from Yucatán",
                    "115",
                    "milk",
                    "vegetarian",
                ),
            ),
        ),
        DemoSection(
            "Eggs",
            (
                dish(
                    "Huevos en hoja santa",
                    "Two eggs baked in the leaf, black beans, fresh cheese",
                    "178",
                    "eggs milk",
                    "vegetarian",
                ),
                dish("Huevos rancheros", "Fried eggs, corn tortilla, charred tomato", "158", "eggs", "vegetarian"),
                dish(
                    "Machaca con huevo",
                    "Dried beef from Sonora, scrambled eggs, flour tortillas",
                    "192",
                    "gluten eggs",
                ),
                dish(
                    "Omelette de huitlacoche",
                    "Corn mushroom, epazote, Oaxaca cheese",
                    "186",
                    "eggs milk",
                    "vegetarian",
                ),
            ),
        ),
        DemoSection(
            "From the comal",
            (
                dish(
                    "Chilaquiles verdes",
                    "Tortilla chips in tomatillo salsa, cream, onion; with egg or chicken if you like",
                    "168",
                    "milk",
                    "vegetarian",
                    note="egg + 25, chicken + 45",
                ),
                dish(
                    "Chilaquiles de chile morita",
                    "Smoky and red, avocado instead of cream",
                    "168",
                    "",
                    "vegan",
                ),
                dish("Tlacoyos", "Blue corn, broad beans, cactus, green salsa", "132", "", "vegan"),
                dish(
                    "Quesadillas de flor",
                    "Squash blossom, quesillo, three of them",
                    "145",
                    "milk",
                    "vegetarian",
                ),
                dish("Tamal de rajas", "Poblano strips, cheese; the steamer opens at nine", "78", "milk", "vegetarian"),
                dish(
                    "Tamal de mole",
                    "Chicken, black mole, in banana leaf",
                    "84",
                    "gluten nuts peanuts sesame",
                    available=False,
                ),
            ),
        ),
    ),
)

_COMIDA = DemoMenu(
    "La comida",
    note="From two in the afternoon. Tortillas come without asking.",
    sections=(
        DemoSection(
            "To share",
            (
                dish("Guacamole", "Made at the table, with or without grasshoppers", "165", "", "vegan"),
                dish("Aguachile verde", "Shrimp, lime, serrano, cucumber", "248", "crustaceans"),
                dish("Tostada de pulpo", "Octopus, chilli oil, avocado", "215", "eggs molluscs mustard"),
                dish("Sopa de milpa", "Corn, squash, blossoms, epazote", "125", "celery", "vegan"),
                dish("Ensalada de nopal", "Cactus, radish, fresh cheese, oregano", "128", "milk", "vegetarian"),
            ),
        ),
        DemoSection(
            "The long plates",
            (
                dish(
                    "Mole negro",
                    "Thirty-one things, two days, one chicken leg",
                    "328",
                    "gluten nuts peanuts sesame",
                ),
                dish("Barbacoa de borrego", "Lamb from the pit, consommé, salsas; weekends", "342", "celery"),
                dish(
                    "Pescado a la talla",
                    "Whole red snapper, two adobos, for two",
                    "",
                    "fish",
                    note="by weight, $ 1,150 a kilo",
                ),
                dish("Cochinita pibil", "Pork in achiote, pickled red onion, habanero", "286", "sulphites"),
                dish(
                    "Chile en nogada",
                    "Poblano, fruit and pork, walnut cream, pomegranate; August and September",
                    "365",
                    "eggs milk nuts",
                    available=False,
                ),
                dish("Coliflor al pastor", "Cauliflower off the spit, pineapple, onion", "224", "", "vegan"),
            ),
        ),
        DemoSection(
            "Sweet",
            (
                dish("Flan de cajeta", "Goat's milk caramel", "110", "eggs milk", "vegetarian"),
                dish("Churros", "Chocolate from Tabasco, thick", "125", "gluten milk", "vegetarian"),
                dish("Nieve de guanábana", "Soursop, lime", "92", "", "vegan"),
                dish("Pastel de elote", "Warm corn cake, vanilla cream", "118", "eggs milk", "vegetarian"),
            ),
        ),
        DemoSection(
            "To drink",
            (
                dish("Café de olla", "Cinnamon and piloncillo, from the clay pot", "62", "", "vegan"),
                dish("Chocolate de agua", "Beaten until it foams", "74", "", "vegan"),
                dish("Agua de jamaica", "Hibiscus", "58", "", "vegan"),
                dish("Michelada", "Lager, lime, chilli, salt, a dash of the black sauces", "118", "gluten fish soy"),
                dish("Paloma", "Tequila, grapefruit, salt", "158", "", "vegan"),
                dish("Mezcal espadín", "San Luis del Río, with orange", "165", "", "vegan", note="45 ml"),
            ),
        ),
    ),
)

MENUS = (_MORNING, _COMIDA)
