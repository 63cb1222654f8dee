"""Invented guests: names from many cultures, addresses at example domains, numbers that are reserved for fiction."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping

NAMES: dict[str, tuple[str, str]] = {
    "african": (
        "Amara Chidi Wanjiru Kwame Thandiwe Sipho Ngozi Tendai Abena Makena",
        "Okafor Mwangi Mensah Dlamini Nkosi Adeyemi Kamau Boateng Diallo Banda",
    ),
    "arabic": (
        "Layla Omar Yasmin Karim Noor Samir Rania Tariq Salma Hadi",
        "Haddad Mansour Khalil Nasser Farouk Aziz Saleh Rahman Darwish Qasim",
    ),
    "chinese": (
        "Wei Mei Jun Xiuying Hao Lihua Ming Yan Zhen Ying",
        "Chen Wang Li Zhang Liu Huang Zhou Lin Xu Guo",
    ),
    "english": (
        "Alice Ben Charlotte Daniel Emma George Hannah Jack Olivia Ruth Samuel Grace Henry Zoe",
        "Carter Hughes Bennett Clarke Foster Marsh Palmer Reid Shaw Whitfield Barlow Ellis Thorne Webb",
    ),
    "french": (
        "Camille Antoine Élodie Julien Margaux Luc Chloé Mathieu Inès Théo",
        "Lefèvre Moreau Dubois Garnier Roux Fontaine Chevalier Marchand Perrin Baudry",
    ),
    "german": (
        "Anna Lukas Johanna Felix Katharina Jonas Greta Moritz Frieda Matthias Helene Jürgen Sabine Till",
        "Müller Schäfer Weber Krüger Hoffmann Brandt Vogel Lorenz Seidel Petersen Böhm Kaiser Ziegler Wolff",
    ),
    "greek": (
        "Eleni Nikos Katerina Giorgos Sofia Dimitris Ioanna Petros",
        "Papadakis Georgiou Nikolaidis Kostas Vlahos Andreou Economou Samaras",
    ),
    "indian": (
        "Aarav Priya Rohan Ananya Vikram Meera Arjun Kavya Ishaan Nisha",
        "Sharma Patel Iyer Nair Reddy Banerjee Kapoor Desai Menon Gill",
    ),
    "irish": (
        "Aoife Cian Niamh Oisín Saoirse Declan Róisín Fionn",
        "Murphy Byrne Gallagher Doyle Kavanagh Nolan Quinn Brennan",
    ),
    "italian": (
        "Giulia Marco Chiara Alessandro Elena Davide Sara Pietro Beatrice Luca",
        "Rossi Conti Ricci Marini Greco Lombardi Ferri Caruso Villa Bassani",
    ),
    "japanese": (
        "Yuki Haruto Sakura Kenji Aiko Daichi Emi Takumi Naoko Ren Mio Sho",
        "Tanaka Sato Suzuki Yamamoto Kobayashi Nakamura Ito Watanabe Mori Hayashi Shimizu Ogawa",
    ),
    "korean": (
        "Minjun Seoyeon Jiho Hana Doyun Soojin Taeyang Yuna",
        "Kim Lee Park Choi Jung Kang Yoon Han",
    ),
    "polish": (
        "Agnieszka Piotr Zofia Tomasz Magda Jakub Ewa Wojciech",
        "Kowalska Nowak Wiśniewski Zieliński Wójcik Kamińska Mazur Dąbrowski",
    ),
    "spanish": (
        "Lucía Diego Valentina Mateo Camila Javier Renata Andrés Sofía Emiliano Paola Rodrigo",
        "Hernández Ramírez Torres Flores Rivera Castillo Mendoza Aguilar Ortega Salazar Navarro Cruz",
    ),
    "turkish": (
        "Elif Mert Zeynep Emre Defne Can Ayşe Burak",
        "Yılmaz Demir Kaya Şahin Aydın Öztürk Arslan Çelik",
    ),
    "vietnamese": (
        "Linh Minh Thảo Huy Mai Tuấn Lan Khoa",
        "Nguyễn Trần Phạm Lê Hoàng Vũ Đặng Bùi",
    ),
}
"""First names and family names, by culture."""

IN_THEIR_SCRIPT: dict[str, tuple[tuple[str, str], ...]] = {
    "arabic": (("ليلى حداد", "leila.haddad"), ("عمر منصور", "omar.mansour")),
    "chinese": (("陈晓明", "xiaoming.chen"), ("林雅婷", "yating.lin")),
    "greek": (("Ελένη Παπαδάκη", "eleni.papadaki"),),
    "japanese": (
        ("高橋 美咲", "misaki.takahashi"),
        ("中村 健太", "kenta.nakamura"),
        ("渡辺 直子", "naoko.watanabe"),
        ("松本 陽介", "yosuke.matsumoto"),
        ("小川 恵", "megumi.ogawa"),
    ),
    "korean": (("김서연", "seoyeon.kim"), ("박지호", "jiho.park")),
}
"""Names as some write them, with the part before the @ that goes with each."""

_SCRIPT_SHARE = 0.2
_MAIL_DOMAINS = ("example.com", "example.org", "example.net")

# Ranges that the regulators keep for film and fiction; x is any digit. North
# America: 555-0100 to 0199; Ofcom, BNetzA, Arcep and ACMA publish theirs.
PHONE_RANGES: dict[str, tuple[str, ...]] = {
    "us": ("+121255501xx", "+171855501xx", "+141555501xx", "+131255501xx"),
    "uk": ("+442079460xxx", "+447700900xxx", "+441614960xxx"),
    "de": ("+493023125xxx", "+494066969xxx", "+498999998xxx"),
    "fr": ("+3319900xxxx", "+3363998xxxx"),
    "au": ("+6125550xxxx", "+6135550xxxx", "+6175550xxxx", "+6185550xxxx"),
}

# What a guest tells: of anybody, of a party, of one with children, of a birthday.
DIETARY_NEEDS = (
    "Vegetarian.",
    "Vegan, please.",
    "Coeliac: strictly no gluten.",
    "Nut allergy, an EpiPen is at hand.",
    "Lactose intolerant.",
    "No shellfish.",
    "No pork, please.",
    "Halal where possible.",
    "Pregnant: nothing raw.",
    "Allergic to sesame.",
    "No alcohol in the food.",
)
PARTY_NEEDS = (
    "Two vegetarians.",
    "One of us is vegan.",
    "One guest must not have nuts, not even traces.",
    "One of us eats no fish.",
)
NOTES = (
    "A quiet table if there is one.",
    "I would love a window.",
    "I may be ten minutes late, coming straight from the train.",
    "Could I have the same table as last time?",
    "Bringing a small dog.",
    "I use a hearing aid; away from the music, please.",
    "Flying in from abroad, so the phone may be off.",
    "Looking forward to this for weeks!",
)
PARTY_NOTES = (
    "We have tickets for a show afterwards and need to leave in time.",
    "My parents' first visit to the city.",
    "Please put us somewhere we can talk business.",
    "Could the bill be split in two?",
    "Two of us will join a little later.",
    "We were here in spring and have talked about it ever since.",
)
CHILD_NOTES = (
    "Room for a pram, please.",
    "Our little one is two and loves bread.",
    "Crayons save lives.",
)
BIRTHDAY_NOTES = (
    "It is a surprise: please don't mention the birthday at the door.",
    "We'll bring a cake if that is all right.",
    "She turns seventy!",
)


def pick_name(rng: random.Random, cultures: Mapping[str, int]) -> tuple[str, str]:
    """Return a guest's name and e-mail address, of a culture drawn by weight; "any" is any of them."""
    culture = rng.choices(list(cultures), list(cultures.values()))[0]
    if culture == "any":
        culture = rng.choice(list(NAMES))
    own_script = IN_THEIR_SCRIPT.get(culture)
    if own_script and rng.random() < _SCRIPT_SHARE:
        name, local = rng.choice(own_script)
    else:
        first, family = (rng.choice(names.split()) for names in NAMES[culture])
        name = f"{first} {family}"
        local = f"{_ascii(first)}.{_ascii(family)}"
    return name, f"{local}@{rng.choice(_MAIL_DOMAINS)}"


