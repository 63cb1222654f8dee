"""What may stand in a log: what happened and where in the code, never who it happened to.

Addresses of pages are logged as their routes, since a link's token is in them;
texts that Django, gunicorn and libraries take from a request are left out; of an
exception its kind and its frames stay, and its text only where that tells of the
code or of a server, not of a row or a form.
"""

from __future__ import annotations

import copy
import http
import logging
import re
import traceback
from collections.abc import Callable, Mapping

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from restaurant_site import headers

LEFT_OUT = "…"
NOWHERE = "an address that leads nowhere"

# Their messages are written here, with numbers and names of ours; what could be typed is none of their business.
_OWN = ("restaurant_site", "reservations", "menus")
_WORDS = {status.phrase for status in http.HTTPStatus} | {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Of gunicorn's messages those about a request; the others tell of its workers.
_OF_REQUESTS = ("Error handling request", "Invalid request", "WSGI app sent")
_HIDDEN = re.compile(
    r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"  # a mail address
    r"|\+\d[\d ()/-]{5,}\d"  # a phone number
    r"|\b[\w-]{6,}\.[\w-]{43}\b"  # a reference with its signature
)

# Their texts name things of the code.
_OF_CODE = (AttributeError, ImportError, NameError, NotImplementedError, RecursionError, TypeError)
_OF_SERVERS = ("django.db.", "psycopg.", "mssql_python.", "redis.")
_QUOTED = re.compile(
    r"(?P<kept>\b(?:column|constraint|database|function|index|object|relation|role|schema|server at|table|user)"
    r" [\"'][^\"']*[\"'])|\"[^\"]*\"|'[^']*'"
)
_OF_ROWS = re.compile(r"The duplicate key value is.*")


def without_people(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of a record with nothing of a person, whatever the formatter; its traceback is in exc_text."""
    kept = copy.copy(record)
    # One line: nobody writes a second one into the log.
    kept.msg, kept.args = " ".join(_message(record).splitlines()), ()
    if record.exc_info and record.exc_info[1] is not None:
        kept.exc_text = _chain(record.exc_info[1])
    kept.exc_info = None
    return kept


class Line(logging.Formatter):
    """Writes records as lines of text, without people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback."""
        return super().format(without_people(record))


def told(error: BaseException) -> str:
    """Return an exception's kind, with what of its text tells of the code or of a server."""
    text = _text(error)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{kind}: {text}" if text else kind


def route(request: HttpRequest) -> str:
    """Return the pattern of a request's address, which has names where the address has values."""
    match = request.resolver_match or headers.resolved(request.path_info)
    return f"/{match.route}" if match is not None else NOWHERE


def _message(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    owner = record.name.partition(".")[0]
    if isinstance(request, HttpRequest):
        return _of_request(record, request)
    if record.name.startswith("django.security."):
        return record.name.rpartition(".")[2]
    if owner == "gunicorn" and str(record.msg).startswith(_OF_REQUESTS):
        # Some is written into the message before it is logged.
        return next(begin for begin in _OF_REQUESTS if str(record.msg).startswith(begin))
    if isinstance(record.msg, BaseException):
        return told(record.msg)
    may_keep = owner in (*_OWN, "gunicorn", "__main__")
    return _HIDDEN.sub(LEFT_OUT, _filled(record, lambda text: text if may_keep else LEFT_OUT))


def _of_request(record: logging.LogRecord, request: HttpRequest) -> str:
    where = route(request)
    if not record.args:
        # Django logs a suspicion by its text alone, which quotes what was suspicious.
        return f"{record.name.rpartition('.')[2]}: {where}"
    paths = (request.path, request.path.encode("unicode_escape").decode("ascii"))

    def shown(text: str) -> str:
        if text in paths:
            return where
        if record.name == "django.security.csrf":
            # Behind the hyphen stands the origin or the page that did not match.
            return text.partition(" - ")[0]
        return text if text in _WORDS else LEFT_OUT

    return _filled(record, shown)


def _filled(record: logging.LogRecord, shown: Callable[[str], str]) -> str:
    """Return the message with its arguments, of which texts are as shown says and exceptions are told."""

    def value(argument: object) -> object:
        if argument is None or isinstance(argument, int | float):
            return argument
        if isinstance(argument, BaseException):
            return told(argument)
        return shown(str(argument))

    if not record.args:
        return str(record.msg)
    arguments: object
    if isinstance(record.args, Mapping):
        arguments = {name: value(argument) for name, argument in record.args.items()}
    else:
        arguments = tuple(value(argument) for argument in record.args)
    try:
        return str(str(record.msg) % arguments)
    except (TypeError, ValueError):
        # A format for what was no text, such as %d of a Decimal.
        return str(record.msg)


def _text(error: BaseException) -> str:
    kind = type(error)
    if isinstance(error, (*_OF_CODE, ImproperlyConfigured)):
        text = str(error)
    elif f"{kind.__module__}.".startswith(_OF_SERVERS):
        # The first line: behind it are the row, the statement and its values.
        first = _OF_ROWS.sub("", str(error).partition("\n")[0])
        text = _QUOTED.sub(lambda found: found["kept"] or LEFT_OUT, first)
    elif isinstance(error, OSError) and kind.__module__ in ("builtins", "socket", "ssl"):
        text = error.strerror or ""
    else:
        text = ""
    return _HIDDEN.sub(LEFT_OUT, text.partition("\n")[0])


def _chain(error: BaseException) -> str:
    """Return the traceback of an exception and of what it came from, the first cause first."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_list(traceback.extract_tb(current.__traceback__)))
        parts.append(f"Traceback (most recent call last):\n{frames}{told(current)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\nwhich led to:\n\n".join(reversed(parts))
