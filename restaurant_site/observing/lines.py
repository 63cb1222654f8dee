"""Log lines as JSON, one object a line, without people and with the id of what the thread was at."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from typing import Any, Final

from restaurant_site import logs
from restaurant_site.observing.current import current_work

# Of gunicorn's lines those that come after a request was read; the others are about what was none yet.
_OF_ANSWERS: Final = ("Error handling request", "WSGI app sent", "Socket error")


class JsonLine(logging.Formatter):
    """Writes a record as an object.

    ``time`` (UTC), ``level``, ``logger``, ``message``, ``process``; where there
    are such, ``request`` (the id of the request, or of the job's turn) and
    ``exception`` (the traceback).
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        kept = logs.without_people(record)
        told: dict[str, Any] = {
            "time": f"{dt.datetime.fromtimestamp(record.created, dt.UTC):%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": kept.getMessage(),
            "process": record.process,
        }
        if id_ := id_of(record):
            told["request"] = id_
        if kept.exc_text:
            told["exception"] = kept.exc_text
        return json.dumps(told, ensure_ascii=False)


class TextLine(logs.Line):
    """Writes a record as text, with the id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback."""
        text = super().format(record)
        id_ = id_of(record)
        if not id_:
            return text
        first, newline, rest = text.partition("\n")
        return f"{first} [{id_}]{newline}{rest}"


def id_of(record: logging.LogRecord) -> str:
    """Return the id of what the record is about, or "" where that is no request and no job."""
    if record.name.startswith("gunicorn."):
        text = str(record.msg)
        if not text.startswith(_OF_ANSWERS) or "no URI read" in text:
            return ""
    return current_work().id


def formatter_of_server() -> logging.Formatter:
    """Return the formatter of gunicorn's own lines, which are written before there are settings."""
    is_development = os.environ.get("SITE_ENV") == "development"
    if (os.environ.get("LOG_FORMAT") or ("text" if is_development else "json")) == "text":
        return TextLine("%(asctime)s [%(process)d] [%(levelname)s] %(message)s", "[%Y-%m-%d %H:%M:%S %z]")
    return JsonLine()
