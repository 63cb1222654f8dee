"""Tables of where, when and who. Every tenant table carries ``restaurant``, so that it can be sharded by it later."""

from reservations.models.brake import Brake
from reservations.models.guest import Guest, contact_key
from reservations.models.history import HistoryEvent, HistoryOutbox
from reservations.models.hours import Closure, OpeningPeriod, Service, SpecialDay, TurnTime
from reservations.models.importing import BookingImport, ImportRow
from reservations.models.membership import Membership
from reservations.models.message import JobBeat, Message
from reservations.models.reservation import Block, Refusal, Reservation, ServiceDay, TableClaim, day_tags
from reservations.models.tables import Area, CombinationTable, Table, TableCombination
from reservations.models.user import User, new_session_mark, normalise_email
from reservations.models.venue import Restaurant, RestaurantCuisine
from reservations.models.waiting import BookingRequest, WaitlistEntry

__all__ = [
    "Area",
    "Block",
    "BookingImport",
    "BookingRequest",
    "Brake",
    "Closure",
    "CombinationTable",
    "Guest",
    "HistoryEvent",
    "HistoryOutbox",
    "ImportRow",
    "JobBeat",
    "Membership",
    "Message",
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
    "WaitlistEntry",
    "contact_key",
    "day_tags",
    "new_session_mark",
    "normalise_email",
]
