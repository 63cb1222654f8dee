"""What is limited, and how: every limit of the site stands here, and docs/limits.md shows the same table.

The numbers are for an address behind which many people sit: a restaurant's own
Wi-Fi, an office, a mobile network's gateway. A person books with about ten
requests; a booking party of fifty people behind one address must not meet a
limit, and a script must meet one within a minute. Within a class the narrow
limits come first: a request that one refuses does not count for the others, so
that a flood from one address does not use up what a link may be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["address", "link", "email", "reference"]
"""What requests are counted by: the client's network, the link in the path, or what was typed into a field."""

Method = Literal["GET", "POST"]
"""GET stands for HEAD too."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in a sliding window, for each value of all parts together."""

    rate: str
    """As the limits library writes it: 60/minute."""
    per: tuple[Part, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of requests: which views, by which methods, and its limits."""

    name: str
    """As the log and the header RateLimit name it."""
    what: str
    views: frozenset[str]
    """Names of addresses, with their namespace."""
    methods: frozenset[Method]
    limits: tuple[Limit, ...]
    parameter: str = ""
    """Only requests with this parameter in their query count, if one is named."""


_READ: Final[frozenset[Method]] = frozenset({"GET"})
_WRITE: Final[frozenset[Method]] = frozenset({"POST"})

_BY_LINK: Final = frozenset(
    {
        "reservation",
        "cancel",
        "change",
        "tell",
        "say_coming",
        "say_late",
        "reduce_party",
        "waitlist_entry",
        "accept_offer",
        "leave_waitlist",
        "join_again",
        "request",
        "accept_proposal",
        "withdraw",
        "press",
        "withdraw_consent",
    }
)
_OF_HOLD: Final = frozenset({"details", "extend", "release", "write_again"})

OTHER: Final = Kind(
    "other",
    "every other form that is open to the public",
    frozenset(),
    _WRITE,
    (Limit("60/minute", ("address",), "No form is left out, a new one neither."),),
)
"""What a form of the public site without a class of its own counts as."""

KINDS: Final = (
    Kind(
        "sign-in",
        "signing in to the admin: passwords and codes",
        # Every page at which a password or a code may be guessed belongs here.
        frozenset({"admin:login", "admin:password_change", "second_step", "second_factor", "second_factor_set_up"}),
        _WRITE,
        (
            Limit(
                "30/minute",
                ("address",),
                "A shift signs in at once from one address; accounts are guarded one by one besides.",
            ),
        ),
    ),
    Kind(
        "forgotten-password",
        "asking for a new password",
        frozenset({"admin_password_reset"}),
        _WRITE,
        (
            Limit("5/hour", ("email",), "Each sends a mail: nobody's inbox is to be filled."),
            Limit("20/hour", ("address",), "A whole staff that was invited the same day."),
        ),
    ),
    Kind(
        "new-password",
        "setting a password by a link",
        frozenset({"password_reset_confirm"}),
        _READ | _WRITE,
        (
            Limit("20/minute", ("link", "address"), "Somebody whose password is refused several times."),
            Limit("60/minute", ("address",), "Links can't be tried out."),
        ),
    ),
    Kind(
        "hold",
        "holding a table",
        frozenset({"hold"}),
        _WRITE,
        (Limit("60/minute", ("address",), "Fifty people in one office when the bookings of a day open."),),
    ),
    Kind(
        "confirmation",
        "confirming, extending and giving back a hold",
        _OF_HOLD,
        _WRITE,
        (
            Limit("20/minute", ("link", "address"), "A form that is sent again after each of its errors."),
            Limit("60/minute", ("link",), "A hold belongs to one browser."),
            Limit("120/minute", ("address",), "Twice as many as may hold: some forms come back with an error."),
        ),
    ),
    Kind(
        "change",
        "changing or cancelling by a link, and answering offers and proposals",
        _BY_LINK,
        _WRITE,
        (
            Limit("20/minute", ("link", "address"), "A guest who tries other times."),
            Limit("60/minute", ("link",), "A party that shares its link."),
            Limit("120/minute", ("address",), "As many as confirm."),
        ),
    ),
    Kind(
        "link",
        "looking at a hold, a reservation, a waitlist entry or a request by its link",
        _BY_LINK | {"details", "hold_left"},
        _READ,
        (
            Limit("60/minute", ("link", "address"), "A page that is loaded again every second."),
            Limit("240/minute", ("link",), "A link that a large party shares, on the evening itself."),
            Limit("600/minute", ("address",), "References can't be tried out."),
        ),
    ),
    Kind(
        "waitlist",
        "joining a waitlist",
        frozenset({"waitlist"}),
        _WRITE,
        (Limit("30/minute", ("address",), "A queue at the door, on the restaurant's own Wi-Fi."),),
    ),
    Kind(
        "request",
        "asking for a table by a request",
        frozenset({"ask"}),
        _WRITE,
        (Limit("20/minute", ("address",), "Requests are for large parties, and staff answer each."),),
    ),
    Kind(
        "look-up",
        "having the link of a reservation sent again",
        frozenset({"find"}),
        _WRITE,
        (
            Limit("5/hour", ("email",), "Each may send a mail: nobody's inbox is to be filled."),
            Limit("10/hour", ("reference",), "A reference is not tried with address after address."),
            Limit("20/minute", ("address",), "References can't be tried out."),
        ),
    ),
    Kind(
        "times",
        "times of a date, days of a month, the forms that begin from them, and a browser's own reservations",
        frozenset({"times", "calendar", "waitlist", "ask", "find", "mine", "next_visit"}),
        _READ,
        (Limit("600/minute", ("address",), "Fifty people who look through dates, one every five seconds."),),
    ),
    Kind(
        "search",
        "searching restaurants by a name",
        frozenset({"home"}),
        _READ,
        (Limit("120/minute", ("address",), "Each search is made anew, where every other page comes from the cache."),),
        parameter="q",
    ),
)


def kind_of(view: str, method: str, query: Mapping[str, str], *, is_staff_page: bool) -> Kind | None:
    """Return the class of a request by the name of its address, or None where it is not limited.

    A page of staff's is limited where it stands in the table alone: everything
    else there asks who signs in first.
    """
    asked = "GET" if method in ("GET", "HEAD") else method
    for kind in KINDS:
        if view in kind.views and asked in kind.methods and (not kind.parameter or kind.parameter in query):
            return kind
    return None if asked != "POST" or is_staff_page else OTHER
