"""A reservation as mail programs understand it: schema.org's FoodEstablishmentReservation, in the mail's HTML."""

from __future__ import annotations

from reservations.messages.lines import one_line
from reservations.models import Reservation
from restaurant_site.schema_org import Thing, postal_address, term, thing

_STATUS = {
    Reservation.Status.HELD: "ReservationHold",
    Reservation.Status.CANCELLED: "ReservationCancelled",
}


def reservation_document(reservation: Reservation, *, link: str) -> Thing:
    """Return a reservation as it stands: the start with the restaurant's offset, link its page.

    Nothing is in it that the mail does not say as well.
    """
    restaurant = reservation.restaurant
    place = thing(
        "Restaurant",
        name=one_line(restaurant.name),
        telephone=restaurant.phone,
        address=postal_address(
            street=restaurant.street,
            postcode=restaurant.postcode,
            city=restaurant.city,
            country=restaurant.country,
        ),
    )
    return thing(
        "FoodEstablishmentReservation",
        reservationId=reservation.reference,
        # Not schema.org's word, but the one that Gmail asks for.
        reservationNumber=reservation.reference,
        reservationStatus=term(_STATUS.get(Reservation.Status(reservation.status), "ReservationConfirmed")),
        underName=thing("Person", name=one_line(reservation.name)),
        reservationFor=place,
        startTime=reservation.starts_at.astimezone(restaurant.zone).isoformat(),
        partySize=reservation.party_size,
        # Of a cancelled one the mail itself names no page.
        url=None if reservation.status == Reservation.Status.CANCELLED else link,
    )
