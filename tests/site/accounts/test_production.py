"""What production does otherwise: names of cookies, the second factor, and the warning where it is off."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys

import pytest
from django.core import checks
from pytest_django import Settings

from tests.conftest import ROOT

ASK = """
import django, json
django.setup()
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from reservations import links
response = HttpResponse()
links.new_browser(response, "value")
links.mark_visitor(response)
request = HttpRequest()
get_token(request)
CsrfViewMiddleware(lambda r: response).process_response(request, response)
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.backends.signed_cookies import SessionStore
request.session = SessionStore()
request.session["a"] = 1
SessionMiddleware(lambda r: response).process_response(request, response)
gone = HttpResponse()
gone.delete_cookie(links.VISITOR, samesite="Lax")
print(json.dumps({
    "set": [morsel.OutputString() for morsel in response.cookies.values()],
    "gone": [morsel.OutputString() for morsel in gone.cookies.values()],
    "second": settings.SECOND_FACTOR,
}))
"""


def test_every_cookie_is_bound_to_the_host_and_to_https() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {
        "DJANGO_SETTINGS_MODULE": "restaurant_site.settings",
        "SITE_ENV": "production",
        "SITE_URL": "https://book.example.org",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "book.example.org",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp+tls://127.0.0.1:1",
        "EMAIL_FROM": "Tafel <book@example.org>",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    names = [line.partition("=")[0] for line in told["set"]]
    assert names == ["__Host-browser", "__Host-visitor", "__Host-csrftoken", "__Host-sessionid"]
    for line in told["set"]:
        parts = {part.strip().partition("=")[0].lower(): part.partition("=")[2] for part in line.split(";")[1:]}
        assert "secure" in parts
        assert parts["path"] == "/"
        assert parts["samesite"] == "Lax"
        assert "domain" not in parts
    # A browser deletes such a cookie over the same rules alone.
    assert "Secure" in told["gone"][0]
    assert told["second"] == "required"


@pytest.mark.parametrize(("value", "warnings"), [("required", []), ("off", ["restaurant_site.W004"])])
def test_deploying_without_the_second_factor_warns(settings: Settings, value: str, warnings: list[str]) -> None:
    settings.SECOND_FACTOR = value
    settings.OPERATOR = "Tafel GmbH"
    settings.OPERATOR_EMAIL = "privacy@example.org"
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    assert [found.id for found in found if (found.id or "").startswith("restaurant_site")] == warnings
