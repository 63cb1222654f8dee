"""The labels of imported dishes: which of them are allergens of EU law, which are diets, and what the others say.

Only the 14 substances of Annex II of regulation 1169/2011 are allergens here.
Garlic, gelatine, meat, alcohol and additives are not: they become words.
No label removes an allergen that another one declares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from menus.labels import Allergen, Diet

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# The words that labels become; stored in English, translated when shown. EU law
# wants the kind of cereal and of nut named beside the allergen.
WORDS: dict[str, StrPromise] = {
    "alcohol": _("alcohol"),
    "almonds": _("almonds"),
    "antioxidants": _("antioxidants"),
    "barley": _("barley"),
    "beef": _("beef"),
    "blackened": _("blackened"),
    "cashews": _("cashews"),
    "certified quality Bavaria": _("certified quality Bavaria"),
    "cocoa-based glaze": _("cocoa-based glaze"),
    "colouring": _("colouring"),
    "flavour enhancer": _("flavour enhancer"),
    "garlic": _("garlic"),
    "gelatine": _("gelatine"),
    "hazelnuts": _("hazelnuts"),
    "hybrid grain": _("hybrid grain"),
    "lactose": _("lactose"),
    "lamb": _("lamb"),
    "macadamia nuts": _("macadamia nuts"),
    "meat": _("meat"),
    "MSC-certified fish": _("MSC-certified fish"),
    "oats": _("oats"),
    "pecans": _("pecans"),
    "pecans or pistachios": _("pecans or pistachios"),
    "phosphate": _("phosphate"),
    "pistachios": _("pistachios"),
    "pork": _("pork"),
    "poultry": _("poultry"),
    "preservatives": _("preservatives"),
    "rye": _("rye"),
    "source of phenylalanine": _("source of phenylalanine"),
    "spelt": _("spelt"),
    "sugar and sweeteners": _("sugar and sweeteners"),
    "sulphured": _("sulphured"),
    "sweeteners": _("sweeteners"),
    "veal": _("veal"),
    "vegan (contradicted)": _("vegan (contradicted)"),
    "vegetarian (contradicted)": _("vegetarian (contradicted)"),
    "halal (contradicted)": _("halal (contradicted)"),
    "kosher (contradicted)": _("kosher (contradicted)"),
    "walnuts": _("walnuts"),
    "waxed": _("waxed"),
    "wheat": _("wheat"),
    "wild game": _("wild game"),
}


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one label says: an allergen, a word, diets; and what it tells against a diet.

    animal: not vegan; meat (fish and gelatine too): not vegetarian either.
    """

    allergen: Allergen | None = None
    word: str = ""
    diets: tuple[Diet, ...] = ()
    meat: bool = False
    animal: bool = False
    pork: bool = False


def _m(
    allergen: Allergen | None = None,
    word: str = "",
    *diets: Diet,
    meat: bool = False,
    animal: bool = False,
    pork: bool = False,
) -> _Meaning:
    return _Meaning(allergen, word, diets, meat=meat, animal=animal or meat, pork=pork)


