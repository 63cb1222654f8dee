"""Taking back what a guest agreed to, by the link of a reservation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from reservations.engine import consenting
from reservations.views.methods import post_only
from reservations.views.reservation import by_token, unknown


# A mail program sends this by itself (RFC 8058), without a page of ours before it. Only the link lets it.
@csrf_exempt
@never_cache
@post_only
def withdraw_consent(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Take everything back and show the reservation; the answer is the same whether there was anything or not."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    consenting.withdraw(reservation=found)
    return redirect(f"{reverse('reservation', kwargs={'slug': slug, 'token': token})}?done=withdrawn")
