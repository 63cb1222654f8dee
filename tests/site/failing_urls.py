"""The site's addresses, and views that fail as bugs do: with what was typed in the texts of their exceptions."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

from reservations.models import User
from restaurant_site.urls import handler400, handler403, handler404, handler500
from restaurant_site.urls import urlpatterns as site_patterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _value(text: str) -> None:
    int(text)


def _key(text: str) -> None:
    dict[str, str]()[text]


def _unique(text: str) -> None:
    User.objects.create(email=text)
    User.objects.create(email=text)


def _data(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS integer)", [text])


def _smtp(text: str) -> None:
    raise smtplib.SMTPRecipientsRefused({text: (550, f"no {text} here".encode())})


def _invalid(text: str) -> None:
    raise ValidationError(f"no {text}")


def _chained(text: str) -> None:
    try:
        int(text)
    except ValueError as error:
        raise RuntimeError(f"after {text}") from error


def _suspicious(text: str) -> None:
    raise SuspiciousOperation(f"what is {text}")


def _missing(text: str) -> None:
    raise Http404(text)


BUGS: dict[str, Callable[[str], Any]] = {
    "value": _value,
    "key": _key,
    "unique": _unique,
    "data": _data,
    "smtp": _smtp,
    "invalid": _invalid,
    "chained": _chained,
    "suspicious": _suspicious,
    "missing": _missing,
}


def fail(request: HttpRequest, kind: str, token: str) -> HttpResponseBase:
    """Fail with the token, which is what a person typed."""
    if kind == "stream":
        return StreamingHttpResponse(_broken(token))
    BUGS[kind](token)
    return HttpResponse()


def _broken(text: str) -> Iterator[bytes]:
    yield b"begun"
    raise ValueError(text)


urlpatterns = [path("failing/<str:kind>/<str:token>/", fail), *site_patterns]
