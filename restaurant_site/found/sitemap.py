"""The sitemap (sitemaps.org): every page for everybody, and of each the same page in the other languages."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from reservations import cached
from restaurant_site.caching.public import public_page
from restaurant_site.found.addresses import X_DEFAULT, Alternate, alternates

_OF_RESTAURANT = ("restaurant", "menu")
_OF_SITE = ("home", "privacy")


@require_safe
@public_page(seconds=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the parts of the sitemap, each with the pages of `SITEMAP_PART` restaurants."""
    addresses = [
        request.build_absolute_uri(reverse("sitemap_part", kwargs={"part": part}))
        for part in range(1, cached.parts() + 1)
    ]
    return render(request, "sitemap.xml", {"addresses": addresses}, content_type="application/xml")


@require_safe
@public_page(seconds=3600)
def sitemap_part(request: HttpRequest, part: int) -> HttpResponse:
    """List the pages of one part of the restaurants in every language, and in the first part those of the site.

    The addresses are those of the host that is asked: a sitemap speaks for no other.
    """
    if request.path != reverse("sitemap_part", kwargs={"part": part}):
        # With zeros before it a number has endlessly many addresses.
        raise Http404
    slugs = cached.slugs(part) if 1 <= part <= cached.parts() else []
    if not slugs and part != 1:
        raise Http404
    context = {"pages": list(_pages(slugs, part)), "host": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "sitemap_part.xml", context, content_type="application/xml")


def _pages(slugs: list[str], part: int) -> Iterator[tuple[str, list[Alternate]]]:
    """Yield each page's path with its alternates; one in several languages comes once in each."""
    found = [alternates(name) for name in _OF_SITE if part == 1]
    found += [alternates(name, slug=slug) for slug in slugs for name in _OF_RESTAURANT]
    for languages in found:
        yield from ((page.path, languages) for page in languages if page.code != X_DEFAULT)
