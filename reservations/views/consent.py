"""Taking back what a guest agreed to, by the link of a reservation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from reservations.engine import consenting
from reservations.views.reservation import by_token, reservation_page, unknown


# A mail program sends this by itself (RFC 8058), without a page of ours before it. Only the link lets it.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_consent(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Take everything back and show the reservation; the answer is the same whether there was anything or not.

    A mail program that opens the address for somebody, since it knows nothing of
    the POST, shows the page with the button, and has changed nothing.
    """
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    if request.method != "POST":
        return reservation_page(request, found, token)
    consenting.withdraw(reservation=found)
    if "List-Unsubscribe" in request.POST:
        # By the RFC no redirect: mail programs do not follow one reliably.
        text = _("Whatever you had agreed to is taken back, and what was kept for it is gone.")
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    return redirect(f"{reverse('reservation', kwargs={'slug': slug, 'token': token})}?done=withdrawn")
