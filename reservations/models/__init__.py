"""Tables of where and when. Every tenant table carries ``restaurant``, so that it can be sharded by it later."""

from reservations.models.hours import Closure, OpeningPeriod, Service, SpecialDay, TurnTime
from reservations.models.reservation import Refusal, Reservation, ServiceDay, TableClaim, day_tags
from reservations.models.user import User, normalise_email
from reservations.models.venue import (
    Area,
    CombinationTable,
    Restaurant,
    RestaurantCuisine,
    Table,
    TableCombination,
)

__all__ = [
    "Area",
    "Closure",
    "CombinationTable",
    "OpeningPeriod",
    "Refusal",
    "Reservation",
    "Restaurant",
    "RestaurantCuisine",
    "Service",
    "ServiceDay",
    "SpecialDay",
    "Table",
    "TableClaim",
    "TableCombination",
    "TurnTime",
    "User",
    "day_tags",
    "normalise_email",
]
