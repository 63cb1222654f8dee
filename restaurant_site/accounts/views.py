"""Pages of the second factor in the look of the admin: the second step, setting up a phone, and what else may be done.

Recovery codes are in the answer to the form that made them, and nowhere else.
"""

from __future__ import annotations

import io
from typing import Any, Final

import segno
from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from reservations import access
from reservations.models import User
from restaurant_site.accounts import codes
from restaurant_site.accounts.forms import CodeForm, SetUpForm

SHOWN_FOR: Final = 60 * 60
"""Seconds for which a page with a new key may lie open."""

_SALT: Final = "restaurant_site.accounts.key"


@sensitive_post_parameters()
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code after the password."""
    user, onward = _user(request), _next(request)
    if not codes.is_on() or codes.has_passed(request) or not user.has_codes:
        return HttpResponseRedirect(onward)
    form = CodeForm(request.POST or None)
    status, wait = 200, 0
    if request.method == "POST" and form.is_valid():
        verdict = _checked(form, "code", user)
        if verdict.is_right:
            codes.pass_on(request)
            return HttpResponseRedirect(onward)
        status, wait = 200 if verdict.was_seen else 429, verdict.wait
    response = _page(request, "code.html", _("One more step"), {"form": form, "next": onward}, status)
    if status == 429:
        response["Retry-After"] = str(wait)
    return response


@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show what the user signs in with; by POST give new recovery codes, or take the phone off."""
    user = _user(request)
    form = CodeForm(request.POST or None)
    may_remove = not (codes.is_on() and access.needs_codes(user))
    if request.method == "POST" and user.has_codes and form.is_valid() and _checked(form, "code", user).is_right:
        if request.POST.get("act") == "recovery":
            return _shown_once(request, codes.renew_recovery_codes(user=user), reverse("second_factor"))
        if request.POST.get("act") == "remove" and may_remove:
            codes.remove(user=user)
            codes.keep_session(request, user)
            messages.success(request, _("From now on you sign in with your password alone."))
        return HttpResponseRedirect(reverse("second_factor"))
    left = codes.recovery_codes_left(user) if user.has_codes else 0
    lines = ngettext("%(count)d recovery code is left.", "%(count)d recovery codes are left.", left) % {"count": left}
    context = {"form": form, "has_codes": user.has_codes, "left": lines, "may_remove": may_remove}
    return _page(request, "codes.html", _("Codes for signing in"), context)


@sensitive_post_parameters()
def set_up(request: HttpRequest) -> HttpResponse:
    """Show a new key, and take it up once the phone shows a code of it."""
    user, onward = _user(request), _next(request)
    replaces = user.has_codes
    if request.method == "POST":
        form = SetUpForm(request.POST, replaces=replaces)
        key = _key_of(form, user)
        if key and form.is_valid() and _is_proved(form, user, key):
            found = codes.set_up(user=user, key=key, code=form.cleaned_data["code"])
            codes.keep_session(request, user)
            return _shown_once(request, found, onward)
    if request.method != "POST" or not key:
        late = request.method == "POST"
        key = codes.new_key()
        shown = signing.dumps({"user": user.pk, "key": key}, salt=_SALT)
        form = SetUpForm(replaces=replaces, initial={"key": shown})
        if late:
            messages.error(request, _("The page was open for too long. Here is a new picture: read it, please."))
    context = {
        "form": form,
        "next": onward,
        "picture": _picture(codes.address_of(user, key)),
        "address": codes.address_of(user, key),
        "key": codes.readable_key(key),
        "is_required": codes.is_on() and access.needs_codes(user),
        "replaces": replaces,
    }
    title = _("Another phone for your codes") if replaces else _("Set up codes for signing in")
    return _page(request, "set_up.html", title, context)


def urls() -> list[URLPattern]:
    """Return the addresses; they stand ahead of the admin's own, which end in one that takes everything."""
    views = {
        "code/": (second_step, "second_step"),
        "codes/": (second_factor, "second_factor"),
        "codes/set-up/": (set_up, "second_factor_set_up"),
    }
    methods = require_http_methods(["GET", "HEAD", "POST"])
    return [
        path(f"admin/{route}", admin.site.admin_view(methods(view)), name=name) for route, (view, name) in views.items()
    ]


def _user(request: HttpRequest) -> User:
    # Not the lazy one of the request: it is changed here, and kept.
    return User.objects.get(pk=request.user.pk or 0)


def _checked(form: forms.Form, field: str, user: User) -> codes.Verdict:
    """Use up a code that was typed, and say in the form why it was not taken."""
    verdict = codes.verify(user=user, typed=form.cleaned_data[field])
    if not verdict.is_right:
        form.add_error(field, _("This code was not taken: it is wrong, or was used before."))
        if verdict.wait:
            text = ngettext(
                "The next one is looked at in a second.",
                "The next one is looked at in %(count)d seconds.",
                verdict.wait,
            )
            form.add_error(field, text % {"count": verdict.wait})
    return verdict


def _is_proved(form: SetUpForm, user: User, key: str) -> bool:
    """Return whether the new phone shows the right code, and where there is another one, a code of that was typed."""
    if not codes.shows(key, form.cleaned_data["code"]):
        form.add_error("code", _("The app shows another code. Does the phone's clock go right?"))
        return False
    return not user.has_codes or _checked(form, "current", user).is_right


def _key_of(form: SetUpForm, user: User) -> str:
    """Return the key that this site showed this user, or "" where it did not, or too long ago."""
    try:
        shown = signing.loads(form.data.get("key", ""), salt=_SALT, max_age=SHOWN_FOR)
    except signing.BadSignature:
        return ""
    return str(shown["key"]) if shown["user"] == user.pk else ""


def _picture(address: str) -> SafeString:
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", light="#fff", omitsize=True, xmldecl=False, svgns=False, nl=False
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 - squares alone: the address is drawn, not written


def _next(request: HttpRequest) -> str:
    where = request.POST.get("next") or request.GET.get("next") or ""
    is_here = url_has_allowed_host_and_scheme(where, {request.get_host()}, require_https=request.is_secure())
    return where if is_here else reverse("admin:index")


def _shown_once(request: HttpRequest, found: list[str], onward: str) -> HttpResponse:
    return _page(request, "recovery.html", _("Your recovery codes"), {"recovery_codes": found, "next": onward})


def _page(request: HttpRequest, template: str, title: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return a page; before the second step it has nothing of the admin but its head."""
    is_inside = not codes.is_on() or codes.has_passed(request) or not _has_a_step_left(request)
    site = admin.site
    head = {"site_title": site.site_title, "site_header": site.site_header, "has_permission": False}
    around = site.each_context(request) if is_inside else head
    return TemplateResponse(request, f"admin/accounts/{template}", {**around, "title": title, **context}, status=status)


def _has_a_step_left(request: HttpRequest) -> bool:
    return getattr(request.user, "has_codes", False) or codes.must_set_up(request.user)
