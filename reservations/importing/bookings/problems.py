"""Why a row is not brought over, in words for staff: what is wrong with it, or the rule that refused it."""

from __future__ import annotations

import enum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.engine.errors import Reason
from reservations.models import ImportRow
from reservations.reasons import staff_text


class Problem(enum.StrEnum):
    """What is wrong with a row itself; the first of them are no mistakes, and such a row is left out."""

    NOT_COMING = "not_coming"
    PAST = "in_the_past"
    TWICE = "twice"
    CELLS = "cells"
    DATE = "date"
    TIME = "time"
    CLOCKS = "clocks"
    PARTY = "party"
    NAME = "name"
    CONTACT = "contact"
    FORGOTTEN = "forgotten"
    ERASED = ImportRow.ERASED


LEFT_OUT = frozenset({Problem.NOT_COMING, Problem.PAST, Problem.TWICE})

_TEXTS: dict[Problem, Promise] = {
    Problem.NOT_COMING: gettext_lazy("Cancelled or not to come, by its status."),
    Problem.PAST: gettext_lazy("In the past."),
    Problem.TWICE: gettext_lazy("The same as another row."),
    Problem.CELLS: gettext_lazy("It has more cells than there are columns."),
    Problem.DATE: gettext_lazy("Its date can't be read."),
    Problem.TIME: gettext_lazy("Its time can't be read."),
    Problem.CLOCKS: gettext_lazy("The clocks go forward in that night and skip its time."),
    Problem.PARTY: gettext_lazy("Its party size is no number from 1 to 100."),
    Problem.NAME: gettext_lazy("It has no name."),
    Problem.CONTACT: gettext_lazy("It has neither an e-mail nor a phone by which a guest is known again."),
    Problem.FORGOTTEN: gettext_lazy("Not placed in time; what it said is forgotten."),
    Problem.ERASED: gettext_lazy("The guest was erased."),
}


def problem_text(code: str) -> str:
    """Return what staff are told for a problem or a rule's reason, in the active language; "" for none."""
    if code in list(Problem):
        return str(_TEXTS[Problem(code)])
    if code in list(Reason):
        return staff_text(code)
    return _("It could not be placed.") if code else ""