def pick_phone(rng: random.Random, country: str) -> str:
    """Return a number in international form (E.164) that nobody has, of a country of `PHONE_RANGES`."""
    pattern = rng.choice(PHONE_RANGES[country])
    return "".join(str(rng.randrange(10)) if char == "x" else char for char in pattern)


def pick_occasion(rng: random.Random, party: int) -> str:
    """Return what a party of so many covers celebrates, mostly nothing; nobody keeps an anniversary alone."""
    of_party = {"": 70, "birthday": 11, "business": 6, "other": 3, "anniversary": 6, "date": 6 if party == 2 else 0}
    weights = of_party if party > 1 else {"": 92, "business": 8}
    return rng.choices(list(weights), list(weights.values()))[0]


def pick_dietary_needs(rng: random.Random, party: int) -> str:
    """Return what a guest of a party of so many covers doesn't eat."""
    return rng.choice(DIETARY_NEEDS if party == 1 else DIETARY_NEEDS + PARTY_NEEDS)


def pick_note(rng: random.Random, party: int, occasion: str, children: int) -> str:
    """Return a note that fits the party."""
    if occasion == "birthday":
        return rng.choice(BIRTHDAY_NOTES)
    if children:
        return rng.choice(CHILD_NOTES)
    return rng.choice(NOTES if party == 1 else NOTES + PARTY_NOTES)


def _ascii(name: str) -> str:
    """Return a name in the letters that a mailbox usually has."""
    plain = name.casefold().translate(str.maketrans("ıđłø", "idlo"))
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
