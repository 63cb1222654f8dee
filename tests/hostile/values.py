"""What no person types: each has broken programs before. Bytes, as they would come over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_from_bytes

TYPED = "(?<![zZ])zq"
"""Matches in every text that is typed: whoever finds it in a log has found what a person typed."""

EVIL = "evil.example"

_TEXTS: dict[str, bytes | str] = {
    "nothing": "",
    "a script": "zq<script>zqx()</script>\"'><img src=x onerror=zqx()>",
    "an attribute": 'zqa" onfocus="zqx()" zq=\'',
    "a template": "zq{{7*7}}{% debug %}{{ settings }}{# #}${7*7}",
    "a format": "zq%(name)s %n {0.__class__} %",
    "SQL": "zq'\"); DROP TABLE reservations_guest; --",
    "SQL's wildcards": "%_zq\\",
    "a line break": "zq\r\nSet-Cookie: zqh=1\r\n\r\n<html>",
    "NUL": "zq\x00b",
    "controls": "\x01\x08zq\x1b[31m\x7f\x85\u2028",
    "right to left": "\u202ezqשלום مرحبا\u2066",
    "a flood of accents": "zq" + "\u0351\u036b\u0313" * 300,
    "emoji": "zq👩‍👩‍👧🍕" * 20,
    "a byte order mark": "\ufeffzq",
    "half a surrogate pair": b"zq\xed\xa0\x80",
    "no UTF-8": b"zq\xff\xfe\xfa\xc3",
    "overlong UTF-8": b"zq\xc0\xaf\xe0\x80\xaf",
    "201 characters": "zq" + "x" * 199,
    "10,000 characters": "zq" + "y" * 9_998,
    "70,000 characters": "zq" + "ö" * 69_998,
    "a path": "../../../../etc/passwd",
    "an encoded path": "%2e%2e%2f%2e%2e%2fzq%00.jpg",
    "another host": f"//{EVIL}/zq",
    "another host, by backslashes": f"/\\{EVIL}/zq",
    "another site": f"https://{EVIL}/zq",
    "a script's address": "javascript:zqx()",
    "a formula": "=cmd|' /C zq'!A0",
    "deep JSON": "[" * 5_000,
    "half of JSON": '{"zq": [1, ',
    "a key of everybody's": "__proto__",
}

DIGITS = "9" * 5_000
"""More than Python makes a number of."""

_NUMBERS = (
    "-1",
    "0",
    "00000000000000000007",
    "1e309",
    "NaN",
    "-Infinity",
    "2147483648",
    str(2**63),
    "1" + "0" * 400,
    DIGITS,
    "٣",
    "1_000",
    "0x10",
    "1.5",
    "1,2",
    " 7 ",
)

_TIMES = (
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "10000-01-01",
    "２０２６-１２-２４",
    "24:00",
    "23:59:60",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    "2026-12-24T19:00:00+99:99",
)

VALUES: dict[str, bytes] = {
    **{name: text if isinstance(text, bytes) else text.encode() for name, text in _TEXTS.items()},
    **{text[:20]: text.encode() for text in (*_NUMBERS, *_TIMES)},
}

# Nothing of it is cut off by the server, by the parser of the address or by the test itself.
SEGMENTS: list[str] = [
    quote_from_bytes(value, safe="") for name, value in VALUES.items() if value and len(value) <= 600 and name != "NUL"
] + ["..%2f..%2fetc%2fpasswd", "%00", "a%00b", "%0d%0aSet-Cookie:%20zqh=1", "%", "%zz", f"%2f%2f{EVIL}", ".", ";zq=1"]

METHODS = ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get")

HEADERS: tuple[dict[str, str], ...] = (
    {"Host": EVIL},
    {"Host": f"testserver:80@{EVIL}"},
    {"Host": "testserver\x00"},
    {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}", "X-Original-URL": "/admin/", "X-Rewrite-URL": "/admin/"},
    {"X-Forwarded-For": "zq' OR 1=1, 10.0.0.1:99999, [::1", "X-Real-IP": "127.0.0.1", "X-Client-IP": "::1"},
    {"X-Forwarded-For": "1.2.3.4, " * 900},
    {"X-Forwarded-Proto": "gopher", "X-Forwarded-Port": "-1"},
    {"Accept-Language": "de-zq" * 2_000},
    {"Accept-Language": "../../etc/passwd, *;q=NaN"},
    {"HX-Request": "true", "HX-Target": "<script>zqx()</script>", "HX-Current-URL": f"https://{EVIL}/\xff"},
    {"HX-Request": "true", "HX-Boosted": "true", "HX-Trigger": "zq", "HX-History-Restore-Request": "true"},
    {"HX-Current-URL": "http://[", "HX-Current-URL-URI-AutoEncoded": "true", "HX-Prompt": "%FF%FE"},
    {"If-None-Match": 'W/"zq", *, "' + "x" * 5_000, "If-Modified-Since": "Thu, 99 Foo 99999 99:99:99 GMT"},
    {"Range": "bytes=-1,5-2,zq", "If-Range": "zq", "Accept-Encoding": "gzip;q=1e9, br;q=-1, zq"},
    {"Referer": "http://[::1", "Origin": "null"},
    {"Referer": f"https://{EVIL}/<script>zqx()</script>"},
    {"Cookie": 'csrftoken="\\000\\"; sessionid=\xff\xfe; browser=a:b:c; =; ;;; django_language=zq'},
    {"Cookie": "sessionid=" + "a" * 4_000 + "; csrftoken=" + "é" * 32 + "; browser=" + ":" * 99 + "; messages=[["},
    {"Accept": "application/json, text/zq;q=zq", "User-Agent": "<script>zqx()</script>", "Authorization": "Basic zq"},
    {"X-Requested-With": "XMLHttpRequest", "X-HTTP-Method-Override": "DELETE", "Content-Length": "zq"},
    {"Content-Length": "-1", "Transfer-Encoding": "zq", "Expect": "zq", "X-CSRFToken": "\xff" * 64},
)


class Deal:
    """Deals the values in turn, for ever: the same at every run, and none is left out."""

    def __init__(self, first: int = 0) -> None:
        self._names = list(VALUES)
        self._at = first

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return self

    def __next__(self) -> tuple[str, bytes]:
        """Return the next value, with its name."""
        name = self._names[self._at % len(self._names)]
        self._at += 1
        return name, VALUES[name]