_A = Allergen
_ROWS: tuple[tuple[tuple[str, ...], _Meaning], ...] = (
    # Cereals containing gluten. CEREAL stands in the source beside a kind of it.
    (("GLUTEN", "CEREAL", "CEREALS", "Gl", "🌿", "🌾"), _m(_A.GLUTEN)),
    (("WHEAT", "GlW"), _m(_A.GLUTEN, "wheat")),
    (("RYE", "GlR"), _m(_A.GLUTEN, "rye")),
    (("BARLEY", "GlG"), _m(_A.GLUTEN, "barley")),
    (("OAT", "OATS", "GlH"), _m(_A.GLUTEN, "oats")),
    (("SPELT", "GlD"), _m(_A.GLUTEN, "spelt")),
    (("HYBRIDS", "GlHy"), _m(_A.GLUTEN, "hybrid grain")),
    (("SHELLFISH", "CRUSTACEANS", "Kr", "🦀"), _m(_A.CRUSTACEANS, meat=True)),
    (("CHICKEN_EGGS", "EGGS", "EGG", "Ei", "🥚"), _m(_A.EGGS, animal=True)),
    (("FISH", "Fi", "🐟"), _m(_A.FISH, meat=True)),
    (("PEANUTS", "PEANUT", "En", "🥜"), _m(_A.PEANUTS)),
    (("SOY", "SOYA", "So"), _m(_A.SOY)),
    (("MILK", "Mi", "🥛"), _m(_A.MILK, animal=True)),
    # "Milk and products thereof (including lactose)".
    (("LACTOSE", "La"), _m(_A.MILK, "lactose", animal=True)),
    # SHELL_FRUITS translates "Schalenfrüchte", nuts, word by word.
    (("SHELL_FRUITS", "NUTS", "Sc", "🥥"), _m(_A.NUTS)),
    (("ALMONDS", "ScM"), _m(_A.NUTS, "almonds")),
    (("HAZELNUTS", "ScH", "🌰"), _m(_A.NUTS, "hazelnuts")),
    (("WALNUTS", "ScW"), _m(_A.NUTS, "walnuts")),
    (("CASHEWS", "ScC"), _m(_A.NUTS, "cashews")),
    (("PECAN", "PECANS"), _m(_A.NUTS, "pecans")),
    (("PISTACHIOS", "PISTACHIOES"), _m(_A.NUTS, "pistachios")),
    (("ScP",), _m(_A.NUTS, "pecans or pistachios")),
    (("MACADAMIA", "MACADAMIAS", "ScMa"), _m(_A.NUTS, "macadamia nuts")),
    (("CELERY", "Sl"), _m(_A.CELERY)),
    (("MUSTARD", "Sf"), _m(_A.MUSTARD)),
    (("SESAME", "Se"), _m(_A.SESAME)),
    (("SULPHURS", "SULFURS", "SULFITES", "SULPHITES", "Sw", "🔻", "🔺"), _m(_A.SULPHITES)),
    # Sulphured food holds more sulphur dioxide than the limit of Annex II.
    (("5",), _m(_A.SULPHITES, "sulphured")),
    (("LUPIN", "LUPINS", "Lu"), _m(_A.LUPIN)),
    (("MOLLUSCS", "MOLLUSKS", "Wt", "🐙"), _m(_A.MOLLUSCS, meat=True)),
    (("VEGAN", "v", "🫑"), _m(None, "", Diet.VEGAN, Diet.VEGETARIAN)),
    (("VEGETARIAN", "f", "🥕"), _m(None, "", Diet.VEGETARIAN)),
    (("HALAL",), _m(None, "", Diet.HALAL)),
    (("KOSHER",), _m(None, "", Diet.KOSHER)),
    (("MEAT", "🍖"), _m(word="meat", meat=True)),
    (("PORK", "S", "🐖"), _m(word="pork", meat=True, pork=True)),
    (("BEEF", "R", "🐄"), _m(word="beef", meat=True)),
    (("VEAL", "K", "🐂"), _m(word="veal", meat=True)),
    (("LAMB", "L", "🐑"), _m(word="lamb", meat=True)),
    (("POULTRY", "G", "🐔"), _m(word="poultry", meat=True)),
    (("WILD_MEAT", "W", "🐗"), _m(word="wild game", meat=True)),
    (("GELATIN", "GELATINE", "14", "🍮"), _m(word="gelatine", meat=True)),
    (("GARLIC", "Kn", "🧄"), _m(word="garlic")),
    (("ALCOHOL", "99", "🍷"), _m(word="alcohol")),
    (("DYESTUFF", "1", "🎨"), _m(word="colouring")),
    (("PRESERVATIVES", "2", "🥫"), _m(word="preservatives")),
    (("ANTIOXIDANTS", "3", "⚗"), _m(word="antioxidants")),
    (("FLAVOR_ENHANCER", "FLAVOUR_ENHANCER", "4", "🔬"), _m(word="flavour enhancer")),
    (("6",), _m(word="blackened")),
    (("WAXED", "7", "🐝"), _m(word="waxed")),
    (("PHOSPHATES", "PHOSPATES", "8", "🔷"), _m(word="phosphate")),
    (("SWEETENERS", "9", "🍬"), _m(word="sweeteners")),
    (("PHENYLALANINE", "10", "💊"), _m(word="source of phenylalanine")),
    (("11",), _m(word="sugar and sweeteners")),
    (("COCOA_CONTAINING_GREASE", "13", "🍫"), _m(word="cocoa-based glaze")),
    (("BAVARIA", "GQB"), _m(word="certified quality Bavaria")),
    (("MSC", "🎣"), _m(word="MSC-certified fish")),
)
_MEANINGS: dict[str, _Meaning] = {label: meaning for labels, meaning in _ROWS for label in labels}


@dataclass(frozen=True, slots=True)
class Labels:
    """A dish's labels, sorted out: codes of `Allergen` and `Diet`, words, and what nobody knows or believes.

    unknown are labels as written, which stand in other too; contradicted are
    diets that the source claims and its own labels rule out.
    """

    allergens: tuple[str, ...] = ()
    diets: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()


def is_known(label: str) -> bool:
    """Return whether the label is in the vocabulary."""
    return _meaning(label) is not None


def labels_of(written: Iterable[str]) -> Labels:
    """Return the labels of one dish sorted out; allergens and diets in the order of their lists. Never raises.

    Every allergen that any label declares is there. A diet that another label
    contradicts is not a diet of the dish but one of its words.
    """
    meanings: list[_Meaning] = []
    other: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for label in written:
        meaning = _meaning(label)
        if meaning is not None:
            meanings.append(meaning)
            if meaning.word:
                other[meaning.word] = None
        elif label:
            other[label] = unknown[label] = None
    allergens = {meaning.allergen for meaning in meanings if meaning.allergen}
    claimed = {diet for meaning in meanings for diet in meaning.diets}
    contradicted = _contradicted(claimed, meanings, allergens)
    other.update(dict.fromkeys(f"{diet.value} (contradicted)" for diet in Diet if diet in contradicted))
    return Labels(
        allergens=tuple(allergen.value for allergen in Allergen if allergen in allergens),
        diets=tuple(diet.value for diet in Diet if diet in claimed - contradicted),
        other=tuple(other),
        unknown=tuple(unknown),
        contradicted=tuple(diet.value for diet in Diet if diet in contradicted),
    )


def _contradicted(claimed: set[Diet], meanings: list[_Meaning], allergens: set[Allergen]) -> set[Diet]:
    # The source labels nuts as SHELL_FRUITS and, by mistake, as SHELLFISH too:
    # beside nuts that label keeps its allergen, but says nothing about animals.
    doubtful = {Allergen.CRUSTACEANS} if Allergen.NUTS in allergens else set()
    sure = [meaning for meaning in meanings if meaning.allergen not in doubtful]
    wrong = set()
    if any(meaning.animal for meaning in sure):
        wrong.add(Diet.VEGAN)
    if any(meaning.meat for meaning in sure):
        wrong.add(Diet.VEGETARIAN)
    if any(meaning.pork for meaning in sure):
        wrong |= {Diet.HALAL, Diet.KOSHER}
    return claimed & wrong


def _meaning(label: str) -> _Meaning | None:
    """Look a label up: abbreviations by their exact letters, names in any case."""
    return _MEANINGS.get(label) or (_MEANINGS.get(label.upper()) if len(label) > 2 else None)
