"""What a link shows where it is shared: the restaurant's photo, or a picture that is drawn for it."""

from __future__ import annotations

from django.templatetags.static import static
from django.urls import reverse

from reservations.queries.venue import Place
from restaurant_site.caching.reads import cached
from restaurant_site.found import picture
from restaurant_site.found.addresses import absolute
from restaurant_site.photos.photo import address as photo_address
from restaurant_site.schema_org import Thing, thing

STATIC = "img/card.png"
"""The picture of the site's own pages."""


@cached(tags=lambda seed, accent, name, city: (), seconds=3600)
def _drawn(seed: str, accent: str, name: str, city: str) -> bytes:
    """Return a picture as PNG; see `picture.draw`. It follows from its arguments alone, and so depends on no row."""
    return picture.draw(seed, accent, name, city)


def drawn(place: Place) -> bytes:
    """Return the picture of a restaurant as PNG, from the cache where it was drawn before."""
    return _drawn(place.slug, place.accent, place.name, place.city)


def digest_of(place: Place) -> str:
    """Return what stands in the address of a restaurant's picture: another picture has another address."""
    return picture.digest(place.slug, place.accent, place.name, place.city)


def picture_path(place: Place) -> str:
    """Return the path of the picture that is drawn for a restaurant."""
    return reverse("picture", kwargs={"slug": place.slug, "digest": digest_of(place)})


def picture_of(place: Place | None) -> Thing:
    """Return a restaurant's photo, else its drawn picture, or the site's own for None: address, width and height."""
    if place is None:
        return _image(static(STATIC), picture.WIDTH, picture.HEIGHT)
    if place.photo:
        photo = place.photo
        return _image(photo_address(photo.name, photo.width), photo.width, photo.height)
    return _image(picture_path(place), picture.WIDTH, picture.HEIGHT)


def _image(path: str, width: int, height: int) -> Thing:
    return thing("ImageObject", url=absolute(path), width=width, height=height)
