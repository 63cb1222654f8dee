"""A draft and a private restaurant, through the page cache of two workers: nobody sees them without the link."""

from __future__ import annotations

import pytest

from reservations.models import Reservation, Restaurant
from reservations.models.venue import new_link_key
from tests import factories as make
from tests.caching.asking import both_workers
from tests.conftest import Site
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = ("/", "/de/", "/?city=Nowhere", "/sitemap-1.xml")


def show(place: Restaurant, *, public: bool = False, key: str = "") -> Restaurant:
    place.is_published, place.link_key = public, key
    place.save()
    return place


def pages(address: str) -> list[str]:
    return [f"/restaurants/{address}/", f"/restaurants/{address}/menu/", f"/de/restaurants/{address}/"]


def test_the_link_shows_what_the_slug_does_not_and_dies_with_its_key(site: Site) -> None:
    make.make_venue(name="Elsewhere", slug="elsewhere")
    make.make_venue(name="Next door", slug="next-door")
    place = make.make_venue(name="Secret supper", slug="secret", city="Nowhere", tables=[2])
    make.make_menu(place, dishes=["Soup"])
    with both_workers(site) as workers:

        def statuses(address: str) -> set[int]:
            return {worker.get(path).status for worker in workers for path in pages(address) for _twice in range(2)}

        def is_listed() -> bool:
            found = {"secret" in worker.get(path).body.decode() for worker in workers for path in LISTS}
            assert len(found) == 1
            return found.pop()

        # Public first: what was cached then must not outlive it.
        assert statuses("secret") == {200}
        assert is_listed()

        first = new_link_key()
        show(place, key=first)
        assert statuses("secret") == {404}
        assert not is_listed()
        assert statuses(f"secret_{first}") == {200}
        answer = workers[0].get(pages(f"secret_{first}")[0])
        assert answer.how == "hit"
        assert dict(answer.headers)["X-Robots-Tag"] == "noindex, nofollow"
        assert 'name="robots" content="noindex' in answer.body.decode()
        for wrong in ("secret_", f"secret_{first}x", f"secret_{first[:-1]}", f"secret_{new_link_key()}"):
            assert statuses(wrong) == {404}, wrong
        assert statuses(f"elsewhere_{first}") == {404}

        # Another link: the first is dead at once.
        second = new_link_key()
        show(place, key=second)
        assert statuses(f"secret_{first}") == {404}
        assert statuses(f"secret_{second}") == {200}

        # A draft has no address at all, whatever was cached.
        show(place)
        for address in ("secret", f"secret_{first}", f"secret_{second}", "secret_"):
            assert statuses(address) == {404}, address
        assert not is_listed()

        # Public: listed, and who had the link is led to the page.
        show(place, public=True, key=second)
        assert statuses("secret") == {200}
        assert is_listed()
        answer = workers[0].get(pages(f"secret_{second}")[0])
        assert (answer.status, dict(answer.headers)["Location"]) == (302, "/restaurants/secret/")
        assert "X-Robots-Tag" not in dict(workers[0].get(pages("secret")[0]).headers)


def test_a_diner_with_the_link_books_and_finds_the_way_back_whatever_becomes_of_it() -> None:
    place = show(make.make_venue(tables=[2], slug="secret"), key=new_link_key())
    diner = Diner(place)
    address, page = diner.book()
    assert Reservation.objects.get().status == Reservation.Status.CONFIRMED
    assert place.link_key in next(link for name, link in page.links.items() if name == place.name)
    # Without the key nothing can be asked or held, not even by a form that is sent without its page.
    plain = Diner(place)
    plain.base = "/restaurants/secret"
    assert plain.ask().status_code == 404
    for name in ("hold", "waitlist", "request"):
        assert plain.client.post(f"{plain.base}/{name}/", {}).status_code == 404
    # The reservation's own link goes on leading to it.
    for state in ({"key": new_link_key()}, {}, {"public": True}):
        show(place, **state)
        assert diner.client.get(address).status_code == 200
