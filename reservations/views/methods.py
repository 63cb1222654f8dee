"""What changes something is done by POST alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

P = ParamSpec("P")


def post_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer 405 to everything but POST, so that no link, prefetch or mail scanner changes anything.

    With a page, unlike Django's own decorator: people come here too, by sending
    the address of a form's answer once more.
    """

    @wraps(view)
    def only(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method == "POST":
            return view(request, *args, **kwargs)
        context = {
            "status": 405,
            "heading": _("This address takes a form"),
            "text": _("Opening it changes nothing. Please go back, or start from the home page."),
        }
        response = render(request, "error.html", context, status=405)
        response["Allow"] = "POST"
        return response

    return only
