"""Staff who bring files of another system over, and the files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from reservations.models import BookingImport, ImportRow, Restaurant
from tests.factories import days_ahead, make_staff
from tests.pages import Page, read

Status = ImportRow.Status
HEADER = (
    "Visit Date",
    "Visit Time",
    "Party Size",
    "Guest Name",
    "Phone",
    "Email",
    "Status",
    "Tags",
    "Guest Notes",
    "ID",
)


class Staff:
    """Somebody who brings files over."""

    def __init__(self, restaurant: Restaurant, **user: Any) -> None:
        self.restaurant = restaurant
        self.client = Client()
        self.user = make_staff(**user)
        self.client.force_login(self.user)

    def upload(self, data: bytes, name: str = "bookings.csv") -> Any:
        address = f"/admin/reservations/bookingimport/add/?restaurant={self.restaurant.pk}"
        return self.client.post(address, {"file": SimpleUploadedFile(name, data)})

    def bring(self, data: bytes) -> BookingImport:
        """Upload a file that can be read, and return its import."""
        response = self.upload(data)
        assert response.status_code == 302, read(response).text
        return BookingImport.objects.latest("pk")

    def page(self, batch: BookingImport) -> Page:
        response = self.client.get(f"/admin/reservations/bookingimport/{batch.pk}/change/")
        assert response.status_code == 200
        return read(response)

    def press(self, batch: BookingImport, button: str, by_script: Any = False, **typed: Any) -> Any:
        address = f"/admin/reservations/bookingimport/{batch.pk}/{button}/"
        return self.client.post(address, typed, headers={"HX-Request": "true"} if by_script else {})

    def bring_all(self, data: bytes, **typed: Any) -> BookingImport:
        batch = self.bring(data)
        assert self.press(batch, "start", **typed).status_code == 302
        assert self.press(batch, "run").status_code == 302
        batch.refresh_from_db()
        assert batch.status == BookingImport.Status.DONE
        return batch


def sheet(rows: Iterable[Iterable[object]], header: Iterable[str] = HEADER, encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def row(restaurant: Restaurant, **told: Any) -> list[object]:
    values: dict[str, Any] = {
        "Visit Date": days_ahead(restaurant).strftime("%d/%m/%Y"),
        "Visit Time": "7:00 PM",
        "Party Size": 2,
        "Guest Name": "Ada Guest",
        "Phone": "030 1234567",
        "Email": "ada@example.org",
        "Status": "Booked",
        **told,
    }
    return [values.get(name, "") for name in HEADER]


def fates(batch: BookingImport) -> list[tuple[int, str, str]]:
    return list(batch.rows.order_by("line").values_list("line", "status", "reason"))
