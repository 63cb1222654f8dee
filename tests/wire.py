"""Speaks HTTP to the site as it is served, with cookies, and byte for byte where a test wants that."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.pages import Form, Page, read


@dataclass(frozen=True)
class Answer:
    """What the site answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def page(self) -> Page:
        """The page, read."""
        return read(self.body)


class Wire:
    """A browser without a screen: one connection a request, redirects not followed."""

    def __init__(self, url: str, *, timeout: float = 20) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self.host, self.port, self.timeout = parts.hostname, parts.port, timeout
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request and return the answer; underscores in the names of headers become hyphens."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        try:
            connection.request(method, path, body=body or None, headers=sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, b"", **headers)

    def post(self, path: str, data: dict[str, Any]) -> Answer:
        """Send a form."""
        return self.ask("POST", path, urlencode(data).encode(), Content_Type="application/x-www-form-urlencoded")

    def send(self, form: Form, label: str, **typed: Any) -> Answer:
        """Press a button of a form after typing."""
        return self.post(form.button(label).action, form.pressed(label, **typed))

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are, and return what comes until the other side closes."""
        with socket.create_connection((self.host, self.port), timeout=self.timeout) as line:
            line.sendall(request)
            parts = []
            while part := line.recv(65536):
                parts.append(part)
        return b"".join(parts)
