"""A booking form as Django comes: two valid forms, a redirect each, or a page of refusal; no database and no cache.

What the evening of `contended.py` is compared with, so that the machine's speed cancels out.
"""

from __future__ import annotations

import secrets

from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY=secrets.token_hex(),
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
)

PAGE = """<!doctype html><title>{{ slug }}</title><form method="post">{% csrf_token %}{{ form.as_p }}
{% for time in times %}<button name="start" value="{{ time }}">{{ time }}</button>{% endfor %}</form>"""


class WishForm(forms.Form):
    """What a diner wants."""

    key = forms.SlugField()
    date = forms.DateField()
    party = forms.IntegerField(min_value=1, max_value=8)
    start = forms.CharField()


class DetailsForm(forms.Form):
    """Who comes."""

    name = forms.CharField(max_length=100)
    email = forms.EmailField()
    phone = forms.CharField(max_length=30)


def hold(request: HttpRequest, slug: str) -> HttpResponse:
    """Hold nothing at any restaurant; every second attempt is refused."""
    form = WishForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    if int(form.cleaned_data["key"].split("-")[1]) % 2:
        times = [f"{hour}:{minute:02}" for hour in range(18, 23) for minute in (0, 30)]
        page = engines["django"].from_string(PAGE).render({"form": form, "slug": slug, "times": times}, request)
        return HttpResponse(page, status=409)
    return redirect("/details/")


def details(request: HttpRequest) -> HttpResponse:
    """Confirm nothing."""
    return redirect("/done/") if DetailsForm(request.POST).is_valid() else HttpResponse(status=400)


def health(_request: HttpRequest) -> HttpResponse:
    """Say that it serves."""
    return HttpResponse()


urlpatterns = [path("healthz", health), path("restaurants/<slug:slug>/hold/", hold), path("details/", details)]

application = get_wsgi_application()
