"""The site's addresses, and public pages that do what a public page must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.csrf import ensure_csrf_cookie

from reservations.models import Restaurant
from restaurant_site.caching.public import public_page
from restaurant_site.caching.stamps import do_not_store
from restaurant_site.urls import handler400, handler403, handler404, handler500
from restaurant_site.urls import urlpatterns as site_patterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

HTML = "text/html; charset=utf-8"


def said(text: str, **headers: str) -> HttpResponse:
    """Return a page with these headers; underscores stand for hyphens."""
    response = HttpResponse(f"<p>{text}</p>", content_type=HTML)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def visit(request: HttpRequest) -> HttpResponse:
    """Count the visits of a browser in its session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return said(f"visit {request.session['visits']}")


def told(request: HttpRequest) -> HttpResponse:
    """Leave a message for the next page."""
    messages.info(request, "yours alone")
    return said("told")


def rendered(text: str, request: HttpRequest) -> HttpResponse:
    """Render a template with the site's context processors."""
    return said(engines["django"].from_string(text).render({}, request))


def later(request: HttpRequest) -> TemplateResponse:
    """Use the user in a template that is rendered once the view is through."""
    return TemplateResponse(request, engines["django"].from_string("<p>{{ user.is_authenticated }}</p>"))


def streamed(request: HttpRequest) -> HttpResponseBase:
    """Read the database while the answer is sent, when no view runs any more."""

    def rows() -> Iterator[str]:
        yield f"<p>{Restaurant.objects.count()} restaurants</p>"

    return StreamingHttpResponse(rows(), content_type=HTML)


TOUCHING: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "reads-session": lambda r: said(str(r.session.get("name", "nobody"))),
    "has-session": lambda r: said(str("name" in r.session)),
    "counts-session": lambda r: said(str(len(r.session.keys()))),
    "session-key": lambda r: said(str(r.session.session_key)),
    "writes-session": visit,
    "reads-user": lambda r: said(str(r.user)),
    "asks-user": lambda r: said("in" if r.user.is_authenticated else "out"),
    "template-user": lambda r: rendered("{{ user.email }}", r),
    "template-perms": lambda r: rendered("{% if perms.menus %}staff{% endif %}", r),
    "csrf-token": lambda r: said(get_token(r)),
    "csrf-field": lambda r: rendered("<form>{% csrf_token %}</form>", r),
    "reads-cookie": lambda r: said(r.COOKIES.get("name", "nobody")),
    "has-cookie": lambda r: said(str("name" in r.COOKIES)),
    "signed-cookie": lambda r: said(str(r.get_signed_cookie("name", "nobody"))),
    "writes-message": told,
    "reads-messages": lambda r: rendered("{% for one in messages %}{{ one }}{% endfor %}", r),
    "database": lambda _r: said(f"{Restaurant.objects.count()} restaurants"),
    "template-later": later,
    "streamed": streamed,
    "odd-and-own": lambda r: odd_and_own(r),
}
"""Views that use what is one visitor's, or read the database past the cache."""


def odd_and_own(request: HttpRequest) -> HttpResponse:
    """Use a cookie where the page is not stored for another reason."""
    do_not_store("an odd spelling")
    return said(request.COOKIES.get("name", "nobody"))


@ensure_csrf_cookie
@public_page()
def missing(_request: HttpRequest) -> HttpResponse:
    """Answer 404 where what is around the view sets the visitor's cookie."""
    return HttpResponse("missing", status=404)


def with_cookie(response: HttpResponse) -> HttpResponse:
    """Set a cookie."""
    response.set_cookie("seen", "1")
    return response


ANSWERS: dict[str, Callable[[], HttpResponseBase]] = {
    "a cookie": lambda: with_cookie(said("x")),
    "vary by everything": lambda: said("x", Vary="*"),
    "vary by everything, padded": lambda: said("x", Vary=" * "),
    "vary by everything, last": lambda: said("x", Vary="Accept-Encoding, *"),
    "vary by cookies": lambda: said("x", Vary="Cookie"),
    "vary by cookies, padded": lambda: said("x", Vary="Accept-Encoding ,  cookie\t"),
    "vary by cookies, in capitals": lambda: said("x", VARY="COOKIE"),
    "vary by a language": lambda: said("x", Vary="Accept-Language"),
    "private": lambda: said("x", Cache_Control="private"),
    "Private": lambda: said("x", Cache_Control="Private"),
    "PRIVATE, after others": lambda: said("x", Cache_Control="max-age=60 , PRIVATE"),
    "private, of one field": lambda: said("x", Cache_Control='max-age=60, Private="Set-Cookie"'),
    "no-store": lambda: said("x", Cache_Control="no-store"),
    "NO-STORE": lambda: said("x", CACHE_CONTROL="NO-STORE"),
    "No-Store, padded": lambda: said("x", Cache_Control="max-age=60,\t No-Store "),
    "a nonce": lambda: said("x", Content_Security_Policy="script-src 'nonce-abc'"),
    "a Nonce": lambda: said("x", Content_Security_Policy="script-src 'self' 'Nonce-abc'"),
    "a nonce that is only reported": lambda: said("x", Content_Security_Policy_Report_Only="script-src 'nonce-abc'"),
    "another encoding": lambda: said("x", Content_Encoding="br"),
    "a download": lambda: HttpResponse(b"x", content_type="application/octet-stream"),
    "no type": lambda: said("x", Content_Type=""),
    "JSON": lambda: HttpResponse(b"{}", content_type="application/json"),
    "not found": lambda: HttpResponse("x", status=404),
    "created": lambda: HttpResponse("x", status=201),
    "a part": lambda: HttpResponse("x", status=206),
    "moved": lambda: HttpResponse("x", status=301, headers={"Location": "/"}),
    "unchanged": lambda: HttpResponse(status=304),
    "an error": lambda: HttpResponse("x", status=503),
    "far too much": lambda: said("x" * (3 * 1024 * 1024)),
}
"""Answers that are nobody else's."""


@public_page()
def touching(request: HttpRequest, name: str) -> HttpResponse:
    """Do one of `TOUCHING`."""
    return cast("HttpResponse", TOUCHING[name](request))


@public_page()
def answering(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with one of `ANSWERS`."""
    return cast("HttpResponse", ANSWERS[name]())


@ensure_csrf_cookie
@public_page()
def around(request: HttpRequest) -> HttpResponse:
    """Say nothing of anybody; what is around the view sets the visitor's cookie."""
    return said("around")


@public_page("city")
def echo(request: HttpRequest, text: str) -> HttpResponse:
    """Say what the address says."""
    return said(f"{text!r} and {request.GET.get('city')!r}")


@public_page()
def seen(request: HttpRequest) -> HttpResponse:
    """Say all that a public view can see of a request."""
    return said(" ".join(f"{name}={value}" for name, value in sorted(request.headers.items())))


def private(request: HttpRequest) -> HttpResponse:
    """Answer somebody, with a page that is not public."""
    return said(request.COOKIES.get("name", "nobody"))


urlpatterns = [
    path("odd/touching/<slug:name>/", touching),
    path("odd/answering/<str:name>/", answering),
    path("odd/around/", around),
    path("odd/missing/", missing),
    path("odd/echo/<str:text>", echo),
    path("odd/seen/", seen),
    path("odd/private/", private),
    *site_patterns,
]
