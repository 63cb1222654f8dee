"""Which column says what: by the names that booking systems give their columns."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Field(enum.StrEnum):
    """What is read from a column."""

    DATE = "date"
    TIME = "time"
    START = "start"
    PARTY = "party"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    PHONE = "phone"
    NOTE = "note"
    DIETARY = "dietary"
    OCCASION = "occasion"
    CHILDREN = "children"
    TAGS = "tags"
    GUEST_NOTES = "guest_notes"
    LANGUAGE = "language"
    VISITS = "visits"
    NO_SHOWS = "no_shows"
    STATUS = "status"
    ID = "id"


LABELS: dict[Field, Promise] = {
    Field.DATE: _("date"),
    Field.TIME: _("time"),
    Field.START: _("date and time in one"),
    Field.PARTY: _("party size"),
    Field.NAME: _("name"),
    Field.FIRST_NAME: _("first name"),
    Field.LAST_NAME: _("last name"),
    Field.EMAIL: _("e-mail"),
    Field.PHONE: _("phone"),
    Field.NOTE: _("note of the reservation"),
    Field.DIETARY: _("dietary needs"),
    Field.OCCASION: _("occasion"),
    Field.CHILDREN: _("children"),
    Field.TAGS: _("tags of the guest"),
    Field.GUEST_NOTES: _("notes about the guest"),
    Field.LANGUAGE: _("language"),
    Field.VISITS: _("visits so far"),
    Field.NO_SHOWS: _("no-shows so far"),
    Field.STATUS: _("status"),
    Field.ID: _("number in the other system"),
}

# Written as `_folded` leaves them.
_NAMES: dict[Field, str] = {
    Field.DATE: (
        "date reservationdate bookingdate visitdate servicedate day datum reservierungsdatum fecha "
        "data jour datereservation"
    ),
    Field.TIME: "time reservationtime bookingtime visittime starttime arrivaltime uhrzeit zeit heure hora ora",
    Field.START: (
        "start startsat datetime dateandtime dateandtimeofvisit reservationdatetime bookingdatetime "
        "scheduledtime visitdatetime beginn termin"
    ),
    Field.PARTY: (
        "party partysize size covers pax guests guestcount noofguests numberofguests people "
        "noofpeople persons personen anzahlpersonen anzahl gaste couverts personas comensales seats"
    ),
    Field.NAME: (
        "name guestname guest customer customername client clientname fullname contactname bookername "
        "gast gastname kunde nom nombre"
    ),
    Field.FIRST_NAME: "firstname guestfirstname givenname forename vorname prenom",
    Field.LAST_NAME: "lastname guestlastname surname familyname nachname familienname apellido apellidos",
    Field.EMAIL: "email emailaddress guestemail customeremail mail emailadresse courriel correo",
    Field.PHONE: (
        "phone phonenumber guestphone customerphone mobile mobilephone mobilenumber telephone tel "
        "cell telefon telefonnummer handy mobil portable telefono"
    ),
    Field.NOTE: (
        "note notes comment comments reservationnotes bookingnotes visitnote visitnotes "
        "specialrequest specialrequests request requests guestrequest bemerkung bemerkungen anmerkung "
        "notiz wunsche"
    ),
    Field.DIETARY: (
        "dietary dietaryneeds dietaryrestrictions dietaryrequirements allergy allergies allergien unvertraglichkeiten"
    ),
    Field.OCCASION: "occasion specialoccasion anlass",
    Field.CHILDREN: "children kids kinder numberofchildren",
    Field.TAGS: "tags tag guesttags clienttags customertags labels codes guestcodes",
    Field.GUEST_NOTES: "guestnote guestnotes clientnote clientnotes customernotes profilenotes gastnotiz",
    Field.LANGUAGE: "language locale lang sprache",
    Field.VISITS: "visits visitcount totalvisits numberofvisits completedvisits besuche",
    Field.NO_SHOWS: "noshows noshow noshowcount totalnoshows",
    Field.STATUS: "status reservationstatus bookingstatus visitstatus",
    Field.ID: (
        "id reservationid bookingid confirmation confirmationnumber confirmationcode reference "
        "bookingreference reservationnumber bookingnumber reservierungsnummer externalid uid"
    ),
}
_FIELD_OF = {name: field for field in reversed(Field) for name in _NAMES[field].split()}


def matched(header: Sequence[str]) -> dict[str, int]:
    """Return the column of each field that the header names; of two with one meaning the first."""
    found: dict[str, int] = {}
    for number, name in enumerate(header):
        field = _FIELD_OF.get(_folded(name))
        if field is not None:
            found.setdefault(field.value, number)
    return found


def lacking(columns: Mapping[str, int]) -> str | None:
    """Return what must be there and is not, as staff are told; None where the columns do.

    Reservations need when, how many and who; a file without any of the first is
    one of guests, who need an e-mail or a phone.
    """
    named = any(field in columns for field in (Field.NAME, Field.FIRST_NAME, Field.LAST_NAME))
    if not is_of_bookings(columns):
        if not named or not (Field.EMAIL in columns or Field.PHONE in columns):
            return str(_("Choose the columns of the name, and of the e-mail or the phone."))
        return None
    if Field.START not in columns and not (Field.DATE in columns and Field.TIME in columns):
        return str(_("Choose the columns of date and time, or the one that has both."))
    if Field.PARTY not in columns:
        return str(_("Choose the column of the party size."))
    return None if named else str(_("Choose the column of the name."))


def is_of_bookings(columns: Mapping[str, int]) -> bool:
    """Return whether a file is of reservations, or of guests alone."""
    return any(field in columns for field in (Field.DATE, Field.TIME, Field.START, Field.PARTY))


def _folded(name: str) -> str:
    """Return a name in lower case, without accents and all that is no letter: “E-Mail Address” is emailaddress."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum() and not unicodedata.combining(letter))
