"""Country and currency by time zone, and by country."""

from __future__ import annotations

import datetime as dt
import unicodedata
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel import Locale
from django.utils.translation import get_language

# ISO 4217 by ISO 3166, as of 2026: Bulgaria has the euro, Curaçao and Sint
# Maarten the Caribbean guilder. Where two are in use, the one prices are in.
_COUNTRIES_BY_CURRENCY = {
    "AED": "AE", "AFN": "AF", "ALL": "AL", "AMD": "AM", "AOA": "AO", "ARS": "AR", "AUD": "AU CC CX HM KI NF NR TV",
    "AWG": "AW", "AZN": "AZ", "BAM": "BA", "BBD": "BB", "BDT": "BD", "BHD": "BH", "BIF": "BI", "BMD": "BM",
    "BND": "BN", "BOB": "BO", "BRL": "BR", "BSD": "BS", "BTN": "BT", "BWP": "BW", "BYN": "BY", "BZD": "BZ",
    "CAD": "CA", "CDF": "CD", "CHF": "CH LI", "CLP": "CL", "CNY": "CN", "COP": "CO", "CRC": "CR", "CUP": "CU",
    "CVE": "CV", "CZK": "CZ", "DJF": "DJ", "DKK": "DK FO GL", "DOP": "DO", "DZD": "DZ", "EGP": "EG", "ERN": "ER",
    "ETB": "ET",
    "EUR": "AD AT AX BE BG BL CY DE EE ES FI FR GF GP GR HR IE IT LT LU LV MC ME MF MQ MT NL PM PT RE SI SK SM TF VA "
    "YT",
    "FJD": "FJ", "FKP": "FK", "GBP": "GB GG GS IM JE", "GEL": "GE", "GHS": "GH", "GIP": "GI", "GMD": "GM",
    "GNF": "GN", "GTQ": "GT", "GYD": "GY", "HKD": "HK", "HNL": "HN", "HTG": "HT", "HUF": "HU", "IDR": "ID",
    "ILS": "IL PS", "INR": "IN", "IQD": "IQ", "IRR": "IR", "ISK": "IS", "JMD": "JM", "JOD": "JO", "JPY": "JP",
    "KES": "KE", "KGS": "KG", "KHR": "KH", "KMF": "KM", "KPW": "KP", "KRW": "KR", "KWD": "KW", "KYD": "KY",
    "KZT": "KZ", "LAK": "LA", "LBP": "LB", "LKR": "LK", "LRD": "LR", "LSL": "LS", "LYD": "LY", "MAD": "EH MA",
    "MDL": "MD", "MGA": "MG", "MKD": "MK", "MMK": "MM", "MNT": "MN", "MOP": "MO", "MRU": "MR", "MUR": "MU",
    "MVR": "MV", "MWK": "MW", "MXN": "MX", "MYR": "MY", "MZN": "MZ", "NAD": "NA", "NGN": "NG", "NIO": "NI",
    "NOK": "BV NO SJ", "NPR": "NP", "NZD": "CK NU NZ PN TK", "OMR": "OM", "PAB": "PA", "PEN": "PE", "PGK": "PG",
    "PHP": "PH", "PKR": "PK", "PLN": "PL", "PYG": "PY", "QAR": "QA", "RON": "RO", "RSD": "RS", "RUB": "RU",
    "RWF": "RW", "SAR": "SA", "SBD": "SB", "SCR": "SC", "SDG": "SD", "SEK": "SE", "SGD": "SG", "SHP": "SH",
    "SLE": "SL", "SOS": "SO", "SRD": "SR", "SSP": "SS", "STN": "ST", "SYP": "SY", "SZL": "SZ", "THB": "TH",
    "TJS": "TJ", "TMT": "TM", "TND": "TN", "TOP": "TO", "TRY": "TR", "TTD": "TT", "TWD": "TW", "TZS": "TZ",
    "UAH": "UA", "UGX": "UG",
    "USD": "AS BQ EC FM GU IO MH MP PR PW SV TC TL UM US VG VI",
    "UYU": "UY", "UZS": "UZ", "VES": "VE", "VND": "VN", "VUV": "VU", "WST": "WS", "XAF": "CF CG CM GA GQ TD",
    "XCD": "AG AI DM GD KN LC MS VC", "XCG": "CW SX", "XOF": "BF BJ CI GW ML NE SN TG", "XPF": "NC PF WF",
    "YER": "YE", "ZAR": "ZA", "ZMW": "ZM", "ZWG": "ZW",
}  # fmt: skip
_CURRENCIES = {
    country: currency for currency, countries in _COUNTRIES_BY_CURRENCY.items() for country in countries.split()
}


@cache
def country_codes() -> frozenset[str]:
    """Return the codes of ISO 3166 that the time zone database lists."""
    return frozenset(fields[0] for fields in _table("iso3166.tab"))


def country_names() -> list[tuple[str, str]]:
    """Return the countries of the time zone database as (code, name in the active language), by name.

    The names are CLDR's, of which Django has none.
    """
    names = Locale.parse(get_language() or "en", sep="-").territories
    # Accented letters stand where their plain ones do: Ägypten before Albanien, Österreich before Pakistan.
    return sorted(((code, names[code]) for code in country_codes()), key=lambda pair: _plain(pair[1]))


def _plain(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))


@cache
def zones_of_country(country: str) -> list[str]:
    """Return the time zones of a country (ISO 3166), the one that most of it is in first; none for an unknown one."""
    return [fields[2] for fields in _table("zone.tab") if country in fields[0].split(",")]


@cache
def zone_of_country(country: str) -> str:
    """Return the time zone of a country whose clocks all show the same; blank where they differ."""
    zones = zones_of_country(country)
    moments = [dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (1, 7)]
    clocks = {tuple(moment.astimezone(ZoneInfo(name)).utcoffset() for moment in moments) for name in zones}
    return zones[0] if len(clocks) == 1 else ""


def country_of_zone(zone: str) -> str:
    """Return the ISO 3166 code of the country that a time zone belongs to; blank for none, or more than one."""
    countries = _zones().get(zone) or _zones().get(_links().get(zone, ""), ())
    return countries[0] if len(countries) == 1 else ""


def currency_of_country(country: str) -> str:
    """Return the ISO 4217 code of a country's currency; blank where it has none, or is not known."""
    return _CURRENCIES.get(country, "")


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    zones: dict[str, tuple[str, ...]] = {}
    for fields in _table("zone.tab"):
        zones[fields[2]] = zones.get(fields[2], ()) + tuple(fields[0].split(","))
    return zones


@cache
def _links() -> dict[str, str]:
    """Return the former names of zones (Europe/Kiev) with their present ones."""
    lines = (line.split() for line in _text("tzdata.zi").splitlines() if line.startswith("L "))
    return {alias: zone for _letter, zone, alias in lines}


def _table(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(name).splitlines() if line and not line.startswith("#")]


def _text(name: str) -> str:
    # The tzdata package's own, since not every system has these tables.
    return resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
