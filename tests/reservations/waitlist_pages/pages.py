"""What a diner reads and sends on the pages of the waitlist."""

from __future__ import annotations

from typing import Any

from reservations.engine import booking
from reservations.models import Reservation, Restaurant, WaitlistEntry
from tests.factories import (
    days_ahead,
)
from tests.pages import Form, Page, read
from tests.reservations.diner import TYPED, Diner

Status = WaitlistEntry.Status
JSON = {"accept": "application/json"}
WORDS = {**TYPED, "note": "“By the <window>”"}
KEPT = {**WORDS, "phone": "+49307654321"}
"""As a valid form hands it on."""


def form_page(diner: Diner, **query: Any) -> Page:
    response = diner.client.get(
        f"{diner.base}/waitlist/", {"date": str(days_ahead(diner.restaurant)), "party": "2"} | query
    )
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def join(diner: Diner, **typed: Any) -> Any:
    form = form_page(diner).form("/waitlist/")
    return diner.send(form, "Join the waitlist", **{**WORDS, "join": "1", **typed})


def joined(diner: Diner, **typed: Any) -> tuple[str, WaitlistEntry]:
    response = join(diner, **typed)
    assert response.status_code == 302, read(response).alerts
    return response["Location"], WaitlistEntry.objects.select_related("offer").order_by("-pk")[0]


def page_of(diner: Diner, url: str) -> Page:
    response = diner.client.get(url)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def choices(page: Page) -> Form:
    """Return the form whose buttons are times; the one beside it looks for others."""
    return next(form for form in page.forms if any(button.name == "start" for button in form.buttons))


def status(entry: WaitlistEntry) -> str:
    return WaitlistEntry.objects.values_list("status", flat=True).get(pk=entry.pk)


def offered(full: tuple[Restaurant, list[Reservation]], diner: Diner, taken: int = 0) -> tuple[str, WaitlistEntry]:
    """Let a diner join and the first reservation be cancelled, so that its table is offered."""
    url, entry = joined(diner)
    booking.cancel(reservation=full[1][taken], by_guest=True)
    entry.refresh_from_db()
    assert entry.status == Status.OFFERED
    return url, entry


def waiting_links(diner: Diner) -> list[str]:
    page = read(diner.client.get("/my-reservations/"))
    return [url for url in page.links.values() if "/waitlist/" in url]
