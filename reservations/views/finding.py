"""For who has lost the link of a reservation: it is sent again, to the address that booked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from reservations.engine import finding
from reservations.forms import FindForm
from reservations.views.guarding import guard, look


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for reference and address; the answer is the same whether there is such a reservation or not."""
    if request.method != "POST":
        context = {"form": FindForm(), "sent": request.GET.get("sent") == "1", "guard": guard(request, "find")}
        return render(request, "reservations/find.html", context)
    form = FindForm(request.POST)
    seen = look(request, "find")
    if not form.is_valid() or seen.suspects:
        context = {"form": form, "guard": seen if form.is_valid() else guard(request, "find")}
        return render(request, "reservations/find.html", context, status=400)
    finding.send_link(reference=form.cleaned_data["reference"], email=form.cleaned_data["email"])
    return redirect(f"{reverse('find')}?sent=1")
